import assert from 'node:assert/strict';
import Mocha, { Test } from 'mocha';
import type { InnerTest } from './events.ts';
import { mirrorTests } from './mirror.ts';

/** Runs a suite that mirrors these tests, the way the real one does; returns what mocha told. */
async function mirror(tests: InnerTest[]): Promise<string[]> {
  const told: string[] = [];
  const mocha = new Mocha({ reporter: class extends Mocha.reporters.Base {} });
  const suite = Mocha.Suite.create(mocha.suite, 'outer');
  suite.beforeAll(() => mirrorTests(suite, tests));
  suite.addTest(new Test('runs to its end', () => {}));
  await new Promise((resolve) => {
    const runner = mocha.run(resolve);
    runner.on('pass', (test) => told.push(`passed ${test.fullTitle()}`));
    runner.on('pending', (test) => told.push(`skipped ${test.fullTitle()}`));
    runner.on('fail', (test, error) => told.push(`failed ${test.fullTitle()}: ${error.message}`));
  });
  return told;
}

describe('mirrored tests', () => {
  it('appear in the outer suite with their names, states and errors', async () => {
    const told = await mirror([
      { kind: 'passed', titlePath: ['a', 'one'], durationMs: 1 },
      { kind: 'failed', titlePath: ['a', 'b', 'two'], durationMs: 1, error: 'AssertionError: 1 !== 2\n    at x.ts:1' },
      { kind: 'skipped', titlePath: ['a', 'three'] },
    ]);
    assert.deepEqual(told.sort(), [
      'failed outer a b two: AssertionError: 1 !== 2',
      'passed outer a one',
      'passed outer runs to its end',
      'skipped outer a three',
    ]);
  });
});
