import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { createFakeClock } from '../../test/fakes/clock.ts';
import { AppError } from '../protocol/errors.ts';
import { openStore, type Store } from './engine/store.ts';
import { createLedger } from './ledger-sqlite.ts';

describe('ledger', () => {
  let dir: string;
  const stores: Store[] = [];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'ledger-'));
  });
  afterEach(() => {
    for (const store of stores.splice(0)) store.close();
    rmSync(dir, { recursive: true });
  });
  const openLedger = () => {
    const store = openStore(dir, createFakeClock());
    stores.push(store);
    return createLedger(store);
  };

  it('keeps the first cap, and raises it only upwards', () => {
    const ledger = openLedger();
    assert.deepEqual(ledger.open('r', 10), { capUsd: 10, settledUsd: 0, reservedUsd: 0, calls: 0 });
    assert.equal(ledger.open('r', 99).capUsd, 10);
    assert.equal(ledger.raiseCap('r', 25).capUsd, 25);
    assert.equal(ledger.raiseCap('r', 5).capUsd, 25);
    assert.throws(() => ledger.reserve('unknown', 'k', 1), { code: 'not_found' });
  });

  it('refuses a call that might exceed the cap, and reserves nothing then (invariant 1)', () => {
    const ledger = openLedger();
    ledger.open('r', 1);
    ledger.reserve('r', 'a', 0.6);
    const refusal = (thrown: unknown) => {
      assert.ok(thrown instanceof AppError);
      assert.equal(thrown.code, 'budget_exceeded');
      assert.deepEqual(thrown.details, { capUsd: 1, settledUsd: 0, reservedUsd: 0.6, worstUsd: 0.5 });
      return true;
    };
    assert.throws(() => ledger.reserve('r', 'b', 0.5), refusal);
    assert.equal(ledger.totals('r').reservedUsd, 0.6);
    ledger.settle('r', 'a', 0.2);
    ledger.reserve('r', 'b', 0.8);
    assert.deepEqual(ledger.totals('r'), { capUsd: 1, settledUsd: 0.2, reservedUsd: 0.8, calls: 2 });
    assert.throws(() => ledger.reserve('r', 'c', Number.POSITIVE_INFINITY), { code: 'budget_exceeded' });
    assert.throws(() => ledger.reserve('r', 'c', Number.NaN), { code: 'internal' });
    assert.throws(() => ledger.reserve('r', 'c', -1), { code: 'internal' });
  });

  it('reserves nothing while the run is paused, from any process, and settles what is reserved (invariant 4)', () => {
    const [ledger, other] = [openLedger(), openLedger()];
    assert.throws(() => ledger.setPaused('r', true), { code: 'not_found' });
    for (const run of ['r', 'free']) ledger.open(run, 10);
    ledger.reserve('r', 'under way', 1);
    for (let times = 0; times < 2; times += 1) other.setPaused('r', true);
    assert.throws(() => ledger.reserve('r', 'next', 1), { code: 'paused', userMessage: 'Paused.', retry: false });
    ledger.settle('r', 'under way', 0.5);
    ledger.reserve('free', 'k', 1);
    assert.deepEqual(ledger.totals('r'), { capUsd: 10, settledUsd: 0.5, reservedUsd: 0, calls: 1 });
    other.setPaused('r', false);
    ledger.reserve('r', 'next', 1);
  });

  it('is exact: ten tenths fill a dollar', () => {
    const ledger = openLedger();
    ledger.open('r', 1);
    for (let i = 0; i < 10; i += 1) ledger.reserve('r', `k${i}`, 0.1);
    assert.throws(() => ledger.reserve('r', 'more', 1e-9), { code: 'budget_exceeded' });
    assert.equal(ledger.totals('r').reservedUsd, 1);
  });

  it('goes on counting a reservation that was never settled, also when its key comes again (invariant 2)', () => {
    openLedger().open('r', 1);
    openLedger().reserve('r', 'k', 0.4);
    const ledger = openLedger();
    ledger.reserve('r', 'k', 0.4);
    ledger.settle('r', 'k', 0.1);
    assert.deepEqual(ledger.totals('r'), { capUsd: 1, settledUsd: 0.1, reservedUsd: 0.4, calls: 2 });
  });

  it('settles and releases once per key (invariant 3)', () => {
    const ledger = openLedger();
    ledger.open('r', 1);
    ledger.reserve('r', 'a', 0.5);
    ledger.settle('r', 'a', 0.3);
    ledger.settle('r', 'a', 0.3);
    ledger.release('r', 'a');
    assert.deepEqual(ledger.totals('r'), { capUsd: 1, settledUsd: 0.3, reservedUsd: 0, calls: 1 });
    ledger.reserve('r', 'b', 0.5);
    ledger.release('r', 'b');
    ledger.release('r', 'b');
    ledger.release('r', 'never');
    assert.deepEqual(ledger.totals('r'), { capUsd: 1, settledUsd: 0.3, reservedUsd: 0, calls: 1 });
    ledger.settle('r', 'without reservation', 0.05);
    assert.deepEqual(ledger.totals('r'), { capUsd: 1, settledUsd: 0.35, reservedUsd: 0, calls: 2 });
  });

  it('never lets two processes reserve more than the cap together, whatever they do', () => {
    const [a, b] = [openLedger(), openLedger()];
    const call = fc.record({
      first: fc.boolean(),
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      action: fc.constantFrom('reserve', 'settle', 'release'),
      cents: fc.integer({ min: 0, max: 60 }),
    });
    let runs = 0;
    fc.assert(
      fc.property(fc.array(call, { maxLength: 25 }), (calls) => {
        runs += 1;
        const runId = `run-${runs}`;
        a.open(runId, 1);
        for (const { first, key, action, cents } of calls) {
          const ledger = first ? a : b;
          const before = ledger.totals(runId);
          const usd = cents / 100;
          try {
            ledger[action](runId, key, usd);
          } catch (thrown) {
            assert.equal(thrown instanceof AppError && thrown.code, 'budget_exceeded');
            assert.ok(before.settledUsd + before.reservedUsd + usd > 1);
            assert.deepEqual(ledger.totals(runId), before);
          }
          const { settledUsd, reservedUsd, calls: count } = ledger.totals(runId);
          assert.ok(reservedUsd >= 0 && settledUsd >= before.settledUsd && count >= 0);
          if (action === 'reserve' && count > before.calls) assert.ok(settledUsd + reservedUsd <= 1 + 1e-9);
        }
      }),
      { numRuns: 15 },
    );
  });
});
