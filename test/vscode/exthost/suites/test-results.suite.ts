import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { createTestResults } from '../../../../src/host/test-results.ts';
import { anEvidence, aRun, withEvents } from '../../../../src/host/trees/testing.ts';
import { FakeRuns } from './fake-runs.ts';

describe('the results of tests', () => {
  const controllers: vscode.TestController[] = [];

  it('are shown from the first that the host ran to the end of the run', () => {
    const runs = new FakeRuns();
    const reported: string[] = [];
    const results = createTestResults({ runs }, () => {
      const made = vscode.tests.createTestController('harness.tests', 'Harness');
      const create = made.createTestRun.bind(made);
      made.createTestRun = (...args) => {
        const run = create(...args);
        return {
          ...run,
          appendOutput: (...output) => run.appendOutput(...output),
          passed: (item, durationMs) => {
            reported.push(`passed ${item.id} ${durationMs}`);
            run.passed(item, durationMs);
          },
          failed: (item, message, durationMs) => {
            reported.push(
              `failed ${item.id}: ${Array.isArray(message) ? '' : (message as vscode.TestMessage).message}`,
            );
            run.failed(item, message, durationMs);
          },
          end: () => run.end(),
        };
      };
      controllers.push(made);
      return made;
    });
    try {
      let view = aRun('r1');
      runs.put(view);
      assert.equal(controllers.length, 0);
      const checked = (...evidence: ReturnType<typeof anEvidence>[]) => ({
        type: 'subtask.checked' as const,
        subtaskId: 'api',
        round: 1,
        evidence,
        faults: [],
      });
      const wrong = anEvidence({ outcome: 'failed', exitCode: 1, outputTail: '1 wrong' });
      view = withEvents(view, checked(anEvidence(), { ...wrong, name: 'unit tests' }));
      runs.put(view);
      const [, item] = [...(controllers[0]?.items ?? [])][0] ?? assert.fail();
      const [, subtask] = [...item.children][0] ?? assert.fail();
      assert.deepEqual([item.label, subtask.label], ['Run r1', 'Build api']);
      assert.deepEqual(
        [...subtask.children].map(([id, check]) => [id, check.description]),
        [
          ['0 test', 'npm test'],
          ['1 unit tests', 'npm test'],
        ],
      );
      assert.deepEqual(reported, [
        'passed 0 test 1200',
        'failed 1 unit tests: It ended with exit code 1.\nnpm test\n\n1 wrong',
      ]);
      runs.put(withEvents(view, { type: 'subtask.acted', subtaskId: 'api', agentId: 'a', action: 'x', failed: false }));
      assert.equal(reported.length, 2);
      runs.put(withEvents(view, checked(anEvidence())));
      assert.deepEqual(reported.slice(2), ['passed 0 test 1200']);
      assert.equal(subtask.children.size, 1);
      runs.remove('r1');
      assert.equal(controllers[0]?.items.size, 0);
    } finally {
      results.dispose();
    }
  });
});
