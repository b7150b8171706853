import assert from 'node:assert/strict';
import type { Ctx, Engine } from '../../src/core/engine/port.ts';
import { define, type EngineWorld, type OpenWith } from './engine-world.ts';

export function waitTests(openWith: OpenWith, world: () => EngineWorld): void {
  const waiter = define('waiter@1', async (ctx: Ctx, ready: null) => {
    const first = await ctx.waitFor<number>('one', 'topic', { timeoutMs: 60_000 });
    const second = await ctx.waitFor<number>('two', 'topic', { timeoutMs: 60_000 });
    return [ready, first, second];
  });
  const statusBecomes = async (engine: Engine, runId: string, status: string) => {
    while ((await engine.get(runId))?.status !== status) await new Promise((resolve) => setImmediate(resolve));
  };

  it('takes messages in order, keeps early ones, and ignores a repeated dedupKey', async () => {
    const { engine } = await openWith(waiter);
    const handle = await engine.start(waiter, null, { runId: 'r' });
    await engine.send('r', 'other', 0, 'k0');
    await engine.send('r', 'topic', 1, 'k1');
    await engine.send('r', 'topic', 99, 'k1');
    await engine.send('r', 'topic', 2, 'k2');
    assert.deepEqual(await engine.result(handle), { ok: true, value: [null, 1, 2] });
    await engine.send('r', 'topic', 1, 'k1');
    await assert.rejects(engine.send('r', 'topic', 3, 'k3'), { code: 'engine_conflict' });
  });

  it('is waiting while it waits, and answers null when the deadline passes', async () => {
    const { engine } = await openWith(waiter);
    const handle = await engine.start(waiter, null, { runId: 'r' });
    await statusBecomes(engine, 'r', 'waiting');
    await world().advance(59_999);
    assert.equal((await engine.get('r'))?.status, 'waiting');
    await world().advance(1);
    await engine.send('r', 'topic', 7, 'k');
    assert.deepEqual(await engine.result(handle), { ok: true, value: [null, null, 7] });
  });

  it('keeps the absolute deadline of a wait over a restart', async () => {
    const first = await openWith(waiter);
    await first.engine.start(waiter, null, { runId: 'r' });
    await statusBecomes(first.engine, 'r', 'waiting');
    await world().advance(50_000);
    await first.engine.stop();
    await world().advance(5_000);
    const second = await openWith(waiter);
    assert.equal((await second.engine.get('r'))?.status, 'waiting');
    await second.engine.resume('r');
    await world().advance(4_999);
    assert.equal((await second.engine.history('r')).length, 0);
    await world().advance(1);
    assert.equal((await second.engine.history('r')).length, 1);
  });

  it('receives a message that was sent while nobody executed the run', async () => {
    const first = await openWith(waiter);
    await first.engine.start(waiter, null, { runId: 'r' });
    await statusBecomes(first.engine, 'r', 'waiting');
    await first.engine.stop();
    const second = await openWith(waiter);
    await second.engine.send('r', 'topic', 1, 'k1');
    await second.engine.send('r', 'topic', 2, 'k2');
    await second.engine.resume('r');
    assert.deepEqual(await second.engine.result({ runId: 'r' }), { ok: true, value: [null, 1, 2] });
  });

  it('sleeps once, for what is left after a restart', async () => {
    const def = define('sleeper@1', async (ctx: Ctx) => {
      await ctx.sleep('nap', 10_000);
      return ctx.step('s', async () => world().now());
    });
    const start = world().now();
    const first = await openWith(def);
    await first.engine.start(def, null, { runId: 'r' });
    await statusBecomes(first.engine, 'r', 'waiting');
    await world().advance(4_000);
    await first.engine.stop();
    const second = await openWith(def);
    await second.engine.resume('r');
    await world().advance(6_000);
    assert.deepEqual(await second.engine.result({ runId: 'r' }), { ok: true, value: start + 10_000 });
  });

  it('waits without end when the limit is infinite', async () => {
    const def = define('endless@1', async (ctx: Ctx) =>
      ctx.waitFor('w', 'topic', { timeoutMs: Number.POSITIVE_INFINITY }),
    );
    const { engine } = await openWith(def);
    const handle = await engine.start(def, null, { runId: 'r' });
    await statusBecomes(engine, 'r', 'waiting');
    await world().advance(600_000);
    assert.equal((await engine.get('r'))?.status, 'waiting');
    await engine.send('r', 'topic', 'at last', 'k');
    assert.deepEqual(await engine.result(handle), { ok: true, value: 'at last' });
  });
}
