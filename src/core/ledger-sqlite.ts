import { AppError } from '../protocol/errors.ts';
import type { Store } from './engine/store.ts';
import type { Ledger, LedgerTotals } from './ledger.ts';

/**
 * The ledger on the store; the invariants are in ledger.ts.
 *
 * 1. Every operation is one transaction, so processes cannot reserve the same dollar twice.
 * 2. Money is kept in whole billionths of a dollar: sums are exact, and a reservation is rounded up.
 * 3. A key reserved again while its reservation is open is a new call (the one before died); both count. `settle` and
 *    `release` concern the last one.
 */
const NANO = 1e9;

interface BudgetRow {
  cap_nano: number;
  settled_nano: number;
  reserved_nano: number;
  calls: number;
  paused: 0 | 1;
}

interface ChargeRow {
  charge_id: number;
  state: 'reserved' | 'settled' | 'released';
  amount_nano: number;
}

function amountNano(usd: number, round: (n: number) => number, what: string): number {
  const nano = round(usd * NANO);
  if (Number.isSafeInteger(nano) && nano >= 0) return nano;
  throw new AppError({ code: 'internal', message: `${what} is ${usd}, which is not an amount of US dollars.` });
}

/** A product such as 0.1 * 3 is a hair above its decimal value; that must not cost a billionth. */
const roundUp = (nano: number) => Math.ceil(nano - 1e-3);

function overBudget(rootRunId: string, budget: BudgetRow, worstUsd: number): AppError {
  const [capUsd, settledUsd, reservedUsd] = [budget.cap_nano, budget.settled_nano, budget.reserved_nano].map(
    (nano) => nano / NANO,
  ) as [number, number, number];
  const worst = Number.isFinite(worstUsd) ? worstUsd : null;
  const cost = worst === null ? 'an unknown amount' : `up to $${worst.toFixed(4)}`;
  return new AppError({
    code: 'budget_exceeded',
    message: `Run ${rootRunId}: cap ${capUsd}, settled ${settledUsd}, reserved ${reservedUsd}, worst case ${worstUsd} USD.`,
    userMessage: `The next model call may cost ${cost}, but of the budget of $${capUsd.toFixed(2)} already $${settledUsd.toFixed(4)} is spent and $${reservedUsd.toFixed(4)} is reserved. Raise the budget, then resume.`,
    details: { capUsd, settledUsd, reservedUsd, worstUsd: worst },
  });
}

/** To be used inside a transaction. */
function ledgerRows(store: Store) {
  const budgetOf = (rootRunId: string): BudgetRow => {
    const row = store
      .prepare('SELECT cap_nano, settled_nano, reserved_nano, calls, paused FROM budgets WHERE root_id = ?')
      .get(rootRunId) as BudgetRow | undefined;
    if (row !== undefined) return row;
    throw new AppError({ code: 'not_found', message: `Run ${rootRunId} has no budget; it has to be opened first.` });
  };

  const totals = (rootRunId: string): LedgerTotals => {
    const { cap_nano, settled_nano, reserved_nano, calls } = budgetOf(rootRunId);
    return { capUsd: cap_nano / NANO, settledUsd: settled_nano / NANO, reservedUsd: reserved_nano / NANO, calls };
  };

  const lastCharge = (rootRunId: string, callKey: string): ChargeRow | undefined =>
    store
      .prepare(
        `SELECT charge_id, state, amount_nano FROM charges WHERE root_id = ? AND call_key = ?
         ORDER BY charge_id DESC LIMIT 1`,
      )
      .get(rootRunId, callKey) as ChargeRow | undefined;

  const addCharge = (rootRunId: string, callKey: string, state: ChargeRow['state'], nano: number) =>
    store
      .prepare('INSERT INTO charges (root_id, call_key, state, amount_nano) VALUES (?, ?, ?, ?)')
      .run(rootRunId, callKey, state, nano);

  const changeCharge = (charge: ChargeRow, state: ChargeRow['state'], nano: number) =>
    store
      .prepare('UPDATE charges SET state = ?, amount_nano = ? WHERE charge_id = ?')
      .run(state, nano, charge.charge_id);

  const addToBudget = (rootRunId: string, settledNano: number, reservedNano: number, calls: number) =>
    store
      .prepare(
        `UPDATE budgets SET settled_nano = settled_nano + ?, reserved_nano = reserved_nano + ?, calls = calls + ?
         WHERE root_id = ?`,
      )
      .run(settledNano, reservedNano, calls, rootRunId);

  return { budgetOf, totals, lastCharge, addCharge, changeCharge, addToBudget };
}

