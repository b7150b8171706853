import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../src/core/ports.ts';
import { AppError } from '../../src/protocol/errors.ts';
import type { DomainEvent } from '../../src/protocol/events.ts';
import { createFakeRecordStore, type FakeRecordStore } from '../fakes/record-store.ts';
import { openPlace, type Place } from './appwrite.ts';
import { startOf, wholeRun } from './events.ts';
import { openState, type StatePlace, until } from './mirror-place.ts';

const acted = (n: number): DomainEvent => ({
  type: 'subtask.acted',
  subtaskId: 'api',
  agentId: 'backend-1',
  action: `step ${n}`,
  failed: false,
});
const steps = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => acted(from + index));
const gone = new AppError({ code: 'transport', message: 'gone', userMessage: 'It cannot be reached.' });

describe('the mirror of records', function () {
  this.timeout(60_000);
  let state: StatePlace;
  let fake: FakeRecordStore;
  beforeEach(() => {
    state = openState();
    fake = createFakeRecordStore();
  });
  afterEach(() => state.close());

  const sent = (...runIds: string[]) =>
    until(() => runIds.every((id) => state.sentSeq(id) === state.events.read(id, 0, 100_000).length));

  it('sends what is there, also of runs of before, and what comes', async () => {
    state.append('old', ...wholeRun('/w'));
    state.append('run', startOf('/w'));
    state.mirror(fake);
    await sent('old', 'run');
    state.append('run', ...steps(1, 3));
    await sent('run');
    state.append('run', ...wholeRun('/w').slice(1));
    await sent('run');
    const { tasks, activities, deployments } = fake.stored();
    const expected = state.expected('run', 'old');
    const byId = (a: { taskId: string }, b: { taskId: string }) => b.taskId.localeCompare(a.taskId);
    assert.deepEqual(tasks.toSorted(byId), expected.tasks);
    assert.deepEqual(activities.toSorted(byId), expected.activities);
    assert.deepEqual(deployments.toSorted(byId), expected.deployments);
    assert.equal(state.trouble(), null);
  });

  it('sends a long run in pages, in order, and the last state last', async () => {
    const sizes: number[] = [];
    const updates: string[] = [];
    fake.behave((records) => {
      sizes.push(records.activities.length);
      updates.push(...records.tasks.map((task) => task.updatedAt));
      return null;
    });
    state.append('run', startOf('/w'), ...steps(1, 450), { type: 'run.cancelled' });
    state.mirror(fake);
    await sent('run');
    assert.deepEqual(sizes, [99, 100, 100, 100, 51]);
    assert.deepEqual(updates, updates.toSorted());
    assert.deepEqual(fake.stored(), state.expected('run'));
  });

  it('goes on where it was, with another mirror and nothing kept in memory', async () => {
    state.append('run', startOf('/w'), ...steps(1, 130));
    const first = state.mirror(fake);
    await sent('run');
    await first.close();
    const calls = fake.calls;
    state.append('run', ...steps(131, 140));
    state.mirror(fake);
    await sent('run');
    assert.equal(fake.calls, calls + 1);
    assert.deepEqual(fake.stored(), state.expected('run'));
  });

  it('sends everything again to another destination, and keeps out what is not wanted there', async () => {
    state.append('run', startOf('/w'));
    state.append('private', startOf('/private'));
    state.mirror(fake);
    await sent('run', 'private');
    const other = createFakeRecordStore();
    state.mirror(other, { destination: 'elsewhere', wants: (dir) => dir !== '/private' });
    await until(() => other.stored().tasks.length === 1);
    state.append('private', acted(1));
    state.append('run', acted(1));
    await until(() => other.stored().activities.length === 1);
    assert.deepEqual(other.stored(), state.expected('run'));
  });

  it('tries again after pauses that double up to a limit, tells it once, and forgets it when it works', async () => {
    const pauses: number[] = [];
    let failures = 0;
    fake.behave(() => {
      failures += 1;
      return failures <= 12 ? gone : null;
    });
    const clock: Clock = {
      now: () => 0,
      sleep: async (ms, signal) => {
        // The limits of calls and of `close` are not reached.
        if (ms === 20_000 || ms === 700) await once(signal, 'abort');
        else if (ms >= 1_000 && ms <= 300_000) pauses.push(ms);
        else if (ms > 300_000) await Promise.race([once(signal, 'abort')]);
      },
    };
    state.append('run', startOf('/w'));
    state.mirror(fake, { clock, retryMs: 1_000, maxRetryMs: 300_000 });
    await sent('run');
    assert.deepEqual(
      pauses,
      [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300].map((s) => s * 1_000),
    );
    assert.deepEqual(state.warnings, ['gone']);
    assert.equal(state.trouble(), null);
  });

  it('keeps its trouble for who looks', async () => {
    fake.behave(gone);
    state.append('run', startOf('/w'));
    const mirror = state.mirror(fake);
    await until(() => state.trouble() === 'It cannot be reached.');
    await mirror.close();
    assert.equal(state.trouble(), 'It cannot be reached.');
  });

  it('does not let records that are refused keep back those of other runs', async () => {
    const refusal = new AppError({
      code: 'invalid_request',
      message: 'no',
      userMessage: 'no',
      details: { status: 400 },
    });
    let isMended = false;
    fake.behave(({ tasks }) => (!isMended && tasks.some(({ taskId }) => taskId === 'bad') ? refusal : null));
    state.append('good', startOf('/w'));
    state.append('bad', startOf('/w'));
    state.mirror(fake);
    await sent('good');
    await until(() => state.trouble() === 'no');
    state.append('good', acted(1));
    await sent('good');
    assert.equal(state.sentSeq('bad'), 0);
    isMended = true;
    await sent('bad');
    await until(() => state.trouble() === null);
  });

  it('does not let a run that the database fails at keep back other runs', async () => {
    for (const [id, reason] of [
      ['large', new AppError({ code: 'invalid_request', message: 'no', userMessage: 'no', details: { status: 413 } })],
      ['poison', new AppError({ code: 'server', message: 'no', userMessage: 'no', details: { status: 500 } })],
    ] as const) {
      fake.behave(({ tasks }) => (tasks.some(({ taskId }) => taskId === id) ? reason : null));
      state.append(`good-${id}`, startOf('/w'));
      state.append(id, startOf('/w'));
      const mirror = state.mirror(fake);
      await sent(`good-${id}`);
      assert.equal(state.sentSeq(id), 0);
      await mirror.close();
      fake.behave('works');
      const after = state.mirror(fake);
      await sent(id);
      await after.close();
    }
  });

  it('does not wait for a lease that ends later than any can', async () => {
    const mirror = state.mirror(fake);
    state.append('run', startOf('/w'));
    await sent('run');
    await mirror.close();
    const until = Date.now() + 3_600_000;
    state.store.write(() =>
      state.store.prepare("UPDATE record_mirrors SET holder = 'killed', lease_until = ?").run(until),
    );
    state.append('run', acted(1));
    state.mirror(fake);
    await sent('run');
  });

  it('does not let events that this version does not know keep back other runs', async () => {
    state.append('good', startOf('/w'));
    state.append('newer', startOf('/w'), { type: 'something.newer' } as unknown as DomainEvent);
    state.mirror(fake);
    await sent('good');
    await until(() => state.trouble() !== null);
    assert.deepEqual(fake.stored(), state.expected('good'));
  });

  it('gives a call up that takes too long, and ends while one is held', async () => {
    fake.behave('hold');
    state.append('run', startOf('/w'));
    const mirror = state.mirror(fake, { callLimitMs: 20 });
    await until(() => fake.calls >= 2);
    assert.match(String(state.trouble()), /did not answer/);
    await mirror.close();
    let begun = false;
    const deaf = () => {
      begun = true;
      return new Promise<void>(() => {});
    };
    const held = state.mirror({ upsert: deaf, tasks: async () => [] });
    await until(() => begun);
    const before = performance.now();
    await held.close();
    assert.ok(performance.now() - before < 1_000);
    assert.equal(state.sentSeq('run'), 0);
  });

  it('sends at its end what has just happened', async () => {
    const mirror = state.mirror(fake, { gatherMs: 60_000 });
    state.append('run', startOf('/w'), ...steps(1, 3));
    await mirror.close();
    assert.deepEqual(fake.stored(), state.expected('run'));
    await mirror.close();
  });

  it('leaves runs alone that were deleted', async () => {
    fake.behave(gone);
    state.append('run', startOf('/w'));
    state.append('other', startOf('/w'));
    state.mirror(fake);
    await until(() => state.trouble() !== null);
    state.store.write(() => state.store.prepare("DELETE FROM events WHERE run_id = 'run'").run());
    fake.behave('works');
    await sent('other');
    assert.deepEqual(fake.stored(), state.expected('other'));
  });
});

