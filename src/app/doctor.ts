import { execFile } from 'node:child_process';
import { access, constants, statfs } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { probeSandbox } from '../adapters/checks/sandbox.ts';
import { gitVersion, MINIMUM_GIT_VERSION } from '../adapters/git/git-version.ts';
import { toAppError } from '../protocol/errors.ts';
import { DEFAULTS_SOURCE, readSettings, type Settings, type SettingsReading, type SettingsSource } from './config.ts';
import { CONFIG_FILE_NAME } from './config-file.ts';
import { listProblems } from './located.ts';
import { recordsDiagnosis } from './records-diagnosis.ts';

export interface Diagnosis {
  name: string;
  /** `warning`: runs work, with less; `missing`: a run would fail. */
  state: 'ok' | 'warning' | 'missing';
  /** What there is. Never the value of a key. */
  found: string;
  /** What to do; empty when nothing is to be done. */
  fix: string;
}

const MINIMUM_NODE_VERSION = '22.14';
const MINIMUM_FREE_BYTES = 1_000_000_000;
const COMMAND_LIMIT_MS = 10_000;

const ok = (name: string, found: string): Diagnosis => ({ name, state: 'ok', found, fix: '' });
const warning = (name: string, found: string, fix: string): Diagnosis => ({ name, state: 'warning', found, fix });
const missing = (name: string, found: string, fix: string): Diagnosis => ({ name, state: 'missing', found, fix });

/** Looks at everything a run needs on this machine. Of outside systems it asks the database of the shared records only, when there is a key for it. */
export async function diagnose(source: SettingsSource): Promise<Diagnosis[]> {
  const reading = readSettings(source);
  const { settings } = reading;
  const parts = await Promise.all([
    nodeDiagnosis(),
    ...(settings.nodePath === null ? [] : [commandNodeDiagnosis(settings.nodePath)]),
    npmDiagnosis(settings.nodePath ?? process.execPath),
    gitDiagnosis(),
    gitBackendDiagnosis(),
    ...configurationDiagnoses(reading),
    ...keyDiagnoses(settings),
    recordsDiagnosis(settings),
    sandboxDiagnosis(settings),
    diskDiagnosis(settings.stateDir),
    workspaceDiagnosis(settings.workspaceDir),
  ]);
  return parts;
}