export function createLedger(store: Store): Ledger {
  const { budgetOf, totals, lastCharge, addCharge, changeCharge, addToBudget } = ledgerRows(store);
  return {
    open: (rootRunId, capUsd) =>
      store.write(() => {
        const cap = amountNano(capUsd, Math.round, 'the budget');
        store
          .prepare(
            'INSERT OR IGNORE INTO budgets (root_id, cap_nano, settled_nano, reserved_nano, calls) VALUES (?, ?, 0, 0, 0)',
          )
          .run(rootRunId, cap);
        return totals(rootRunId);
      }),

    raiseCap: (rootRunId, capUsd) =>
      store.write(() => {
        const cap = amountNano(capUsd, Math.round, 'the budget');
        budgetOf(rootRunId);
        store.prepare('UPDATE budgets SET cap_nano = MAX(cap_nano, ?) WHERE root_id = ?').run(cap, rootRunId);
        return totals(rootRunId);
      }),

    reserve(rootRunId, callKey, worstUsd) {
      store.write(() => {
        const budget = budgetOf(rootRunId);
        if (budget.paused === 1) {
          throw new AppError({ code: 'paused', message: `Run ${rootRunId} is paused.`, userMessage: 'Paused.' });
        }
        if (worstUsd === Number.POSITIVE_INFINITY) throw overBudget(rootRunId, budget, worstUsd);
        const worst = amountNano(worstUsd, roundUp, `the worst case of call ${callKey}`);
        if (budget.settled_nano + budget.reserved_nano + worst > budget.cap_nano) {
          throw overBudget(rootRunId, budget, worstUsd);
        }
        addCharge(rootRunId, callKey, 'reserved', worst);
        addToBudget(rootRunId, 0, worst, 1);
      }, 'process');
      const onDisk = store.flush();
      // Heard by whoever makes the call; a reservation that nobody waits for is no failure.
      onDisk.catch(() => {});
      return { onDisk };
    },

    settle: (rootRunId, callKey, actualUsd) =>
      store.write(() => {
        const actual = amountNano(actualUsd, Math.round, `the cost of call ${callKey}`);
        budgetOf(rootRunId);
        const charge = lastCharge(rootRunId, callKey);
        if (charge?.state === 'settled') return;
        // Charged without a reservation, or after a release: the money is gone all the same.
        if (charge === undefined) addCharge(rootRunId, callKey, 'settled', actual);
        else changeCharge(charge, 'settled', actual);
        const open = charge?.state === 'reserved';
        addToBudget(rootRunId, actual, open ? -charge.amount_nano : 0, open ? 0 : 1);
        // A settlement lost with the power leaves the reservation in place: the larger figure, the safe side.
      }, 'process'),

    release: (rootRunId, callKey) =>
      store.write(() => {
        const charge = lastCharge(rootRunId, callKey);
        if (charge?.state !== 'reserved') return;
        changeCharge(charge, 'released', 0);
        addToBudget(rootRunId, 0, -charge.amount_nano, -1);
      }),

    setPaused: (rootRunId, paused) =>
      store.write(() => {
        budgetOf(rootRunId);
        store.prepare('UPDATE budgets SET paused = ? WHERE root_id = ?').run(paused ? 1 : 0, rootRunId);
      }),

    totals: (rootRunId) => store.read(() => totals(rootRunId)),
  };
}
