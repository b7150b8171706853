import assert from 'node:assert/strict';
import type { Ctx, StepContext } from '../../src/core/engine/port.ts';
import { AppError } from '../../src/protocol/errors.ts';
import { define, type EngineWorld, event, hanging, type OpenWith } from './engine-world.ts';

export function stepTests(openWith: OpenWith, world: () => EngineWorld): void {
  it('gives back a recorded value without calling the step again', async () => {
    const calls: string[] = [];
    const hang = hanging();
    let last: (s: StepContext) => Promise<unknown> = hang.run;
    const def = define('steps@1', async (ctx: Ctx, input: { n: number }) => {
      const replayingAtStart = ctx.replaying;
      const a = await ctx.step('a', async (s) => {
        calls.push(`${s.key}#${s.attempt}`);
        return { sum: input.n + 1, none: undefined, when: new Date(0) };
      });
      const nothing = await ctx.step('nothing', async () => {});
      await ctx.step('last', (s) => last(s));
      return { a, nothing: nothing === undefined, replayingAtStart, replayingAtEnd: ctx.replaying };
    });
    const first = await openWith(def);
    await first.engine.start(def, { n: 1 }, { runId: 'r' });
    await hang.reached;
    await first.engine.stop();
    last = async (s) => calls.push(`${s.key}#${s.attempt}`);
    const second = await openWith(def);
    assert.equal(await second.engine.resume('r'), true);
    const a = { sum: 2, when: '1970-01-01T00:00:00.000Z' };
    assert.deepEqual(await second.engine.result({ runId: 'r' }), {
      ok: true,
      value: { a, nothing: true, replayingAtStart: true, replayingAtEnd: false },
    });
    assert.deepEqual(calls, ['r:a#1', 'r:last#2']);
  });

  it('records an error, and throws the same one on replay', async () => {
    let calls = 0;
    const seen: unknown[] = [];
    const hang = hanging();
    let last: (s: StepContext) => Promise<unknown> = hang.run;
    const def = define('errors@1', async (ctx: Ctx) => {
      try {
        await ctx.step('bad', async () => {
          calls += 1;
          throw new AppError({ code: 'git_failed', message: 'm', userMessage: 'u', details: { path: 'a' } });
        });
      } catch (thrown) {
        seen.push(thrown instanceof AppError && thrown.toInfo());
      }
      await ctx.step('last', (s) => last(s));
      throw new Error('plain');
    });
    const first = await openWith(def);
    await first.engine.start(def, null, { runId: 'r' });
    await hang.reached;
    await first.engine.stop();
    last = async () => 1;
    const second = await openWith(def);
    await second.engine.resume('r');
    const outcome = await second.engine.result({ runId: 'r' });
    assert.equal(calls, 1);
    assert.deepEqual(seen[0], seen[1]);
    assert.deepEqual(seen[0], {
      code: 'git_failed',
      message: 'm',
      userMessage: 'u',
      retry: false,
      details: { path: 'a' },
    });
    assert.deepEqual(outcome, {
      ok: false,
      error: { code: 'internal', message: 'plain', userMessage: 'plain', retry: false },
    });
    assert.equal((await second.engine.get('r'))?.error?.code, 'internal');
  });

  it('tries a passing failure again with a doubling wait, and gives the error up after the last try', async () => {
    const at: number[] = [];
    const def = define('retry@1', async (ctx: Ctx) =>
      ctx.step(
        'flaky',
        async (s) => {
          at.push(world().now());
          throw new AppError({ code: 'overloaded', message: `try ${s.attempt}` });
        },
        { maxAttempts: 3, backoffMs: 100 },
      ),
    );
    const { engine } = await openWith(def);
    const handle = await engine.start(def, null, { runId: 'r' });
    await world().advance(1_000);
    const outcome = await engine.result(handle);
    assert.equal(!outcome.ok && outcome.error.message, 'try 3');
    assert.deepEqual(
      at.map((time) => time - (at[0] ?? 0)),
      [0, 100, 300],
    );
    assert.equal((await engine.history('r'))[0]?.attempts, 3);
  });

  it('appends what concludes a step together with its value, whatever the durability, and nothing of a try that threw', async () => {
    const def = define('concluding@1', async (ctx: Ctx) => {
      for (const durability of ['full', 'soon', 'process'] as const) {
        await ctx.step(
          durability,
          async (s) => {
            s.conclude('end', event(`${durability} try ${s.attempt}`));
            s.emit('begin', event(`${durability} begins`));
            if (s.attempt === 1) throw new AppError({ code: 'overloaded', message: 'again' });
            return null;
          },
          { maxAttempts: 2, backoffMs: 0, durability },
        );
      }
    });
    const { engine, events } = await openWith(def);
    const handle = await engine.start(def, null, { runId: 'r' });
    assert.equal((await engine.result(handle)).ok, true);
    assert.deepEqual(
      events.read('r', 0).map((record) => record.event.type === 'wait.began' && record.event.message),
      ['full begins', 'full try 2', 'soon begins', 'soon try 2', 'process begins', 'process try 2'],
    );
  });

  it('does not try again what nobody expects to pass', async () => {
    let calls = 0;
    const def = define('noretry@1', async (ctx: Ctx) =>
      ctx.step(
        's',
        async () => {
          calls += 1;
          throw new AppError({ code: 'auth', message: 'no' });
        },
        { maxAttempts: 5 },
      ),
    );
    const { engine } = await openWith(def);
    await engine.result(await engine.start(def, null, { runId: 'r' }));
    assert.equal(calls, 1);
  });

  it('ends a try that takes too long with the code timeout', async () => {
    const reasons: unknown[] = [];
    const def = define('slow@1', async (ctx: Ctx) =>
      ctx.step(
        's',
        (s) =>
          new Promise((_, reject) => {
            s.signal.addEventListener('abort', () => {
              reasons.push(s.signal.reason instanceof AppError && s.signal.reason.code);
              reject(new Error('cut'));
            });
          }),
        { timeoutMs: 500, maxAttempts: 2, backoffMs: 10 },
      ),
    );
    const { engine } = await openWith(def);
    const handle = await engine.start(def, null, { runId: 'r' });
    await world().advance(2_000);
    const outcome = await engine.result(handle);
    assert.equal(!outcome.ok && outcome.error.code, 'timeout');
    assert.deepEqual(reasons, ['timeout', 'timeout']);
  });

  it('does not record what a step returns after a stop, and tries it again on resume', async () => {
    const attempts: number[] = [];
    const reached = Promise.withResolvers<void>();
    const def = define('half@1', async (ctx: Ctx) =>
      ctx.step('s', (s) => {
        attempts.push(s.attempt);
        if (attempts.length > 1) return Promise.resolve('whole');
        reached.resolve();
        return new Promise((resolve) => s.signal.addEventListener('abort', () => resolve('half')));
      }),
    );
    const first = await openWith(def);
    const handle = await first.engine.start(def, null, { runId: 'r' });
    const waiting = assert.rejects(first.engine.result(handle), { code: 'aborted' });
    await reached.promise;
    await first.engine.stop();
    await waiting;
    const second = await openWith(def);
    assert.equal((await second.engine.get('r'))?.status, 'running');
    await second.engine.resume('r');
    assert.deepEqual(await second.engine.result({ runId: 'r' }), { ok: true, value: 'whole' });
    assert.deepEqual(attempts, [1, 2]);
  });

  it('carries values of a megabyte through steps, children, messages and results', async () => {
    const big = 'ä'.repeat(500_000);
    const echo = define('echo@1', async (_: Ctx, input: string) => input);
    const def = define('big@1', async (ctx: Ctx, input: string) => {
      const a = await ctx.step('s', async () => input);
      const child = await ctx.startChild('c', echo, a);
      const { outcome } = await ctx.waitAny('w', [child]);
      const message = await ctx.waitFor<string>('m', 'topic', { timeoutMs: 1_000 });
      return outcome.ok && outcome.value === message ? message : 'different';
    });
    const { engine } = await openWith(def, echo);
    const handle = await engine.start(def, big, { runId: 'r' });
    await engine.send('r', 'topic', big, 'k');
    const outcome = await engine.result(handle);
    assert.ok(outcome.ok && outcome.value === big);
  });
}
