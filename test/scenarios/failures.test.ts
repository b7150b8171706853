import assert from 'node:assert/strict';
import { AppError } from '../../src/protocol/errors.ts';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { finish, openRig, type Rig, type Script, write } from './rig.ts';

const subtask = (id: string) => aSubtask(id, { checks: [{ name: 't', command: `test -f ${id}/done.txt` }] });
const goodTurn: Script['turn'] = (id, turn) => (turn === 0 ? [write(`${id}/done.txt`, id)] : [finish()]);

describe('a part that fails', function () {
  this.timeout(60_000);
  let rig: Rig;
  afterEach(() => rig.close());

  it('does not cost the work of the others: the run waits, and a resume tries that part alone again', async () => {
    let broken = true;
    rig = await openRig(
      { plan: aPlan([subtask('a'), subtask('b')]), turn: goodTurn },
      {
        adjust: ({ repository }) => ({
          repository: {
            ...repository,
            // A fault that nobody foresaw, after the work of `a` was paid for.
            changedFiles: async (repoDir, from, to) => {
              const files = await repository.changedFiles(repoDir, from, to);
              if (broken && files.some((file) => file.path.startsWith('a/'))) throw new Error('a surprise');
              return files;
            },
          },
        }),
      },
    );
    const runId = await rig.start({ until: 'build' });
    const waiting = await rig.settled(runId);
    assert.equal(waiting.status, 'waiting');
    assert.match(
      waiting.waiting[0]?.message ?? '',
      /1 of 2 subtasks failed, 1 are integrated[\s\S]*a surprise[\s\S]*Resume/,
    );
    assert.equal(waiting.subtasks.b?.state, 'integrated');
    const turnsOfB = rig.agent.requests.filter(
      (request) => request.messages[0]?.role === 'user' && request.messages[0].text.includes('Subtask: b'),
    ).length;
    broken = false;
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    const view = await rig.settled(runId);
    assert.deepEqual([view.status, view.waiting], ['complete', []]);
    const again = rig.agent.requests.filter(
      (request) => request.messages[0]?.role === 'user' && request.messages[0].text.includes('Subtask: b'),
    ).length;
    assert.equal(again, turnsOfB);
    // What the first try had committed is still there.
    const refs = rig.git('for-each-ref', '--format=%(refname)', `refs/orchestrator/${runId}`);
    assert.match(refs, /\/a\n/);
    assert.match(refs, /\/a\.2\n/);
  });

  it('and is a revision gives the diff back to the person as it was', async () => {
    rig = await openRig({
      plan: aPlan([subtask('a')]),
      turn: (id, turn, request) => {
        if (id !== 'revision-1') return goodTurn(id, turn, request);
        throw new AppError({ code: 'no_recording', message: 'nothing recorded' });
      },
    });
    const runId = await rig.start({ autoApprove: false, until: 'review' });
    await rig.settled(runId);
    await rig.app.dispatch({ type: 'approve', runId, gate: 'plan' });
    const first = await rig.settled(runId);
    await rig.app.dispatch({ type: 'reject', runId, comment: 'other words' });
    const second = await rig.settled(runId);
    assert.equal(second.waiting[0]?.gate, 'diff');
    assert.match(second.waiting[0]?.message ?? '', /revision failed.*nothing recorded/s);
    assert.equal(second.diff?.commit, first.diff?.commit);
    await rig.app.dispatch({ type: 'approve', runId, gate: 'diff' });
    assert.equal((await rig.settled(runId)).status, 'complete');
  });
});

describe('the effort of agents', function () {
  this.timeout(60_000);
  it('is that of the plan, unless the configuration sets one', async () => {
    for (const configured of [null, 'max'] as const) {
      const policy = configured === null ? {} : { agent: { model: 'claude-sonnet-5-5', effort: configured } };
      const rig = await openRig({ plan: aPlan([subtask('a')]), turn: goodTurn }, { policy });
      try {
        await rig.settled(await rig.start({ until: 'build' }));
        assert.equal(rig.agent.requests[0]?.effort, configured ?? 'low');
      } finally {
        await rig.close();
      }
    }
  });
});

describe('a file that an agent hides from its commit', function () {
  this.timeout(60_000);
  it('does not make its checks pass: they run again on what is committed', async () => {
    const rig = await openRig({
      plan: aPlan([subtask('a')], { integrationChecks: [{ name: 'other', command: 'test -d a' }] }),
      turn: (id, turn) => {
        if (id.endsWith(':merge')) return [write('a/.gitignore', ''), write('a/done.txt', 'shown'), finish()];
        return turn === 0 ? [write('a/.gitignore', 'done.txt\n'), write('a/done.txt', 'hidden'), finish()] : [finish()];
      },
    });
    try {
      const runId = await rig.start({ until: 'review' });
      const view = await rig.settled(runId);
      assert.ok(
        rig
          .eventsOf(runId)
          .some((e) => e.type === 'integration.checked' && e.evidence.some((v) => v.outcome === 'failed')),
      );
      if (view.status === 'complete') assert.equal(rig.git('show', 'orchestrator/sample:a/done.txt'), 'shown');
      else assert.equal(view.waiting[0]?.gate, 'subtask');
    } finally {
      await rig.close();
    }
  });
});
