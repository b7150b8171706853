import assert from 'node:assert/strict';
import type { Ctx, StepContext } from '../../src/core/engine/port.ts';
import { define, type EngineWorld, event, hanging, latch, type OpenWith } from './engine-world.ts';

export function ownershipTests(openWith: OpenWith, world: () => EngineWorld): void {
  it('starts a run once, whoever starts it again', async () => {
    let calls = 0;
    const gate = latch();
    const def = define('once@1', (ctx: Ctx, input: number) =>
      ctx.step('s', async () => {
        calls += 1;
        await gate.wait();
        return input;
      }),
    );
    const first = await openWith(def);
    const second = await openWith(def);
    await first.engine.start(def, 1, { runId: 'r' });
    await second.engine.start(def, 2, { runId: 'r' });
    await first.engine.start(def, 3, { runId: 'r' });
    await gate.reached;
    gate.open();
    assert.deepEqual(await second.engine.result({ runId: 'r' }), { ok: true, value: 1 });
    assert.equal(calls, 1);
  });

  it('leaves a run to its living owner, and lets another take it over after a stop', async () => {
    const hang = hanging();
    let work: (s: StepContext) => Promise<unknown> = hang.run;
    const def = define('owned@1', (ctx: Ctx) => ctx.step('s', (s) => work(s)));
    const first = await openWith(def);
    const second = await openWith(def);
    await first.engine.start(def, null, { runId: 'r' });
    await hang.reached;
    assert.equal(await second.engine.resume('r'), false);
    assert.equal(await first.engine.resume('r'), true);
    await first.engine.stop();
    await first.engine.stop();
    await assert.rejects(first.engine.start(def, null, { runId: 'r2' }), { code: 'aborted' });
    work = async () => 'second';
    await second.engine.start(def, null, { runId: 'r' });
    assert.deepEqual(await second.engine.result({ runId: 'r' }), { ok: true, value: 'second' });
  });

  it('shows events and results of one process to another, in order', async () => {
    const def = define('speaker@1', async (ctx: Ctx) => {
      for (let i = 0; i < 20; i += 1) await ctx.publish(`p-${i}`, event(`m${i}`));
      return 'spoken';
    });
    const speaker = await openWith(def);
    const listener = await openWith(def);
    const seen: number[] = [];
    const all = Promise.withResolvers<void>();
    const off = listener.events.subscribe('r', 5, (record) => {
      seen.push(record.seq);
      if (record.seq === 20) all.resolve();
    });
    await speaker.engine.start(def, null, { runId: 'r' });
    assert.deepEqual(await listener.engine.result({ runId: 'r' }), { ok: true, value: 'spoken' });
    await all.promise;
    off();
    assert.deepEqual(
      seen,
      Array.from({ length: 15 }, (_, i) => i + 6),
    );
    assert.equal(world().now(), Date.parse(listener.events.read('r', 19)[0]?.at ?? ''));
  });
}
