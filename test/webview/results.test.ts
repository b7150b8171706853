import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ChangedFile } from '../../src/protocol/work.ts';
import {
  byFolder,
  diffWait,
  estimateAgainstActual,
  evidenceGroups,
  isTestRun,
  lineCounts,
  outputLines,
  testCounts,
} from '../../webview/results/result-facts.ts';
import { recordedRun, then, upTo, viewOf } from './recording.ts';

const file = (path: string): ChangedFile => ({ path, status: 'added', addedLines: 2, removedLines: 1 });
const cost = { usd: 1, unpricedCalls: 0, calls: 3, inputTokens: 900, cachedInputTokens: 0, outputTokens: 100 };
const estimate = {
  tokens: { low: 500, high: 800 },
  costUsd: { low: 1, high: 2 },
  wallMs: { low: 60_000, high: 90_000 },
};

describe('the estimate against what it took', () => {
  it('says below, within and above, with the ends of the range within', () => {
    const verdicts = estimateAgainstActual({ estimate, cost }, 30_000).map(({ what, verdict }) => [what, verdict]);
    assert.deepEqual(verdicts, [
      ['tokens', 'above'],
      ['cost', 'within'],
      ['time', 'below'],
    ]);
  });

  it('compares nothing that is not known: no plan yet, a call of unknown price, a run under way', () => {
    for (const { verdict } of estimateAgainstActual({ estimate: null, cost }, 1)) assert.equal(verdict, 'unknown');
    const rows = estimateAgainstActual({ estimate, cost: { ...cost, unpricedCalls: 1 } }, null);
    assert.deepEqual(
      rows.map(({ actual, verdict }) => [actual, verdict]),
      [
        [1_000, 'above'],
        [null, 'unknown'],
        [null, 'unknown'],
      ],
    );
  });
});

describe('the changed files', () => {
  it('are listed by folder, in the order of the review', () => {
    const folders = byFolder(['src/deep/c.js', 'src/b.js', 'src/a.js', 'docs/x.md', 'package.json'].map(file));
    assert.deepEqual(
      folders.map(({ path, files }) => [path, files.map((one) => one.path)]),
      [
        ['src/deep', ['src/deep/c.js']],
        ['src', ['src/b.js', 'src/a.js']],
        ['docs', ['docs/x.md']],
        ['', ['package.json']],
      ],
    );
    assert.deepEqual(lineCounts([file('a'), file('b')]), { added: 4, removed: 2 });
  });
});

describe('the evidence', () => {
  const view = viewOf(recordedRun());

  it('is grouped with the merged work first, and without subtasks that have none', () => {
    const groups = evidenceGroups(view.integrationEvidence, Object.values(view.subtasks), 'Merged');
    assert.deepEqual(
      groups.map(({ subtaskId }) => subtaskId),
      [null, 'note-rules', 'notes-api', 'site', 'operations', 'wire-up'],
    );
    assert.deepEqual(
      evidenceGroups(
        [],
        Object.values(viewOf(upTo(recordedRun(), ({ type }) => type === 'plan.approved')).subtasks),
        '',
      ),
      [],
    );
  });

  it('tells the tests of the recorded run, and their counts, from the other checks', () => {
    const [tests, syntax] = view.integrationEvidence;
    assert.ok(tests !== undefined && syntax !== undefined);
    assert.ok(isTestRun(tests));
    assert.ok(!isTestRun(syntax));
    assert.deepEqual(testCounts(tests.outputTail), { passed: 41, failed: 0 });
    assert.equal(testCounts('Tests: 3 passed'), null);
    assert.deepEqual(testCounts('# pass 1\n# fail 0\n…\n# pass 7\n# fail 2\n'), { passed: 7, failed: 2 });
  });

  it('keeps the last lines of an output, without control sequences', () => {
    assert.deepEqual(outputLines('\u001b[32mok\u001b[0m\tone\r\ntwo\n\n', 10), { lines: ['ok\tone', 'two'], left: 0 });
    assert.deepEqual(outputLines('1\n2\n3\n', 2), { lines: ['2', '3'], left: 1 });
  });
});

describe('the decision about the diff', () => {
  it('is there only while the diff waits', () => {
    const proposed = upTo(recordedRun(), ({ type }) => type === 'diff.proposed');
    const wait = { gate: 'diff', waitOn: 'run', topic: 'diff:1' } as const;
    const waits = then(proposed, { type: 'wait.began', ...wait, message: 'The diff waits.', code: null });
    assert.equal(diffWait(viewOf(proposed).waiting), null);
    assert.equal(diffWait(viewOf(waits).waiting)?.topic, 'diff:1');
    assert.equal(diffWait(viewOf(then(waits, { type: 'wait.ended', ...wait })).waiting), null);
  });
});
