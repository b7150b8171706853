import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeClock, type FakeClock } from '../../../test/fakes/clock.ts';
import { createEmbeddedEngine } from './embedded-engine.ts';
import { createEventLog } from './event-log.ts';
import type { Ctx, Definition, Engine, StepContext, StepOptions } from './port.ts';
import { currentProcess } from './processes.ts';
import { deleteRun } from './retention.ts';
import { openStore, type Store } from './store.ts';

interface Door {
  store: Store;
  engine: Engine;
  warnings: string[];
}

const define = <I, O>(name: string, run: (ctx: Ctx, input: I) => Promise<O>): Definition<I, O> => ({ name, run });
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('embedded engine', () => {
  let dir: string;
  let clock: FakeClock;
  const doors: Door[] = [];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'engine-'));
    clock = createFakeClock();
  });
  afterEach(async () => {
    for (const { engine, store } of doors.splice(0)) await engine.stop().catch(() => store.close());
    rmSync(dir, { recursive: true });
  });

  const open = (definitions: Definition<never, unknown>[], maxKills = 5): Door => {
    const store = openStore(dir, clock);
    const warnings: string[] = [];
    const log = { info() {}, warn: (message: string) => warnings.push(message) };
    const engine = createEmbeddedEngine({ store, clock, log, maxKills });
    engine.register(...definitions);
    const door = { store, engine, warnings };
    doors.push(door);
    return door;
  };

  /** A definition with one step that hangs until the test lets it go on, whatever its signal says. */
  const stubborn = (options: StepOptions = {}) => {
    const reached = Promise.withResolvers<StepContext>();
    const go = Promise.withResolvers<string>();
    const def = define('stubborn@1', (ctx: Ctx) =>
      ctx.step(
        's',
        (s) => {
          reached.resolve(s);
          return go.promise;
        },
        options,
      ),
    );
    return { def, reached: reached.promise, go: go.resolve };
  };

  /** Makes the run look as if its owner's process had ended `kills` times in the step. */
  const killOwner = (store: Store, kills: number, owner: { pid: number; start: string }) =>
    store.write(() => {
      store.prepare('UPDATE owners SET pid = ?, process_start = ?').run(owner.pid, owner.start);
      store.prepare("UPDATE journal SET attempts = failures + interruptions + ? WHERE state = 'open'").run(kills);
    });

  /** The process id of a process that has ended. */
  const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid;

  it('takes a run over at once when the owner died on this host, also when its process id was reused', async () => {
    for (const [runId, owner] of [
      ['dead', { pid: deadPid(), start: 'x' }],
      ['reused', { pid: process.pid, start: 'another start' }],
    ] as const) {
      const first = stubborn();
      const old = open([first.def]);
      await old.engine.start(first.def, null, { runId });
      await first.reached;
      killOwner(old.store, 1, owner);
      const second = stubborn();
      const next = open([second.def]);
      second.go('taken over');
      if (process.platform === 'win32' && runId === 'reused') continue;
      assert.equal(await next.engine.resume(runId), true);
      assert.deepEqual(await next.engine.result({ runId }), { ok: true, value: 'taken over' });
      first.go('too late');
    }
  });

  it('takes a run over when its lease has ended, and the former owner cannot write any more (invariant 3)', async () => {
    const first = stubborn();
    const old = open([first.def]);
    await old.engine.start(first.def, null, { runId: 'r' });
    const step = await first.reached;
    const second = stubborn();
    const next = open([second.def]);
    assert.equal(await next.engine.resume('r'), false);
    next.store.write(() => next.store.prepare('UPDATE owners SET lease_until = ?').run(clock.now()));
    assert.equal(await next.engine.resume('r'), true);
    await second.reached;
    step.emit('late', { type: 'run.cancelled' });
    assert.equal(step.signal.aborted, true, 'the first fenced write tells the step');
    first.go('of the former owner');
    await turn();
    second.go('of the new owner');
    assert.deepEqual(await next.engine.result({ runId: 'r' }), { ok: true, value: 'of the new owner' });
    assert.deepEqual(createEventLog(next.store).read('r', 0), []);
    assert.ok(old.warnings.includes('run lost'));
  });

  it('renews its lease while it executes, so that a long step keeps its owner', async () => {
    const first = stubborn();
    const old = open([first.def]);
    await old.engine.start(first.def, null, { runId: 'r' });
    await first.reached;
    await clock.advance(60_000);
    const other = open([first.def]);
    assert.equal(await other.engine.resume('r'), false);
    first.go('done');
    await old.engine.result({ runId: 'r' });
    await turn();
    assert.deepEqual(clock.wakeTimes, [], 'nothing beats when nothing is executed');
  });

  it('parks a run whose step has ended the process six times, and resume gives it its tries again', async () => {
    const first = stubborn();
    const old = open([first.def]);
    await old.engine.start(first.def, null, { runId: 'r' });
    await first.reached;
    killOwner(old.store, 6, { pid: deadPid(), start: 'x' });
    const next = stubborn();
    const { engine } = open([next.def]);
    await engine.start(next.def, null, { runId: 'r' });
    const outcome = await engine.result({ runId: 'r' });
    assert.match(outcome.ok ? '' : outcome.error.message, /step 's' .* 6 times/i);
    assert.equal((await engine.get('r'))?.status, 'parked');
    await engine.start(next.def, null, { runId: 'r' });
    assert.equal((await engine.get('r'))?.status, 'parked', 'only resume lets it go on');
    next.go('fine now');
    await engine.resume('r');
    assert.deepEqual(await engine.result({ runId: 'r' }), { ok: true, value: 'fine now' });
    first.go('');
  });

  it('does not park for five ends of the process, nor for orderly stops', async () => {
    const first = stubborn();
    const old = open([first.def]);
    await old.engine.start(first.def, null, { runId: 'r' });
    await first.reached;
    killOwner(old.store, 5, { pid: process.pid, start: currentProcess().processStart });
    first.go('');
    await old.engine.stop();
    const next = stubborn();
    const { engine } = open([next.def]);
    await engine.resume('r');
    assert.equal((await next.reached).attempt, 6);
    next.go('done');
    assert.deepEqual(await engine.result({ runId: 'r' }), { ok: true, value: 'done' });
  });

  it('never parks for a step that waits, however often the process ended under it', async () => {
    const first = stubborn({ waits: true });
    const old = open([first.def]);
    await old.engine.start(first.def, null, { runId: 'r' });
    await first.reached;
    killOwner(old.store, 60, { pid: deadPid(), start: 'x' });
    const next = stubborn({ waits: true });
    const { engine } = open([next.def]);
    await engine.start(next.def, null, { runId: 'r' });
    next.go('merged');
    assert.deepEqual(await engine.result({ runId: 'r' }), { ok: true, value: 'merged' });
    first.go('');
  });

  it('leaves a run unfinished when the storage fails, tells who waits for its root, and can resume it', async () => {
    const first = stubborn();
    const parent = define('parent@1', async (ctx: Ctx) => {
      const { outcome } = await ctx.waitAny('w', [await ctx.startChild('c', first.def, null)]);
      return outcome.ok ? outcome.value : outcome.error.code;
    });
    const { store, engine } = open([first.def, parent]);
    const handle = await engine.start(parent, null, { runId: 'r' });
    await first.reached;
    const rejected = assert.rejects(engine.result(handle), { code: 'storage_failed' });
    // The disk that is full, as SQLite reports it.
    store.prepare('PRAGMA max_page_count = 1').get();
    first.go('x'.repeat(65_000));
    await rejected;
    assert.equal((await engine.active('r')).length, 2);
    store.prepare('PRAGMA max_page_count = 1000000').get();
    assert.equal(await engine.resume('r'), true);
    const outcome = await engine.result<string>(handle);
    assert.equal(outcome.ok && outcome.value.length, 65_000);
  });

  it('does not wait longer than its grace for a step that ignores the stop', async () => {
    const first = stubborn();
    const { engine } = open([first.def]);
    await engine.start(first.def, null, { runId: 'r' });
    await first.reached;
    const stopped = engine.stop();
    await clock.advance(5_000);
    await stopped;
    first.go('much later');
  });

  it('does not begin a second try beside one that still runs', async () => {
    let inside = 0;
    let most = 0;
    const ends: (() => void)[] = [];
    const def = define('slow@1', (ctx: Ctx) =>
      ctx.step(
        's',
        async (s) => {
          inside += 1;
          most = Math.max(most, inside);
          if (s.attempt === 1) await new Promise<void>((resolve) => ends.push(resolve));
          inside -= 1;
          return s.attempt;
        },
        { timeoutMs: 100, maxAttempts: 2, backoffMs: 1 },
      ),
    );
    const { engine } = open([def]);
    const handle = await engine.start(def, null, { runId: 'r' });
    await clock.advance(1_000);
    for (const end of ends) end();
    await clock.advance(1_000);
    assert.deepEqual(await engine.result(handle), { ok: true, value: 2 });
    assert.equal(most, 1);
  });

  it('deletes an ended run with its children, events and blobs, and keeps what another run needs', async () => {
    const big = 'b'.repeat(100_000);
    const child = define('child@1', (ctx: Ctx) => ctx.step('own', async () => `${big}${ctx.runId}`));
    const def = define('big@1', async (ctx: Ctx) => {
      await ctx.publish('p', { type: 'run.cancelled' });
      await ctx.step('shared', async () => big);
      await ctx.waitAny('w', [await ctx.startChild('c', child, null)]);
    });
    const { store, engine } = open([def, child]);
    for (const runId of ['one', 'two']) await engine.result(await engine.start(def, null, { runId }));
    const blobs = () => readdirSync(join(dir, 'blobs')).length;
    assert.equal(blobs(), 3);
    writeFileSync(join(dir, 'blobs', 'left-by-a-crash.tmp'), '');
    deleteRun(store, 'one');
    assert.equal(blobs(), 2);
    assert.equal(await engine.get('one'), null);
    assert.equal(await engine.get('one/c'), null);
    assert.deepEqual(createEventLog(store).read('one', 0), []);
    assert.deepEqual(await engine.history('one/c'), []);
    assert.equal((await engine.history('two')).length, 4);
    deleteRun(store, 'two');
    assert.equal(blobs(), 0);
    for (const table of ['runs', 'journal', 'events', 'blob_refs']) {
      // One empty row keeps the place of deleted events.
      const where = table === 'events' ? "WHERE run_id <> ''" : '';
      assert.equal(store.prepare(`SELECT COUNT(*) AS n FROM ${table} ${where}`).get()?.n, 0);
    }
  });

  it('does not delete an unfinished run', async () => {
    const first = stubborn();
    const { store, engine } = open([first.def]);
    await engine.start(first.def, null, { runId: 'r' });
    assert.throws(() => deleteRun(store, 'r'), { code: 'engine_conflict' });
    first.go('');
  });

  it('says so when the file of a large value is damaged', async () => {
    const def = define('big@1', (ctx: Ctx) => ctx.step('s', async () => 'b'.repeat(100_000)));
    const { engine } = open([def]);
    const handle = await engine.start(def, null, { runId: 'r' });
    await engine.result(handle);
    for (const name of readdirSync(join(dir, 'blobs'))) writeFileSync(join(dir, 'blobs', name), '"other"');
    await assert.rejects(engine.result(handle), { code: 'storage_failed' });
  });

  it('refuses to resume a run of a definition that it does not know, and leaves it unowned', async () => {
    const first = stubborn();
    const old = open([first.def]);
    await old.engine.start(first.def, null, { runId: 'r' });
    await first.reached;
    first.go('');
    await old.engine.stop();
    const ignorant = open([]);
    await assert.rejects(ignorant.engine.resume('r'), { code: 'engine_conflict' });
    assert.equal(ignorant.store.prepare('SELECT owner_id FROM runs').get()?.owner_id, null);
  });
});
