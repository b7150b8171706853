import assert from 'node:assert/strict';
import { aSubtask } from '../../../test/fakes/plan.ts';
import type { DomainEvent } from '../../protocol/events.ts';
import type { Evidence } from '../../protocol/work.ts';
import { anEvidence, aRun, ENGLISH, withEvents } from '../trees/testing.ts';
import { checkGroups, runsTests } from './check-results.ts';

function checked(subtaskId: string, ...evidence: Evidence[]): DomainEvent {
  return { type: 'subtask.checked', subtaskId, round: 1, evidence, faults: [] };
}

describe('test results', () => {
  it('are those of checks that run tests', () => {
    const runs = (command: string, name = 'check') => runsTests({ name, command });
    for (const command of ['npm test', 'node --test', 'npx vitest run', 'npm run test:unit', 'pytest -q']) {
      assert.ok(runs(command), command);
    }
    for (const command of ['test -f done.txt', 'npm run build', 'npx tsc', 'node latest.js', 'biome check .']) {
      assert.equal(runs(command), false, command);
    }
    assert.ok(runs('make check', 'unit tests'));
  });

  it('stand below their subtask, and the integration last; without tests there is nothing', () => {
    const view = withEvents(
      aRun('r1', [aSubtask('api'), aSubtask('page')]),
      checked('api', anEvidence({ name: 'types', command: 'tsc' }), anEvidence()),
      checked('page', anEvidence({ name: 'lint', command: 'biome check' })),
      { type: 'integration.checked', commit: 'c', evidence: [anEvidence({ name: 'all tests' })] },
    );
    assert.deepEqual(
      checkGroups(ENGLISH, view).map(({ label, subtaskId, checks }) => [
        label,
        subtaskId,
        checks.map(({ index, label: name, command }) => `${index} ${name}: ${command}`),
      ]),
      [
        ['Build api', 'api', ['1 test: npm test']],
        ['Integration', null, ['0 all tests: npm test']],
      ],
    );
    assert.deepEqual(checkGroups(ENGLISH, aRun('r2')), []);
  });

  it('say how each ended, and why it did not pass', () => {
    const outcomes = (['passed', 'failed', 'timed_out', 'refused', 'cancelled'] as const).map((outcome) =>
      anEvidence({ outcome, exitCode: outcome === 'failed' ? 2 : null, outputTail: '1 wrong' }),
    );
    const [group] = checkGroups(ENGLISH, withEvents(aRun('r1'), checked('api', ...outcomes)));
    assert.deepEqual(
      group?.checks.map(({ outcome }) => outcome),
      ['passed', 'failed', 'errored', 'errored', 'skipped'],
    );
    assert.equal(group?.checks[0]?.message, '');
    assert.equal(group?.checks[1]?.message, 'It ended with exit code 2.\nnpm test\n\n1 wrong');
  });

  it('are other evidence only after the checks ran again', () => {
    const view = withEvents(aRun('r1'), checked('api', anEvidence()));
    const evidenceOf = (of: typeof view) => checkGroups(ENGLISH, of)[0]?.evidence;
    const reviewed = withEvents(view, {
      type: 'subtask.acted',
      subtaskId: 'api',
      agentId: 'a',
      action: 'x',
      failed: false,
    });
    assert.equal(evidenceOf(reviewed), evidenceOf(view));
    assert.notEqual(evidenceOf(withEvents(view, checked('api', anEvidence()))), evidenceOf(view));
  });
});