/** Compares dotted numbers. */
export function isAtLeast(version: string, minimum: string): boolean {
  const parts = version.split('.').map(Number);
  for (const [index, wanted] of minimum.split('.').map(Number).entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}

async function nodeDiagnosis(): Promise<Diagnosis> {
  const version = process.versions.node;
  const hasSqlite = await import('node:sqlite').then(
    () => true,
    () => false,
  );
  if (isAtLeast(version, MINIMUM_NODE_VERSION) && hasSqlite) return ok('Node', `${version}, with node:sqlite`);
  const found = `${version}${hasSqlite ? '' : ', without node:sqlite'}`;
  return missing('Node', found, `Install Node ${MINIMUM_NODE_VERSION} or newer.`);
}

/** The Node that a client names for commands, since it is none itself. */
async function commandNodeDiagnosis(nodePath: string): Promise<Diagnosis> {
  const name = 'Node for commands';
  try {
    const { stdout } = await promisify(execFile)(nodePath, ['--version'], { timeout: COMMAND_LIMIT_MS });
    return ok(name, `${stdout.trim()} at ${nodePath}`);
  } catch {
    return missing(name, `${nodePath} does not run`, 'Install Node, or correct the path to it in the settings.');
  }
}

/** As commands find it: beside their Node, or on the PATH. */
async function npmDiagnosis(nodePath: string): Promise<Diagnosis> {
  const env = { ...process.env, PATH: `${dirname(nodePath)}${delimiter}${process.env.PATH ?? ''}` };
  // On Windows npm is a script that only a shell starts.
  const options = { timeout: COMMAND_LIMIT_MS, env, shell: process.platform === 'win32' };
  try {
    const { stdout } = await promisify(execFile)('npm', ['--version'], options);
    return ok('npm', stdout.trim());
  } catch {
    const fix = 'Checks such as "npm test" need it: install Node together with npm, or put npm on the PATH.';
    return warning('npm', 'not found', fix);
  }
}

async function gitDiagnosis(): Promise<Diagnosis> {
  const fix = `Install git ${MINIMUM_GIT_VERSION} or newer and put it on the PATH.`;
  try {
    const version = await gitVersion();
    return isAtLeast(version, MINIMUM_GIT_VERSION) ? ok('git', version) : missing('git', version, fix);
  } catch (thrown) {
    return missing('git', toAppError(thrown).userMessage, fix);
  }
}

async function gitBackendDiagnosis(): Promise<Diagnosis> {
  const name = 'git http-backend';
  try {
    const { stdout } = await promisify(execFile)('git', ['--exec-path'], { timeout: COMMAND_LIMIT_MS });
    const suffix = process.platform === 'win32' ? '.exe' : '';
    await access(join(stdout.trim(), `git-http-backend${suffix}`), constants.X_OK);
    return ok(name, 'present');
  } catch {
    const fix = 'Only --local needs it: install the complete git package of your system.';
    return warning(name, 'not found', fix);
  }
}

function configurationDiagnoses({ settings, problems }: SettingsReading): Diagnosis[] {
  const inFile = problems.filter(({ source }) => source !== '' && source !== DEFAULTS_SOURCE);
  const inDefaults = problems.filter(({ source }) => source === DEFAULTS_SOURCE);
  const elsewhere = problems.filter(({ source }) => source === '');
  const list = (some: typeof problems) => some.map(({ source, problem }) => listProblems(source, [problem])).join('; ');
  const file =
    inFile.length > 0
      ? missing('configuration file', list(inFile), `Correct ${CONFIG_FILE_NAME}; nothing starts before it is right.`)
      : ok('configuration file', settings.configFile ?? `none (${CONFIG_FILE_NAME} is optional)`);
  const environment =
    elsewhere.length > 0
      ? missing('environment', list(elsewhere), 'Correct or unset these variables; nothing starts before.')
      : ok('environment', `addresses are valid; state folder ${settings.stateDir}`);
  if (inDefaults.length === 0) return [file, environment];
  return [file, missing('settings', list(inDefaults), 'Correct these settings; nothing starts before.'), environment];
}

function keyDiagnoses(settings: Settings): Diagnosis[] {
  const { models, github, appwrite } = settings;
  const key = (name: string, value: string | null, where: string) =>
    value === null
      ? warning(name, `not set (for ${where})`, `Set ${name}, or use --local: the local cloud stands in for it.`)
      : ok(name, `set (for ${where})`);
  return [
    models.lead.provider === 'editor'
      ? ok('lead model', `${models.lead.model}, of the editor`)
      : key('XAI_API_KEY', models.lead.apiKey, models.lead.baseUrl),
    models.agent.provider === 'editor'
      ? ok('agent model', `${models.agent.model}, of the editor`)
      : key('ANTHROPIC_API_KEY', models.agent.apiKey, models.agent.baseUrl),
    key('GITHUB_TOKEN', github.token, github.apiUrl),
    key('APPWRITE_PROJECT_ID', appwrite.projectId, appwrite.endpoint),
    key('APPWRITE_API_KEY', appwrite.apiKey, appwrite.endpoint),
  ];
}

async function sandboxDiagnosis(settings: Settings): Promise<Diagnosis> {
  const { mode } = settings.sandbox;
  const name = 'command sandbox';
  if (mode === 'off') return warning(name, 'switched off', `Set sandbox.mode to "auto" in ${CONFIG_FILE_NAME}.`);
  const { kind, detail } = await probeSandbox(settings.nodePath ?? undefined);
  if (kind === 'bwrap') return ok(name, detail);
  const fix = 'Install bubblewrap (Linux) and allow unprivileged user namespaces; until then commands run unconfined.';
  return mode === 'required' ? missing(name, detail, fix) : warning(name, detail, fix);
}

async function diskDiagnosis(stateDir: string): Promise<Diagnosis> {
  const name = 'free disk space';
  try {
    const { bavail, bsize } = await statfs(stateDir);
    const freeBytes = bavail * bsize;
    const found = `${(freeBytes / 1e9).toFixed(1)} GB at ${stateDir}`;
    if (freeBytes >= MINIMUM_FREE_BYTES) return ok(name, found);
    return missing(name, found, 'Free at least 1 GB, or move ORCHESTRATOR_HOME to another disk.');
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return missing(name, reason, 'Set ORCHESTRATOR_HOME to a folder that can be made and written.');
  }
}

async function workspaceDiagnosis(workspaceDir: string): Promise<Diagnosis> {
  const name = 'workspace';
  const dir = resolve(workspaceDir);
  const git = (...args: string[]) =>
    promisify(execFile)('git', ['-C', dir, ...args], {
      timeout: COMMAND_LIMIT_MS,
      maxBuffer: 16_000_000,
      env: { ...process.env, GIT_OPTIONAL_LOCKS: '0' },
    });
  try {
    await git('rev-parse', '--show-toplevel');
  } catch {
    const fix =
      'An empty folder becomes a repository by itself; in one with files run: git init && git add -A && git commit';
    return warning(name, `${dir} is not a git repository`, fix);
  }
  try {
    const { stdout } = await git('status', '--porcelain', '-z');
    const count = stdout.split('\0').filter((entry) => entry !== '').length;
    if (count === 0) return ok(name, `${dir}, clean`);
    const found = `${dir} has ${count} uncommitted ${count === 1 ? 'change' : 'changes'}`;
    return warning(name, found, 'They stay untouched and out of the run; commit what the agents should see.');
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return missing(name, `git status fails in ${dir}: ${reason}`, 'Repair the repository.');
  }
}
