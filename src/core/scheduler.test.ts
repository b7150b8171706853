import assert from 'node:assert/strict';
import fc from 'fast-check';
import { aSubtask } from '../../test/fakes/plan.ts';
import { AgentPool, criticalPaths, readySubtasks } from './scheduler.ts';

describe('the scheduler', () => {
  it('starts the longest chain first, then priority, then plan order', () => {
    const subtasks = [
      aSubtask('lone', { priority: 5 }),
      aSubtask('urgent', { priority: 1 }),
      aSubtask('root', { priority: 5 }),
      aSubtask('leaf', { dependsOn: ['root'], effort: 'high' }),
    ];
    const ready = readySubtasks(subtasks, { started: new Set(), integrated: new Set() });
    assert.deepEqual(
      ready.map((s) => s.id),
      ['root', 'urgent', 'lone'],
    );
    assert.equal(criticalPaths(subtasks).get('root'), 4);
  });

  it('offers a subtask only when everything it depends on is integrated', () => {
    const subtasks = [aSubtask('a'), aSubtask('b', { dependsOn: ['a'] })];
    const ids = (started: string[], integrated: string[]) =>
      readySubtasks(subtasks, { started: new Set(started), integrated: new Set(integrated) }).map((s) => s.id);
    assert.deepEqual(ids(['a'], []), []);
    assert.deepEqual(ids(['a'], ['a']), ['b']);
  });

  it('comes to the end of every acyclic graph', () => {
    const graph = fc
      .integer({ min: 1, max: 14 })
      .chain((n) =>
        fc.tuple(...Array.from({ length: n }, (_, i) => fc.subarray(Array.from({ length: i }, (_v, j) => `s${j}`)))),
      );
    fc.assert(
      fc.property(graph, (edges) => {
        const subtasks = edges.map((dependsOn, i) => aSubtask(`s${i}`, { dependsOn }));
        const integrated = new Set<string>();
        const started = new Set<string>();
        while (integrated.size < subtasks.length) {
          const [next] = readySubtasks(subtasks, { started, integrated });
          assert.ok(next, 'something is ready as long as something is left');
          assert.ok(next.dependsOn.every((before) => integrated.has(before)));
          started.add(next.id);
          integrated.add(next.id);
        }
      }),
    );
  });

  it('gives each subtask an agent of its specialization and takes agents back', () => {
    const pool = new AgentPool(3);
    assert.equal(pool.assign('frontend', 'a'), 'frontend-1');
    assert.equal(pool.assign('frontend', 'b'), 'frontend-2');
    assert.equal(pool.assign('database', 'c'), 'database-1');
    assert.equal(pool.free, 0);
    assert.throws(() => pool.assign('backend', 'd'), /full/);
    pool.release('frontend-1');
    assert.equal(pool.assign('frontend', 'd'), 'frontend-1');
  });
});
