// The door of every npm script. Runs on Node 20 with nothing installed: installs what the lock file names when it is
// missing or old, then goes on with the pinned Node of node_modules.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isWindows = process.platform === 'win32';
const pinnedNode = join(root, 'node_modules', 'node', 'bin', isWindows ? 'node.exe' : 'node');

function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return null;
  }
}

/** True when node_modules holds every package of the lock file in its version (optional ones may be absent). */
function isInstalled() {
  const wanted = readLock(join(root, 'package-lock.json'));
  const present = readLock(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === null || present === null || !existsSync(pinnedNode)) return false;
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || entry.optional || entry.devOptional || present[path]?.version === entry.version,
  );
}

function must(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (done.error) {
    console.error(`${command}: ${done.error.message}`);
    process.exit(1);
  }
  if (done.signal) process.exit(130);
  if (done.status !== 0) process.exit(done.status ?? 1);
}

function bootstrap() {
  if (isInstalled()) return;
  console.error('Installing the packages of package-lock.json …');
  must(isWindows ? 'npm.cmd' : 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    shell: isWindows,
    // stdout may be somebody's data (--json); npm's words are for people.
    stdio: ['ignore', 2, 2],
  });
  if (!existsSync(pinnedNode)) {
    console.error(
      'The package "node" was installed without its binary. Run: npm rebuild node (install scripts must be allowed).',
    );
    process.exit(1);
  }
}

const node = (...args) => must(pinnedNode, args);
const bin = (name) => {
  const manifest = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'));
  const entries = typeof manifest.bin === 'string' ? [manifest.bin] : Object.values(manifest.bin);
  const own = typeof manifest.bin === 'object' ? manifest.bin[name.split('/').pop()] : undefined;
  return join(root, 'node_modules', name, own ?? entries[0]);
};
const rest = process.argv.slice(3);

const checks = {
  'format and lint': () => node(bin('@biomejs/biome'), 'check', '--error-on-warnings', '.'),
  types: () => {
    node(bin('typescript'), '--noEmit');
    node(bin('typescript'), '--noEmit', '--project', 'webview');
  },
  'import zones': () => node(bin('dependency-cruiser'), 'src', 'webview', '--output-type', 'err'),
  'unused code': () => node(bin('knip'), '--no-progress'),
};

const tasks = {
  bootstrap: () => {},
  build: () => node('scripts/build.mjs', ...rest),
  format: () => node(bin('@biomejs/biome'), 'check', '--write', '.'),
  lint: () => {
    for (const [name, check] of Object.entries(checks)) {
      console.log(`— ${name}`);
      check();
    }
  },
  // Without the suites that start whole servers, with git and processes of their own.
  'test:unit': () => node(bin('mocha'), '--spec', 'src/**/*.test.ts', '--ignore', 'src/**/*.server.test.ts', ...rest),
  test: () => {
    tasks.lint();
    tasks.build();
    // Outside the tests, so that no test's time limit counts a download.
    node('scripts/vscode/install.mjs');
    console.log('— tests');
    node('scripts/test.mjs', ...rest);
  },
  'test:exthost': () => {
    node('scripts/build.mjs', '--quiet');
    node('test/vscode/exthost/main.ts', ...rest);
  },
  'test:desktop': () => {
    node('scripts/build.mjs', '--quiet');
    node('test/vscode/desktop.ts', ...rest);
  },
  package: () => {
    node('scripts/build.mjs', '--quiet');
    node('scripts/package.mjs', ...rest);
  },
  'demo:vscode': () => {
    node('scripts/vscode/install.mjs');
    node('test/vscode/demo.ts', ...rest);
  },
  pictures: () => {
    node('scripts/vscode/install.mjs');
    node('test/vscode/pictures.ts', ...rest);
  },
  bench: () => {
    node('scripts/build.mjs', '--quiet');
    node('scripts/bench/main.ts', ...rest);
  },
  orchestrator: () => {
    node('scripts/build.mjs', '--quiet');
    node('bin/orchestrator.mjs', ...rest);
  },
  demo: () => {
    node('scripts/build.mjs', '--quiet');
    node('scripts/demo.mjs', ...rest);
  },
};

const task = tasks[process.argv[2] ?? ''];
if (!task) {
  console.error(`Usage: node scripts/run.mjs ${Object.keys(tasks).join('|')}`);
  process.exit(2);
}
bootstrap();
task();
