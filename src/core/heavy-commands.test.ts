import assert from 'node:assert/strict';
import { commandNeeds, limitCommands } from './heavy-commands.ts';
import type { CommandResult, CommandRunner, CommandSpec } from './ports.ts';

const PASSED: CommandResult = { exitCode: 0, ended: 'exit', durationMs: 5, output: '', outputBytes: 0 };
const never = new AbortController().signal;

const spec = (command: string): CommandSpec => ({
  command,
  cwd: '.',
  env: {},
  wallMs: 1_000,
  idleMs: 1_000,
  maxOutputBytes: 100,
  outputFile: null,
  network: false,
});

/** A runner whose commands end when the test says so. */
function heldRunner() {
  const started: string[] = [];
  const ends = new Map<string, { resolve(result: CommandResult): void; reject(error: Error): void }>();
  const runner: CommandRunner = {
    run: ({ command }) =>
      new Promise((resolve, reject) => {
        started.push(command);
        ends.set(command, { resolve, reject });
      }),
  };
  return {
    runner,
    started,
    end: (command: string) => ends.get(command)?.resolve(PASSED),
    fail: (command: string) => ends.get(command)?.reject(new Error('broken')),
  };
}

/** Command lines here say their cores: `2 build`; `light` needs nothing. */
const limit = (
  runner: CommandRunner,
  change: Partial<{ cores: number; memoryBytes: number; freeMemoryBytes: () => number }> = {},
) =>
  limitCommands(runner, {
    cores: 2,
    memoryBytes: 100,
    freeMemoryBytes: () => 100,
    needs: (command) => (command === 'light' ? null : { cores: Number.parseInt(command, 10), memoryBytes: 10 }),
    ...change,
  });

describe('the limit of heavy commands', () => {
  it('starts as many as the cores allow and the next one when one ends', async () => {
    const held = heldRunner();
    const limited = limit(held.runner);
    const runs = ['1 a', '1 b', '1 c'].map((command) => limited.run(spec(command), never));
    assert.deepEqual(held.started, []);
    await Promise.resolve();
    assert.deepEqual(held.started, ['1 a', '1 b']);
    held.end('1 b');
    await runs[1];
    await Promise.resolve();
    assert.deepEqual(held.started, ['1 a', '1 b', '1 c']);
    held.end('1 a');
    held.end('1 c');
    assert.deepEqual(await Promise.all(runs), [PASSED, PASSED, PASSED]);
  });

  it('keeps the order: small ones do not overtake a large one, light ones wait for nobody', async () => {
    const held = heldRunner();
    const limited = limit(held.runner);
    const runs = ['1 a', '2 large', '1 small', 'light'].map((command) => limited.run(spec(command), never));
    await Promise.resolve();
    assert.deepEqual(held.started.toSorted(), ['1 a', 'light']);
    held.end('1 a');
    await runs[0];
    await Promise.resolve();
    assert.equal(held.started.at(-1), '2 large');
    held.end('2 large');
    await runs[1];
    await Promise.resolve();
    assert.equal(held.started.at(-1), '1 small');
  });

  it('holds back by memory, its own count and what the system has, but always lets one run', async () => {
    const held = heldRunner();
    let freeBytes = 5;
    const limited = limit(held.runner, { cores: 8, memoryBytes: 25, freeMemoryBytes: () => freeBytes });
    const first = limited.run(spec('1 a'), never);
    for (const command of ['1 b', '1 c', '1 d']) void limited.run(spec(command), never);
    await Promise.resolve();
    assert.deepEqual(held.started, ['1 a']);
    freeBytes = 1_000;
    held.end('1 a');
    await first;
    await Promise.resolve();
    assert.deepEqual(held.started, ['1 a', '1 b', '1 c']);
  });

  it('never starts a command that was cancelled while it waited, and lets the others pass', async () => {
    const held = heldRunner();
    const limited = limit(held.runner);
    const cancel = new AbortController();
    void limited.run(spec('1 a'), never);
    const waiting = limited.run(spec('2 large'), cancel.signal);
    void limited.run(spec('1 b'), never);
    await Promise.resolve();
    cancel.abort();
    assert.equal((await waiting).ended, 'cancelled');
    assert.deepEqual(held.started, ['1 a', '1 b']);
    assert.equal((await limited.run(spec('1 late'), AbortSignal.abort())).ended, 'cancelled');
  });

  it('gives back what a command held when its runner throws', async () => {
    const held = heldRunner();
    const limited = limit(held.runner, { cores: 1 });
    const first = limited.run(spec('1 a'), never);
    const second = limited.run(spec('1 b'), never);
    await Promise.resolve();
    held.fail('1 a');
    await assert.rejects(first, /broken/);
    await Promise.resolve();
    held.end('1 b');
    assert.equal(await second, PASSED);
  });

  it('starts the limits of a command with the command: waiting does not count', async () => {
    const limited = limitCommands(
      { run: async (given) => ({ ...PASSED, durationMs: given.wallMs }) },
      { cores: 1, memoryBytes: 1, needs: () => ({ cores: 1, memoryBytes: 1 }), freeMemoryBytes: () => 1 },
    );
    const results = await Promise.all([limited.run(spec('a'), never), limited.run(spec('b'), never)]);
    assert.deepEqual(
      results.map((result) => result.durationMs),
      [1_000, 1_000],
    );
  });

  it('tells builds and suites from single programs and from the shell', () => {
    for (const wide of ['npm ci', 'cd app && npm run build', 'npx vitest run', 'node --test', 'go test ./...']) {
      assert.equal(commandNeeds(wide)?.cores, 2, wide);
    }
    for (const narrow of ['node check.mjs', 'python3 -m app', 'npm start && node x.js']) {
      assert.equal(commandNeeds(narrow)?.cores, 1, narrow);
    }
    for (const light of ['ls -la', 'test -f done.txt', 'cat package.json', 'git status', 'mkdir a']) {
      assert.equal(commandNeeds(light), null, light);
    }
  });
});
