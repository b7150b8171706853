/**
 * The budget of a run, over all its agents and processes.
 *
 * Invariants:
 * 1. settled + reserved never exceeds the cap at the moment of a reservation: the worst case of a call is reserved first.
 * 2. A reservation that was never settled (the process died in the call) goes on counting at its worst case, because the
 *    provider may have charged for it.
 * 3. settle and release are idempotent per call key.
 * 4. While a run is paused nothing is reserved for it, so no call begins; what is reserved may be settled.
 */
export interface LedgerTotals {
  capUsd: number;
  settledUsd: number;
  reservedUsd: number;
  calls: number;
}

interface Reservation {
  /** Rejects with `storage_failed`. */
  onDisk: Promise<void>;
}

export interface Ledger {
  /** Sets the cap when the run has none yet; returns the totals. */
  open(rootRunId: string, capUsd: number): LedgerTotals;
  raiseCap(rootRunId: string, capUsd: number): LedgerTotals;
  /**
   * Throws `budget_exceeded` (details: capUsd, settledUsd, reservedUsd, worstUsd) when over, and `paused`; reserves nothing
   * then. Counts at once; the call may be made when it is on the disk too.
   */
  reserve(rootRunId: string, callKey: string, worstUsd: number): Reservation;
  /** Replaces the reservation by what was charged. */
  settle(rootRunId: string, callKey: string, actualUsd: number): void;
  /** The call was certainly not charged (refused before it reached the provider, or answered by an error). */
  release(rootRunId: string, callKey: string): void;
  /** The run must have been opened. */
  setPaused(rootRunId: string, paused: boolean): void;
  totals(rootRunId: string): LedgerTotals;
}