describe('the mirror of records, in Appwrite', function () {
  this.timeout(120_000);
  let state: StatePlace;
  let place: Place;
  const children: ReturnType<typeof spawn>[] = [];
  beforeEach(async () => {
    state = openState();
    place = await openPlace();
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await state.close();
    await place.close();
  });

  const startWorker = (how: 'stays' | 'dies') => {
    const script = fileURLToPath(new URL('./mirror-worker.ts', import.meta.url));
    const child = spawn(process.execPath, [script, state.dir, place.gate.endpoint, how], { stdio: 'inherit' });
    children.push(child);
    return child;
  };
  const isSent = (runId: string) => state.sentSeq(runId) === state.events.read(runId, 0, 100_000).length;

  it('loses and doubles nothing in an outage, and keeps the order', async () => {
    state.append('run', startOf('/w'), ...steps(1, 120));
    state.mirror(place.store);
    await until(() => isSent('run'));
    await place.stop();
    state.append('run', ...steps(121, 260));
    await until(() => state.trouble() !== null);
    state.append('run', ...wholeRun('/w').slice(1));
    await place.startAgain();
    await until(() => isSent('run'));
    assert.deepEqual(await place.stored(), state.expected('run'));
    assert.equal(state.trouble(), null);
  });

  it('catches up when Appwrite comes late and is empty', async () => {
    await place.stop();
    state.append('run', ...wholeRun('/w'));
    state.mirror(place.store);
    await until(() => state.trouble() !== null);
    await place.startAgain();
    await until(() => isSent('run'));
    assert.deepEqual(await place.stored(), state.expected('run'));
  });

  it('sends again what a killed process has sent and not noted, which changes nothing', async () => {
    state.append('run', startOf('/w'), ...steps(1, 150));
    const worker = startWorker('dies');
    await once(worker, 'exit');
    assert.equal(worker.signalCode, 'SIGKILL');
    assert.equal(state.sentSeq('run'), 0);
    assert.equal((await place.stored()).activities.length, 99);
    state.mirror(place.store);
    await until(() => isSent('run'));
    assert.deepEqual(await place.stored(), state.expected('run'));
  });

  it('lets one of two processes send, and the other take over', async () => {
    state.append('run', startOf('/w'), ...steps(1, 10));
    const worker = startWorker('stays');
    await until(() => isSent('run'));
    let calls = 0;
    state.mirror({
      ...place.store,
      upsert: (records, signal) => {
        calls += 1;
        return place.store.upsert(records, signal);
      },
    });
    state.append('run', ...steps(11, 20));
    await until(() => isSent('run'));
    assert.equal(calls, 0, 'the one that began goes on');
    worker.kill('SIGTERM');
    await once(worker, 'exit');
    state.append('run', ...steps(21, 30));
    await until(() => isSent('run'));
    assert.ok(calls > 0);
    assert.deepEqual(await place.stored(), state.expected('run'));
  });
});
