import assert from 'node:assert/strict';
import type { Ctx, Definition } from '../../src/core/engine/port.ts';
import { define, hanging, type OpenWith } from './engine-world.ts';

export function ruleTests(openWith: OpenWith): void {
  const conflictOf = async (def: Definition<null, unknown>): Promise<string> => {
    const { engine } = await openWith(def);
    const outcome = await engine.result(await engine.start(def, null, { runId: 'r' }));
    assert.ok(!outcome.ok);
    assert.equal(outcome.error.code, 'engine_conflict');
    return outcome.error.message;
  };
  /** Runs one definition up to its step `stop`, then resumes with the other. */
  const replayedAs = async (
    before: (ctx: Ctx) => Promise<unknown>,
    after: (ctx: Ctx) => Promise<unknown>,
  ): Promise<string> => {
    const hang = hanging();
    const old = define('changing@1', async (ctx: Ctx) => {
      await before(ctx);
      await ctx.step('stop', hang.run);
    });
    const first = await openWith(old);
    await first.engine.start(old, null, { runId: 'r' });
    await hang.reached;
    await first.engine.stop();
    const second = await openWith(define('changing@1', after));
    await second.engine.resume('r');
    const outcome = await second.engine.result({ runId: 'r' });
    assert.ok(!outcome.ok);
    assert.equal(outcome.error.code, 'engine_conflict');
    return outcome.error.message;
  };

  it('fails a run that makes two calls at once', async () => {
    const message = await conflictOf(
      define('two@1', (ctx: Ctx) => Promise.all([ctx.step('a', async () => 1), ctx.step('b', async () => 2)])),
    );
    assert.match(message, /step 'b' .* step 'a'/);
  });

  it('fails a run that uses a name twice, even when the definition catches the error', async () => {
    const message = await conflictOf(
      define('twice@1', async (ctx: Ctx) => {
        await ctx.step('a', async () => 1);
        await ctx.sleep('a', 1).catch(() => {});
        return 'went on';
      }),
    );
    assert.match(message, /sleep 'a'/);
  });

  it('fails a run whose value is not JSON', async () => {
    const message = await conflictOf(define('bigint@1', (ctx: Ctx) => ctx.step('a', async () => 1n)));
    assert.match(message, /step 'a'/);
  });

  it('fails a run that ends with a call outstanding', async () => {
    const message = await conflictOf(
      define('floating@1', async (ctx: Ctx) => {
        void ctx.waitFor('w', 'topic', { timeoutMs: 1_000 });
      }),
    );
    assert.match(message, /waitFor 'w'/);
  });

  it('fails a run whose definition asks for something else than history holds', async () => {
    const message = await replayedAs(
      (ctx) => ctx.step('a', async () => 1),
      (ctx) => ctx.step('b', async () => 1),
    );
    assert.match(message, /step 'a' .* step 'b'/);
  });

  it('fails a run whose definition leaves history unused', async () => {
    const message = await replayedAs(
      (ctx) => ctx.step('a', async () => 1),
      async () => 'done already',
    );
    assert.match(message, /step 'a'/);
  });

  it('refuses a definition that is not registered, and two of one name', async () => {
    const def = define('known@1', async () => 1);
    const { engine } = await openWith(def);
    const conflict = { code: 'engine_conflict' };
    await assert.rejects(
      engine.start(
        define('unknown@1', async () => 1),
        null,
        { runId: 'r' },
      ),
      conflict,
    );
    assert.throws(() => engine.register(define('known@1', async () => 2)), conflict);
    await engine.start(def, null, { runId: 'r' });
    const parent = define('parent@1', (ctx: Ctx) =>
      ctx.startChild(
        'c',
        define('unknown@1', async () => 1),
        null,
      ),
    );
    engine.register(parent);
    await assert.rejects(engine.start(parent, null, { runId: 'r' }), conflict);
    const outcome = await engine.result(await engine.start(parent, null, { runId: 'p' }));
    assert.equal(!outcome.ok && outcome.error.code, 'engine_conflict');
  });
}
