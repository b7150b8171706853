import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCommandRunner } from '../../src/adapters/checks/command-runner.ts';
import { probeSandbox } from '../../src/adapters/checks/sandbox.ts';
import type { CommandRunner, CommandSpec } from '../../src/core/ports.ts';

const quiet = { info() {}, warn() {} };
const never = new AbortController().signal;

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, 'the condition did not come about');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** State letter of a process, or null when there is none. Only Linux. */
function stateOf(pid: number): string | null {
  try {
    return /^\d+ \(.*\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? null;
  } catch {
    return null;
  }
}
const isAlive = (pid: number) => !['Z', 'X', null].includes(stateOf(pid));

/** Pids of all processes whose command line holds the text. */
function processesWith(text: string): number[] {
  const list = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' });
  return list
    .split('\n')
    .filter((line) => line.includes(text))
    .map((line) => Number.parseInt(line, 10));
}

for (const sandbox of ['off', 'auto'] as const) {
  describe(`command runner, sandbox ${sandbox}`, () => {
    if (process.platform === 'win32') return;
    let dir: string;
    let runner: CommandRunner;
    const spec = (command: string, more: Partial<CommandSpec> = {}): CommandSpec => ({
      ...{ command, cwd: dir, env: {}, wallMs: 20_000, idleMs: 20_000, maxOutputBytes: 100_000, outputFile: null },
      network: false,
      ...more,
    });

    before(async function () {
      const probe = await probeSandbox();
      if (sandbox === 'auto' && probe.kind === 'none') {
        console.log(`      skipped: ${probe.detail}`);
        this.skip();
      }
      runner = createCommandRunner({ sandbox, log: quiet, tempDir: tmpdir });
    });
    beforeEach(async () => {
      dir = await realpath(await mkdtemp(join(tmpdir(), 'runner-test-')));
    });
    afterEach(() => rm(dir, { recursive: true, force: true }));

    it('gives the exit code and both streams', async () => {
      const result = await runner.run(spec('echo out; echo err >&2; exit 3'), never);
      assert.equal(result.ended, 'exit');
      assert.equal(result.exitCode, 3);
      assert.deepEqual(result.output.trim().split('\n').sort(), ['err', 'out']);
      assert.equal(result.outputBytes, 8);
    });

    it('never throws for a command that cannot start', async () => {
      assert.equal((await runner.run(spec('no-such-program-at-all'), never)).exitCode, 127);
      const result = await runner.run(spec('true', { cwd: join(dir, 'missing') }), never);
      assert.notEqual(result.exitCode, 0);
      assert.ok(result.output.length > 0);
    });

    it('builds the environment from nothing, with this Node first in PATH and no keys', async () => {
      process.env.RUNNER_TEST_SECRET = 'leak';
      try {
        const env = { EXTRA: 'yes', XAI_API_KEY: 'leak', NODE_TEST_CONTEXT: 'child', GITHUB_TOKEN: 'leak' };
        const { output } = await runner.run(
          spec('env; echo EXEC=$(node -p process.execPath); ls -A "$HOME"', { env }),
          never,
        );
        assert.ok(!output.includes('leak'));
        assert.ok(!output.includes('NODE_TEST_CONTEXT'));
        assert.match(output, /^EXTRA=yes$/m);
        assert.match(output, /^CI=1$/m);
        assert.match(output, /^NO_COLOR=1$/m);
        assert.ok(output.includes(`EXEC=${process.execPath}`));
        assert.ok(!output.includes(`HOME=${process.env.HOME}\n`));
      } finally {
        delete process.env.RUNNER_TEST_SECRET;
      }
    });

    it('puts the Node that it is told first in PATH, wherever that is', async () => {
      const bin = join(dir, 'a bin');
      await mkdir(bin);
      await writeFile(join(bin, 'node'), '#!/bin/sh\necho told\n', { mode: 0o755 });
      const told = createCommandRunner({ sandbox, log: quiet, nodePath: join(bin, 'node'), tempDir: tmpdir });
      const elsewhere = await realpath(await mkdtemp(join(tmpdir(), 'runner-test-')));
      try {
        const { output } = await told.run(spec('node --version', { cwd: elsewhere }), never);
        assert.equal(output, 'told\n');
      } finally {
        await rm(elsewhere, { recursive: true, force: true });
      }
    });

    it('keeps the end of a long output in memory and ten times as much of its start in the file', async () => {
      const outputFile = join(dir, 'logs', 'out.txt');
      const script = "for (let i = 0; i < 200000; i++) process.stdout.write(String(i).padStart(9,'0') + '\\n')";
      await writeFile(join(dir, 'big.mjs'), script);
      const more = { maxOutputBytes: 20_000, outputFile };
      const result = await runner.run(spec('node big.mjs', more), never);
      assert.equal(result.exitCode, 0);
      assert.equal(result.outputBytes, 2_000_000);
      assert.equal(result.output.length, 20_000);
      assert.ok(result.output.endsWith('000199999\n'));
      const file = await readFile(outputFile, 'utf8');
      assert.ok(file.startsWith('000000000\n'));
      assert.ok(file.length > 200_000 && file.length < 200_200);
    });

    it('leaves no file of a command that says nothing, not even that of one before', async () => {
      const outputFile = join(dir, 'logs', 'out.txt');
      await runner.run(spec('echo loud', { outputFile }), never);
      assert.equal(await readFile(outputFile, 'utf8'), 'loud\n');
      const quiet = await runner.run(spec('exit 3', { outputFile }), never);
      assert.deepEqual([quiet.exitCode, quiet.outputBytes, existsSync(outputFile)], [3, 0, false]);
    });

    it('rejects when there can be no folder for the file', async () => {
      await writeFile(join(dir, 'logs'), '');
      const outputFile = join(dir, 'logs', 'out.txt');
      await assert.rejects(runner.run(spec('echo loud', { outputFile }), never), { code: /^(EEXIST|ENOTDIR)$/ });
    });

    it('ends a command that takes too long, and one that falls silent, but not one that keeps talking', async () => {
      const wall = await runner.run(spec('while true; do echo .; sleep 0.02; done', { wallMs: 300 }), never);
      assert.deepEqual([wall.ended, wall.exitCode], ['wall', null]);
      const idle = await runner.run(spec('echo begun; sleep 30', { idleMs: 200 }), never);
      assert.deepEqual([idle.ended, idle.exitCode, idle.output], ['idle', null, 'begun\n']);
      const talk = 'for i in 1 2 3 4 5 6; do echo $i; sleep 0.1; done';
      assert.equal((await runner.run(spec(talk, { idleMs: 400 }), never)).exitCode, 0);
    });

    it('stops within a second of being cancelled', async () => {
      const controller = new AbortController();
      const outputFile = join(dir, 'out.txt');
      const pending = runner.run(
        spec("trap '' TERM; echo begun; while true; do sleep 0.05; done", { outputFile }),
        controller.signal,
      );
      await until(() => existsSync(outputFile) && readFileSync(outputFile, 'utf8') === 'begun\n');
      const startedAt = performance.now();
      controller.abort();
      assert.equal((await pending).ended, 'cancelled');
      assert.ok(performance.now() - startedAt < 1_000);
      assert.equal((await runner.run(spec('echo x > late'), controller.signal)).ended, 'cancelled');
      assert.ok(!existsSync(join(dir, 'late')));
    });

    it('leaves no grandchild behind, even one that ignores the request to end', async () => {
      const mark = `3${process.pid}.${sandbox === 'off' ? 1 : 2}`;
      const command = `(trap '' TERM; while true; do sleep ${mark}; done) & echo begun; exit 0`;
      const result = await runner.run(spec(command), never);
      assert.equal(result.exitCode, 0);
      await until(() => processesWith(`sleep ${mark}`).every((pid) => !isAlive(pid)));
    });

    it('says so when the command was ended by a signal', async () => {
      const result = await runner.run(spec('kill -9 $$'), never);
      assert.ok(result.ended === 'signal' ? result.exitCode === null : result.exitCode === 137);
    });

    it('lets a command talk to itself over loopback', async () => {
      const script = `import http from 'node:http';
        const server = http.createServer((_, r) => r.end('hello')).listen(0, '127.0.0.1', async () => {
          const answer = await fetch('http://127.0.0.1:' + server.address().port);
          console.log(await answer.text());
          server.close(); server.closeAllConnections();
        });`;
      await writeFile(join(dir, 'self.mjs'), script);
      assert.equal((await runner.run(spec('node self.mjs'), never)).output, 'hello\n');
    });

    it('removes its temporary folder', async () => {
      const { output } = await runner.run(spec('echo x > "$TMPDIR/file"; printf %s "$TMPDIR"'), never);
      assert.ok(output.startsWith('/'));
      assert.ok(!existsSync(output));
    });

    if (sandbox === 'auto') {
      it('lets a command write its folder and its temporary folder only', async () => {
        const outside = await realpath(await mkdtemp(join(tmpdir(), 'runner-outside-')));
        try {
          const command = `echo 1 > inside; echo 2 > "$TMPDIR/t" && echo 2 > /tmp/own; echo 3 > ${outside}/file; echo 4 > /etc/runner-test; ls ${outside}`;
          const { output } = await runner.run(spec(command), never);
          assert.equal(await readFile(join(dir, 'inside'), 'utf8'), '1\n');
          assert.ok(!existsSync(join(outside, 'file')) && !existsSync('/etc/runner-test') && !existsSync('/tmp/own'));
          assert.match(output, /Read-only file system|nonexistent|No such file/);
        } finally {
          await rm(outside, { recursive: true, force: true });
        }
      });

      it('cuts the network unless it is allowed', async () => {
        const server = createServer((_request, response) => response.end('reached'));
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        try {
          const { port } = server.address() as AddressInfo;
          const command = `node -e "fetch('http://127.0.0.1:${port}').then(r=>r.text()).then(console.log, () => console.log('cut'))"`;
          assert.equal((await runner.run(spec(command), never)).output, 'cut\n');
          assert.equal((await runner.run(spec(command, { network: true }), never)).output, 'reached\n');
        } finally {
          server.closeAllConnections();
          server.close();
        }
      });

      it('shows no other process', async () => {
        const { output } = await runner.run(spec('ls /proc | grep -c "^[0-9]"'), never);
        assert.ok(Number(output) < 8, output);
      });

      it('hides keys in the home folder', async () => {
        const home = await realpath(await mkdtemp(join(tmpdir(), 'runner-home-')));
        const before = process.env.HOME;
        try {
          await mkdir(join(home, '.ssh'));
          await writeFile(join(home, '.ssh', 'id'), 'private');
          await writeFile(join(home, '.npmrc'), 'private');
          process.env.HOME = home;
          const { output } = await runner.run(spec(`cat ${home}/.ssh/id ${home}/.npmrc; true`), never);
          assert.ok(!output.includes('private'));
        } finally {
          process.env.HOME = before;
          await rm(home, { recursive: true, force: true });
        }
      });

      it('lets git read in a linked worktree, and neither change the repository nor repoint the worktree', async () => {
        const repo = join(dir, 'repo');
        const tree = join(dir, 'tree');
        const git = (...args: string[]) => execFileSync('git', args, { cwd: repo, stdio: 'pipe', encoding: 'utf8' });
        await mkdir(repo);
        git('init', '-q');
        git('-c', 'user.name=n', '-c', 'user.email=e', 'commit', '-q', '--allow-empty', '-m', 'first');
        git('worktree', 'add', '-q', '--detach', tree);
        const pointer = await readFile(join(tree, '.git'), 'utf8');
        const command = 'git log --format=%s; git branch evil; echo gitdir: elsewhere > .git; rm -f .git';
        const { output } = await runner.run(spec(command, { cwd: tree }), never);
        assert.match(output, /^first$/m);
        assert.equal(git('branch', '--list', 'evil'), '');
        assert.equal(await readFile(join(tree, '.git'), 'utf8'), pointer);
      });
    }
  });
}
