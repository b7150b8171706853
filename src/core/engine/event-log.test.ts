import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeClock } from '../../../test/fakes/clock.ts';
import type { DomainEvent, EventRecord } from '../../protocol/events.ts';
import { createEventLog, forgetEvents } from './event-log.ts';
import { openStore, type Store } from './store.ts';

const raised = (budgetUsd: number): DomainEvent => ({ type: 'budget.raised', budgetUsd });

describe('event log', () => {
  let dir: string;
  const stores: Store[] = [];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'event-log-'));
  });
  afterEach(() => {
    for (const store of stores.splice(0)) store.close();
    rmSync(dir, { recursive: true });
  });
  const openLog = () => {
    const store = openStore(dir, createFakeClock());
    stores.push(store);
    return createEventLog(store);
  };

  it('appends once per key, and numbers without gaps per run (invariant 1)', () => {
    const [a, b] = [openLog(), openLog()];
    assert.equal(a.append('r', raised(1), 'k1'), true);
    assert.equal(b.append('r', raised(2), 'k1'), false);
    assert.equal(b.append('r', raised(3), 'k2'), true);
    assert.equal(a.append('other', raised(4), 'k1'), true);
    assert.equal(a.append('r', raised(5), 'k3'), true);
    const records = a.read('r', 0);
    assert.deepEqual(
      records.map(({ seq, event }) => [seq, event.type === 'budget.raised' && event.budgetUsd]),
      [
        [1, 1],
        [2, 3],
        [3, 5],
      ],
    );
    assert.deepEqual(records[0], { v: 1, runId: 'r', seq: 1, at: '2026-01-01T00:00:00.000Z', event: raised(1) });
    assert.deepEqual(
      a.read('r', 1, 1).map(({ seq }) => seq),
      [2],
    );
  });

  it('delivers what was there and what comes, from any process, once and in order (invariant 2)', async () => {
    const [reader, writer] = [openLog(), openLog()];
    for (let i = 0; i < 1_500; i += 500) writer.append('r', raised(i), `early-${i}`);
    const seen: number[] = [];
    const done = Promise.withResolvers<void>();
    const off = reader.subscribe('r', 1, ({ seq }) => {
      seen.push(seq);
      if (seq === 6) done.resolve();
    });
    assert.deepEqual(seen, [], 'nothing comes before subscribe has returned');
    reader.append('r', raised(1), 'own');
    writer.append('r', raised(2), 'foreign');
    reader.append('r', raised(3), 'own again');
    await done.promise;
    assert.deepEqual(seen, [2, 3, 4, 5, 6]);
    off();
    reader.append('r', raised(4), 'late');
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(seen.length, 5);
  });

  it('keeps a subscriber that appends in order, and one that throws apart from the others', async () => {
    const log = openLog();
    const seen: number[] = [];
    const done = Promise.withResolvers<void>();
    const { emitWarning } = process;
    const warnings: unknown[] = [];
    process.emitWarning = (...args: unknown[]) => {
      warnings.push(args[0]);
    };
    const failure = new Error('subscriber failed on purpose');
    log.subscribe('r', 0, () => {
      throw failure;
    });
    log.subscribe('r', 0, ({ seq }: EventRecord) => {
      if (seq < 5) log.append('r', raised(seq), `after-${seq}`);
      seen.push(seq);
      if (seq === 5) done.resolve();
    });
    log.append('r', raised(0), 'first');
    await done.promise.finally(() => {
      process.emitWarning = emitWarning;
    });
    assert.deepEqual(seen, [1, 2, 3, 4, 5]);
    assert.ok(warnings.length > 0 && warnings.every((warning) => warning === failure));
  });

  it('shows a watcher what all runs append after it came, from any process, in order, in batches (invariant 2)', async () => {
    const [reader, writer] = [openLog(), openLog()];
    writer.append('old', raised(0), 'before');
    const batches: EventRecord[][] = [];
    const places = () => batches.flat().map(({ runId, seq }) => `${runId}:${seq}`);
    const done = Promise.withResolvers<void>();
    const off = reader.watch((records) => {
      batches.push(records);
      if (places().length === 4) done.resolve();
    });
    writer.append('new', raised(1), 'k1');
    writer.append('old', raised(2), 'k2');
    writer.append('new', raised(3), 'k3');
    assert.deepEqual(batches, [], 'nothing comes inside a call');
    await new Promise((resolve) => setImmediate(resolve));
    reader.append('own', raised(4), 'k1');
    await done.promise;
    assert.deepEqual(places(), ['new:1', 'old:2', 'new:2', 'own:1']);
    assert.ok(batches.length < 4, 'what came together is told together');
    off();
    reader.append('own', raised(5), 'k2');
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(places().length, 4);
  });

  it('hides nothing from a watcher when the newest events are deleted (invariant 3)', async () => {
    const log = openLog();
    const [store] = stores;
    assert.ok(store);
    log.append('kept', raised(0), 'k1');
    for (const key of ['k1', 'k2']) log.append('gone', raised(1), key);
    const seen: string[] = [];
    const done = Promise.withResolvers<void>();
    log.watch((records) => {
      seen.push(...records.map(({ runId, seq }) => `${runId}:${seq}`));
      if (seen.length === 3) done.resolve();
    });
    for (let times = 0; times < 2; times += 1) store.write(() => forgetEvents(store, 'gone'));
    assert.deepEqual(log.read('gone', 0), []);
    log.append('kept', raised(2), 'k2');
    log.append('gone', raised(3), 'k1');
    store.write(() => forgetEvents(store, 'other'));
    log.append('kept', raised(4), 'k3');
    await done.promise;
    assert.deepEqual(seen, ['kept:2', 'gone:1', 'kept:3']);
    assert.equal(store.prepare("SELECT count(*) AS n FROM events WHERE run_id = ''").get()?.n, 0);
  });
});
