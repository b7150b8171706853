import { AppError } from '../protocol/errors.ts';
import type { Ledger } from './ledger.ts';

/**
 * A call whose price nobody knows counts as no money, so a cap in dollars cannot bound it. It is bounded by number: a run may
 * have made this many calls, priced ones included, for each dollar of its budget. Raising the budget makes room for more.
 */
const CALLS_PER_USD = 100;

/** Throws `budget_exceeded`. Calls that start at the same moment may pass together. */
export function requireUnpricedRoom(ledger: Ledger, rootRunId: string): void {
  const { capUsd, calls } = ledger.totals(rootRunId);
  const maxCalls = Math.round(capUsd * CALLS_PER_USD);
  if (calls < maxCalls) return;
  throw new AppError({
    code: 'budget_exceeded',
    message: `Run ${rootRunId}: ${calls} calls made, the next one has no known price, at most ${maxCalls} for a cap of ${capUsd} USD.`,
    userMessage: `The next model call has no known price. With such models a run may make ${CALLS_PER_USD} calls for each dollar of its budget; ${calls} of ${maxCalls} are made. Raise the budget, then resume.`,
    details: { capUsd, calls, maxCalls },
  });
}
