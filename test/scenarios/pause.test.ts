import assert from 'node:assert/strict';
import { AppError } from '../../src/protocol/errors.ts';
import type { DomainEvent } from '../../src/protocol/events.ts';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { finish, type Script, useRigs, write } from './rig.ts';

const part = (id: string) => aSubtask(id, { checks: [{ name: 'test', command: `test -f ${id}/done.txt` }] });
const goodTurn: Script['turn'] = (id, turn) => (turn === 0 ? [write(`${id}/done.txt`, `${id}\n`)] : [finish()]);
const types = (events: DomainEvent[]) => events.map((event) => event.type);

describe('a run that is stopped and goes on', function () {
  this.timeout(60_000);
  const open = useRigs();

  /** Two agents that both are in their first call when `inCall` resolves, and go on after `release`. */
  const twoInCall = async () => {
    const inCall = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    let arrived = 0;
    const rig = await open({
      plan: aPlan([part('a'), part('b')]),
      turn: async (id, turn, request) => {
        if (turn === 0) {
          arrived += 1;
          if (arrived === 2) inCall.resolve();
          await released.promise;
        }
        return goodTurn(id, turn, request);
      },
    });
    const runId = await rig.start({ until: 'build' });
    await inCall.promise;
    return { rig, runId, release: released.resolve };
  };

  it('lets calls under way finish, keeps them, and makes no other before it is resumed', async () => {
    const { rig, runId, release } = await twoInCall();
    await rig.app.dispatch({ type: 'pause', runId });
    await rig.app.dispatch({ type: 'pause', runId });
    release();
    const paused = await rig.settled(runId);
    assert.equal(paused.status, 'waiting');
    assert.equal(paused.paused, true);
    assert.deepEqual(
      paused.waiting.map(({ gate, code, message }) => [gate, code, message]),
      Array(2).fill(['resume', 'paused', 'Paused.']),
    );
    assert.equal(rig.agent.requests.length, 2);
    assert.deepEqual(paused.subtasks.a?.state, 'working');
    assert.equal(rig.eventsOf(runId).filter(({ type }) => type === 'subtask.committed').length, 2);

    await rig.restart();
    assert.equal((await rig.app.snapshot(runId))?.paused, true);
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    const view = await rig.settled(runId);
    assert.equal(view.status, 'complete');
    assert.equal(view.paused, false);
    // Two turns of each agent: what was answered before the pause was not asked again.
    assert.equal(rig.agent.requests.length, 4);
    const kinds = types(rig.eventsOf(runId));
    assert.equal(kinds.filter((type) => type === 'pause.requested').length, 1);
    assert.equal(kinds.filter((type) => type === 'pause.ended').length, 1);
    await assert.rejects(rig.app.dispatch({ type: 'pause', runId }), { code: 'usage' });
  });

  for (const [code, words] of [
    ['ENOSPC', /The disk is full.*Free some space, then resume the run\./],
    ['EROFS', /read-only.*Make it writable, then resume the run\./],
    ['EMFILE', /too many files open.*Close some programs, then resume the run\./],
  ] as const) {
    it(`waits with words when the system says ${code}, wherever that happens, and goes on after it`, async () => {
      // In the order in which the run comes to them; each until it is mended.
      const bad = ['commitFiles', 'openWorktree', 'commitTree'];
      const rig = await open(
        { plan: aPlan([part('a')], { sharedInterfaces: [{ path: 'x', purpose: 'x', content: 'x' }] }), turn: goodTurn },
        {
          adjust: ({ repository }) => ({
            repository: new Proxy(repository, {
              get: (target, name) =>
                bad.includes(String(name))
                  ? () =>
                      Promise.reject(Object.assign(new Error(`${code}: so it is, write`), { code, syscall: 'write' }))
                  : Reflect.get(target, name),
            }),
          }),
        },
      );
      const runId = await rig.start({ until: 'build' });
      let view = await rig.settled(runId);
      while (bad.length > 0) {
        assert.deepEqual(
          [view.status, view.waiting[0]?.gate, view.waiting[0]?.code],
          ['waiting', 'resume', 'storage_failed'],
        );
        assert.match(view.waiting[0]?.message ?? '', words);
        bad.shift();
        await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
        view = await rig.settled(runId);
      }
      assert.equal(view.status, 'complete');
      assert.equal(rig.agent.requests.length, 2, 'an answer that was paid for was asked again');
    });
  }

  it('is paused from another process', async () => {
    const { rig, runId, release } = await twoInCall();
    const other = rig.another();
    await other.dispatch({ type: 'pause', runId });
    release();
    const paused = await rig.settled(runId);
    assert.ok(paused.waiting.length === 2 && paused.waiting.every((wait) => wait.code === 'paused'));
    assert.equal((await other.snapshot(runId))?.waiting.length, 2);
    await other.dispatch({ type: 'resume', runId, budgetUsd: null });
    assert.equal((await other.settled(runId, AbortSignal.timeout(60_000))).status, 'complete');
    await other.close();
  });

  it('waits before its very first call when it is paused at once', async () => {
    const rig = await open({ plan: aPlan([part('a')]), turn: goodTurn });
    const runId = await rig.start({ until: 'plan' });
    await rig.app.dispatch({ type: 'pause', runId });
    const paused = await rig.settled(runId);
    assert.equal(paused.waiting[0]?.code, 'paused');
    assert.equal(rig.lead.requests.length, 0);
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    assert.equal((await rig.settled(runId)).status, 'complete');
  });

  it('goes on with one part alone when only that is resumed', async () => {
    const refused = new Set(['a', 'b']);
    const rig = await open({
      plan: aPlan([part('a'), part('b')]),
      turn: (id, turn, request) => {
        if (turn === 0 && refused.delete(id))
          throw new AppError({ code: 'quota_exhausted', message: `no credit (${id})` });
        return goodTurn(id, turn, request);
      },
    });
    const runId = await rig.start({ until: 'build' });
    const both = await rig.settled(runId);
    assert.equal(both.waiting.length, 2);
    const wait = both.waiting.find(({ message }) => message.includes('(b)'));
    assert.ok(wait);
    const one = { type: 'resume' as const, runId, budgetUsd: null, topic: wait.topic, waitOn: wait.waitOn };
    await rig.app.dispatch(one);
    const left = await rig.settled(runId);
    assert.deepEqual([left.subtasks.a?.state, left.subtasks.b?.state], ['working', 'integrated']);
    assert.deepEqual(
      left.waiting.map(({ message }) => message),
      ['no credit (a)'],
    );
    await assert.rejects(rig.app.dispatch(one), { code: 'usage' });
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    assert.equal((await rig.settled(runId)).status, 'complete');
  });
});
