import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../bin/orchestrator.mjs', import.meta.url));

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** `version` is what the script believes to run on. */
function runBin(root: string, version: string | null, ...args: string[]): Promise<Ended> {
  const pretend = join(root, 'pretend.mjs');
  const preload = version === null ? [] : ['--import', pretend];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...preload, join(root, 'bin', 'orchestrator.mjs'), ...args],
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      },
    );
  });
}

describe('the start script', () => {
  let root: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'orchestrator-bin-'));
    await mkdir(join(root, 'bin'));
    await mkdir(join(root, 'dist'));
    await cp(BIN, join(root, 'bin', 'orchestrator.mjs'));
    await writeFile(join(root, 'package.json'), '{"type": "module"}');
    await writeFile(
      join(root, 'dist', 'cli.js'),
      "process.emitWarning('SQLite is an experimental feature', 'ExperimentalWarning');" +
        "process.emitWarning('something else', 'ExperimentalWarning');" +
        'console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 3;',
    );
    const versions = '{ ...process.versions, node: "20.19.0" }';
    await writeFile(join(root, 'pretend.mjs'), `Object.defineProperty(process, "versions", { value: ${versions} });`);
  });
  after(() => rm(root, { recursive: true, force: true }));

  it('hands over arguments and exit code, and hides the note about SQLite only', async () => {
    const ended = await runBin(root, null, 'run', 'a b.yaml');
    assert.deepEqual(JSON.parse(ended.stdout), ['run', 'a b.yaml']);
    assert.equal(ended.code, 3);
    assert.match(ended.stderr, /something else/);
    assert.doesNotMatch(ended.stderr, /SQLite/);
  });

  it('says which Node is needed on one that is too old', async () => {
    const ended = await runBin(root, '20.19.0', 'list');
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /needs Node 22\.14 or newer; this is 20\.19\.0/);
  });

  it('goes on with the Node of the package when there is one', async function () {
    if (process.platform === 'win32') {
      console.log('      skipped: the stand-in for Node is a shell script');
      return this.skip();
    }
    const bin = join(root, 'node_modules', 'node', 'bin');
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, 'node'), `#!/bin/sh\nexec "${process.execPath}" "$@"\n`);
    await chmod(join(bin, 'node'), 0o755);
    const ended = await runBin(root, '20.19.0', 'list', '--json');
    assert.deepEqual(JSON.parse(ended.stdout), ['list', '--json']);
    assert.equal(ended.code, 3);
  });
});
