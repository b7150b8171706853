import assert from 'node:assert/strict';
import type { Condition, Ctx, Handle, StepContext } from '../../src/core/engine/port.ts';
import { AppError } from '../../src/protocol/errors.ts';
import { define, event, hanging, latch, type OpenWith } from './engine-world.ts';

class Weather implements Condition {
  doesHold = false;
  asked = 0;
  readonly listeners = new Set<() => void>();

  holds(): boolean {
    this.asked += 1;
    return this.doesHold;
  }

  watch(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  tell(): void {
    for (const listener of this.listeners) listener();
  }
}

export function childTests(openWith: OpenWith): void {
  it('takes children in the order in which they end, and keeps the choice on replay', async () => {
    const gates = { a: latch<string>(), b: latch<string>() };
    const hang = hanging();
    let last: (s: StepContext) => Promise<unknown> = hang.run;
    const child = define('child@1', (ctx: Ctx, input: 'a' | 'b') => ctx.step('s', () => gates[input].wait()));
    const order: string[][] = [];
    const def = define('parent@1', async (ctx: Ctx) => {
      const taken: string[] = [];
      order.push(taken);
      let open: Handle<string>[] = [await ctx.startChild('a', child, 'a'), await ctx.startChild('b', child, 'b')];
      for (let i = 0; open.length > 0; i += 1) {
        const { handle, outcome } = await ctx.waitAny(`next-${i}`, open);
        taken.push(`${handle.runId}=${outcome.ok ? outcome.value : outcome.error.code}`);
        open = open.filter((other) => other.runId !== handle.runId);
      }
      await ctx.step('last', (s) => last(s));
    });
    const first = await openWith(def, child);
    await first.engine.start(def, null, { runId: 'r' });
    await Promise.all([gates.a.reached, gates.b.reached]);
    gates.b.open('B');
    await first.engine.result({ runId: 'r/b' });
    gates.a.open('A');
    await hang.reached;
    await first.engine.stop();
    last = async () => 1;
    const second = await openWith(def, child);
    await second.engine.resume('r');
    await second.engine.result({ runId: 'r' });
    assert.deepEqual(order, [
      ['r/b=B', 'r/a=A'],
      ['r/b=B', 'r/a=A'],
    ]);
  });

  it('ends a wait for a condition, says so on replay without asking it, and takes an outcome before it', async () => {
    const gate = latch<string>();
    const between = latch();
    const hang = hanging();
    let last: (s: StepContext) => Promise<unknown> = hang.run;
    const child = define('child@1', (ctx: Ctx) => ctx.step('s', () => gate.wait()));
    const condition = new Weather();
    const order: string[][] = [];
    const def = define('parent@1', async (ctx: Ctx) => {
      const taken: string[] = [];
      order.push(taken);
      const open = [await ctx.startChild('c', child, null)];
      const take = async (name: string) => taken.push((await ctx.waitAny(name, open, condition))?.handle.runId ?? '-');
      await take('first');
      await ctx.step('between', () => between.wait());
      await take('second');
      taken.push((await ctx.waitAny('last-wait', open)).handle.runId);
      await ctx.step('last', (s) => last(s));
    });
    const first = await openWith(def, child);
    await first.engine.start(def, null, { runId: 'r' });
    await gate.reached;
    condition.tell();
    assert.deepEqual(
      (await first.engine.history('r')).map(({ name }) => name),
      ['c'],
    );
    condition.doesHold = true;
    condition.tell();
    await between.reached;
    // The second wait finds the outcome and the condition, both there when it begins.
    gate.open('C');
    await first.engine.result({ runId: 'r/c' });
    between.open();
    await hang.reached;
    assert.deepEqual([condition.listeners.size, condition.asked > 0], [0, true]);
    await first.engine.stop();
    last = async () => 1;
    condition.asked = 0;
    const second = await openWith(def, child);
    await second.engine.resume('r');
    await second.engine.result({ runId: 'r' });
    assert.deepEqual(order, [
      ['-', 'r/c', 'r/c'],
      ['-', 'r/c', 'r/c'],
    ]);
    assert.equal(condition.asked, 0);
  });

  it('gives a failed child as a value, in the stream of the root', async () => {
    const child = define('child@1', async (ctx: Ctx) => {
      await ctx.publish('p', event(`from ${ctx.runId} in ${ctx.rootRunId}`));
      throw new AppError({ code: 'checks_failed', message: 'no' });
    });
    const def = define('parent@1', async (ctx: Ctx) => {
      const { outcome } = await ctx.waitAny('w', [await ctx.startChild('c', child, null)]);
      return outcome.ok ? 'ok' : outcome.error.code;
    });
    const { engine, events } = await openWith(def, child);
    const outcome = await engine.result(await engine.start(def, null, { runId: 'r' }));
    assert.deepEqual(outcome, { ok: true, value: 'checks_failed' });
    assert.deepEqual(
      events.read('r', 0).map((record) => [record.seq, record.event.type === 'wait.began' && record.event.message]),
      [[1, 'from r/c in r']],
    );
  });

  it('continues unfinished children when the root is resumed', async () => {
    const hang = hanging();
    let work: (s: StepContext) => Promise<unknown> = hang.run;
    const child = define('child@1', (ctx: Ctx) => ctx.step('s', (s) => work(s)));
    const def = define('parent@1', async (ctx: Ctx) => {
      const { outcome } = await ctx.waitAny('w', [await ctx.startChild('c', child, null)]);
      return outcome.ok ? outcome.value : null;
    });
    const first = await openWith(def, child);
    await first.engine.start(def, null, { runId: 'r' });
    await hang.reached;
    await first.engine.stop();
    work = async (s) => s.attempt;
    const second = await openWith(def, child);
    assert.equal(await second.engine.resume('r/c'), true);
    assert.deepEqual(await second.engine.result({ runId: 'r' }), { ok: true, value: 2 });
  });

  it('cancels what is unfinished below a run that fails', async () => {
    const hang = hanging();
    const child = define('child@1', (ctx: Ctx) => ctx.step('s', hang.run));
    const def = define('parent@1', async (ctx: Ctx) => {
      await ctx.startChild('c', child, null);
      await ctx.step('wait', () => hang.reached.then(() => 1));
      throw new Error('gave up');
    });
    const { engine } = await openWith(def, child);
    await engine.result(await engine.start(def, null, { runId: 'r' }));
    assert.equal((await engine.get('r/c'))?.status, 'cancelled');
    assert.ok((await hang.reached).signal.aborted);
  });
}

export function cancelTests(openWith: OpenWith): void {
  it('cancels a run and everything below it at once, and records nothing after', async () => {
    const hang = hanging();
    const child = define('child@1', (ctx: Ctx) => ctx.step('s', hang.run));
    const def = define('parent@1', async (ctx: Ctx) => {
      try {
        return await ctx.waitAny('w', [await ctx.startChild('c', child, null)]);
      } finally {
        await ctx.publish('late', event('late'));
      }
    });
    const { engine, events } = await openWith(def, child);
    const handle = await engine.start(def, null, { runId: 'r' });
    const { signal } = await hang.reached;
    await engine.cancel('r');
    assert.equal(signal.aborted, true);
    const outcome = await engine.result(handle);
    assert.equal(!outcome.ok && outcome.error.code, 'aborted');
    assert.equal((await engine.get('r/c'))?.status, 'cancelled');
    assert.deepEqual(await engine.history('r/c'), []);
    assert.deepEqual(events.read('r', 0), []);
    await engine.cancel('r');
    assert.equal(await engine.resume('r'), true);
    assert.equal((await engine.get('r'))?.status, 'cancelled');
  });

  it('cancels a run that waits, and gives the parent an aborted outcome', async () => {
    const child = define('child@1', (ctx: Ctx) => ctx.waitFor('w', 'topic', { timeoutMs: 1e6 }));
    const def = define('parent@1', async (ctx: Ctx) => {
      const { outcome } = await ctx.waitAny('w', [await ctx.startChild('c', child, null)]);
      return outcome.ok ? 'ok' : outcome.error.code;
    });
    const { engine } = await openWith(def, child);
    const handle = await engine.start(def, null, { runId: 'r' });
    while ((await engine.get('r/c'))?.status !== 'waiting') await new Promise((resolve) => setImmediate(resolve));
    await engine.cancel('r/c');
    assert.deepEqual(await engine.result(handle), { ok: true, value: 'aborted' });
  });

  it('says when no step of a cancelled run, or of its children, is running any more', async () => {
    const hang = hanging();
    const aborted = latch();
    const ended = latch();
    const child = define('slow-child@1', async (ctx: Ctx) => {
      await ctx.step('slow', async (s) => {
        await hang.run(s).catch(aborted.wait);
        await ended.wait();
      });
    });
    const parent = define('parent-of-slow@1', async (ctx: Ctx) => {
      await ctx.waitAny('child', [await ctx.startChild('c', child, null)]);
    });
    const { engine } = await openWith(child, parent);
    await engine.start(parent, null, { runId: 'r' });
    await hang.reached;
    await engine.cancel('r');
    await aborted.reached;
    let isIdle = false;
    const idle = engine.idle('r').then(() => {
      isIdle = true;
    });
    aborted.open();
    await ended.reached;
    assert.deepEqual([isIdle, (await engine.active('r')).length], [false, 0]);
    ended.open();
    await idle;
    await engine.idle('unknown');
  });

  it('aborts a step when another process cancels its run', async () => {
    const hang = hanging();
    const def = define('parent@1', (ctx: Ctx) => ctx.step('s', hang.run));
    const owner = await openWith(def);
    const other = await openWith(def);
    const handle = await owner.engine.start(def, null, { runId: 'r' });
    const { signal } = await hang.reached;
    await other.engine.cancel('r');
    const outcome = await owner.engine.result(handle);
    assert.equal(!outcome.ok && outcome.error.code, 'aborted');
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    assert.equal((await owner.engine.get('r'))?.status, 'cancelled');
  });
}
