import assert from 'node:assert/strict';
import type { Ctx, Definition, StepContext } from '../../src/core/engine/port.ts';
import { cancelTests, childTests } from './engine-children.ts';
import { ownershipTests } from './engine-ownership.ts';
import { ruleTests } from './engine-rules.ts';
import { stepTests } from './engine-steps.ts';
import { waitTests } from './engine-waits.ts';
import { define, type EngineDoor, type EngineWorld, event, hanging, latch } from './engine-world.ts';

/** What every implementation of the engine's port has to do. */
export function engineContract(name: string, makeWorld: () => Promise<EngineWorld>): void {
  describe(`${name}: the contract of the engine`, () => {
    let world: EngineWorld;
    beforeEach(async () => {
      world = await makeWorld();
    });
    afterEach(() => world.close());

    const openWith = async (...definitions: Definition<never, unknown>[]): Promise<EngineDoor> => {
      const door = await world.open();
      door.engine.register(...definitions);
      return door;
    };
    const messagesOf = (door: EngineDoor, runId: string) =>
      door.events.read(runId, 0).map((record) => (record.event.type === 'wait.began' ? record.event.message : ''));

    stepTests(openWith, () => world);
    waitTests(openWith, () => world);
    childTests(openWith);
    cancelTests(openWith);
    ruleTests(openWith);
    ownershipTests(openWith, () => world);

    it('publishes an event once, also when the run is replayed', async () => {
      const hang = hanging();
      let runStep: (s: StepContext) => Promise<unknown> = hang.run;
      const def = define('pub@1', async (ctx: Ctx) => {
        await ctx.publish('p', event('published'));
        await ctx.step('s', (s) => {
          s.emit('one', event('emitted'));
          s.emit('one', event('emitted again'));
          return runStep(s);
        });
      });
      const first = await openWith(def);
      await first.engine.start(def, null, { runId: 'r' });
      await hang.reached;
      assert.deepEqual(messagesOf(first, 'r'), ['published', 'emitted']);
      await first.engine.stop();
      runStep = async () => 'done';
      const second = await openWith(def);
      await second.engine.resume('r');
      await second.engine.result({ runId: 'r' });
      assert.deepEqual(messagesOf(second, 'r'), ['published', 'emitted']);
    });

    it('lists root runs newest first, and tells active runs, records and history', async () => {
      const gate = latch();
      const child = define('child@1', async (ctx: Ctx) => ctx.waitFor('w', 'go', { timeoutMs: 1e6 }));
      const def = define('parent@1', async (ctx: Ctx, input: number) => {
        await ctx.step('a', async () => input);
        const handle = await ctx.startChild('c', child, null);
        await gate.wait();
        await ctx.waitAny('w', [handle]);
        return input + 1;
      });
      const plain = define('plain@1', async () => null);
      const { engine } = await openWith(def, child, plain);
      const handle = await engine.start(def, 1, { runId: 'one' });
      await gate.reached;
      await world.advance(5);
      assert.deepEqual(
        (await engine.active('one')).map((run) => run.runId),
        ['one', 'one/c'],
      );
      assert.equal((await engine.get('one/c'))?.status, 'waiting');
      gate.open();
      await engine.send('one/c', 'go', true, 'k');
      assert.deepEqual(await engine.result(handle), { ok: true, value: 2 });
      await engine.result(await engine.start(plain, null, { runId: 'two' }));
      const record = await engine.get('one');
      assert.equal(record?.status, 'complete');
      assert.equal(record?.input, 1);
      assert.equal(record?.output, 2);
      assert.equal(record?.parentId, null);
      assert.equal(record?.definition, 'parent@1');
      assert.deepEqual(await engine.active('one'), []);
      const history = await engine.history('one');
      assert.deepEqual(
        history.map((entry) => [entry.name, entry.kind, entry.attempts, entry.ok]),
        [
          ['a', 'step', 1, true],
          ['c', 'child', 1, true],
          ['w', 'waitAny', 1, true],
        ],
      );
      assert.deepEqual(
        (await engine.list()).map((run) => run.runId),
        ['two', 'one'],
      );
      assert.equal((await engine.list({ limit: 1 })).length, 1);
      assert.deepEqual(await engine.list({ status: 'failed' }), []);
      assert.equal(await engine.get('nobody'), null);
    });

    it('says not_found for a run that does not exist', async () => {
      const { engine } = await openWith();
      const notFound = { code: 'not_found' };
      await assert.rejects(engine.resume('x'), notFound);
      await assert.rejects(engine.send('x', 't', 1, 'k'), notFound);
      await assert.rejects(engine.cancel('x'), notFound);
      await assert.rejects(engine.result({ runId: 'x' }), notFound);
    });
  });
}
