// Carries one of the sample briefs to a live application on the local cloud, with no keys and no network.
// `--brief N` chooses the sample (1, 2 or 3; default 1); other flags are those of `orchestrator run`.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const demoDir = join(root, '.demo');
const stateDir = join(demoDir, 'state');
const samplesDir = join(root, 'dist', 'samples');

/** Takes `--name value` or `--name=value` out of the arguments. */
function takeOption(args, name) {
  const index = args.findIndex((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`));
  if (index < 0) return undefined;
  const inline = args[index].slice(name.length + 3);
  if (args[index].includes('=')) {
    args.splice(index, 1);
    return inline;
  }
  return args.splice(index, 2)[1] ?? '';
}

function takeFlag(args, name) {
  const index = args.indexOf(`--${name}`);
  if (index >= 0) args.splice(index, 1);
  return index >= 0;
}

function listSamples() {
  if (!existsSync(samplesDir)) return [];
  return readdirSync(samplesDir)
    .filter((folder) => /^\d+-/.test(folder) && existsSync(join(samplesDir, folder, 'brief.yaml')))
    .map((folder) => {
      const path = join(samplesDir, folder, 'brief.yaml');
      const name = /^name:\s*["']?(.+?)["']?\s*$/m.exec(readFileSync(path, 'utf8'))?.[1] ?? folder;
      return { number: folder.split('-')[0], name, path };
    })
    .sort((a, b) => Number(a.number) - Number(b.number));
}

/** A recording fits an empty folder only, so every demo has one of its own. */
function newWorkspace(number) {
  const stamp = new Date().toISOString().slice(0, 23).replace(/[-:.]/g, '').replace('T', '-');
  const dir = join(demoDir, 'workspaces', `${number}-${stamp}`);
  mkdirSync(dir, { recursive: true });
  return dir;
}

/** Without the person's own configuration: the demo never calls a real system. */
function demoEnvironment() {
  const own = /^(XAI|ANTHROPIC|APPWRITE|ORCHESTRATOR_RECORDS)_|^GITHUB_(TOKEN|API_URL)$/;
  const kept = Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
  return { ...kept, ORCHESTRATOR_HOME: stateDir };
}

const args = process.argv.slice(2);
const number = takeOption(args, 'brief') ?? '1';
takeFlag(args, 'yes');
const samples = listSamples();
const sample = samples.find((candidate) => candidate.number === number);

if (sample === undefined) {
  const list = samples.map((candidate) => `  ${candidate.number}  ${candidate.name}`).join('\n');
  console.error(
    `There is no sample brief "${number}". Choose one with --brief:\n${list || '  (none: run npm run build)'}`,
  );
  process.exitCode = 2;
} else {
  const workspace = newWorkspace(sample.number);
  console.error(`Demo ${sample.number}: ${sample.name}`);
  console.error(`brief      ${relative(root, sample.path)}\nworkspace  ${relative(root, workspace)}\n`);
  const program = join(root, 'bin', 'orchestrator.mjs');
  const child = spawn(
    process.execPath,
    [program, 'run', sample.path, '--local', '--yes', '--workspace', workspace, ...args],
    { stdio: 'inherit', env: demoEnvironment(), cwd: root },
  );
  // Ctrl-C reaches the child too; it stops the run and says how to go on.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('error', (error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
  child.on('exit', (code) => {
    const home = `ORCHESTRATOR_HOME="${stateDir}"`;
    console.error(
      '\nThe local cloud keeps running for 30 minutes without a request, so that the application can be opened.' +
        `\nStop it with:           ${home} npm run -s orchestrator -- local stop` +
        `\nOther commands on this run need the same setting, such as: ${home} npm run -s orchestrator -- show last`,
    );
    process.exitCode = code ?? 1;
  });
}
