import assert from 'node:assert/strict';
import { aSubtask } from '../../../test/fakes/plan.ts';
import type { RunView } from '../../protocol/view.ts';
import { agentRows } from './agent-rows.ts';
import { changedRows, takeSnapshot } from './snapshot.ts';
import { createTaskRows } from './task-rows.ts';
import { acted, aRun, ENGLISH, integrated, START_MS, started, withEvents } from './testing.ts';

const many = Array.from({ length: 50 }, (_, n) => aSubtask(`part-${n}`));
const rows = createTaskRows(ENGLISH);
const changes = (...steps: RunView[][]) =>
  steps.slice(1).map((views, n) => {
    const changed = changedRows(takeSnapshot(rows(steps[n] ?? [])), takeSnapshot(rows(views)));
    return changed === 'all' ? 'all' : changed.map(({ id }) => id);
  });

describe('what is drawn anew', () => {
  it('is nothing when nothing that is shown has changed', () => {
    const view = withEvents(aRun('r1', many), started('part-3'));
    assert.deepEqual(changes([view], [withEvents(view, acted('part-3', 'reads'))]), [[]]);
  });

  it('is the row of a subtask whose state has changed, and no other', () => {
    const view = withEvents(aRun('r1', many), started('part-3'), started('part-4', 'backend-2'));
    const revised = withEvents(view, { type: 'subtask.revised', subtaskId: 'part-4', round: 2, findings: [] });
    assert.deepEqual(changes([view, aRun('r2')], [revised, aRun('r2')]), [['subtask r1 part-4']]);
  });

  it('is the nearest parent when rows come, go or move', () => {
    const view = withEvents(aRun('r1', many), started('part-3'), integrated('part-3', 'a.js'));
    assert.deepEqual(
      changes(
        [view, aRun('r2')],
        [withEvents(view, integrated('part-3', 'a.js', 'b.js')), aRun('r2')],
        [withEvents(view, integrated('part-3', 'a.js', 'b.js'), started('part-9')), aRun('r2')],
      ),
      [['subtask r1 part-3'], ['run r1']],
    );
  });

  it('is everything only when a run comes or goes', () => {
    assert.deepEqual(changes([aRun('r1')], [aRun('r2'), aRun('r1')], [aRun('r1')]), ['all', 'all']);
  });

  it('is only the agent that acts or whose minute is over, so that a tooltip stays open', () => {
    const view = withEvents(aRun('r1', many), started('part-1'), started('part-2', 'backend-2'), {
      type: 'subtask.parked',
      subtaskId: 'part-2',
      reason: 'stuck',
      findings: [],
    });
    const at = (of: RunView, ms: number) => takeSnapshot(agentRows(ENGLISH, [of], START_MS + ms));
    const ids = (changed: ReturnType<typeof changedRows>) => (changed === 'all' ? 'all' : changed.map(({ id }) => id));
    assert.deepEqual(ids(changedRows(at(view, 70_000), at(view, 110_000))), []);
    const later = ids(changedRows(at(view, 110_000), at(view, 130_000)));
    assert.deepEqual(later, ['agent r1 lead', 'agent r1 backend-1']);
    const acting = withEvents(view, acted('part-1', 'writes'));
    assert.deepEqual(ids(changedRows(at(view, 60_000), at(acting, 60_000))), ['agent r1 backend-1']);
  });
});
