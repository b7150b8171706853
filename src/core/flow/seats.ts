import type { Condition } from '../engine/port.ts';

/** The right of one agent to work. */
export interface Seat {
  readonly isTaken: boolean;
  /** Waits until fewer agents than allowed work, in the order of asking; at once when it is taken already. */
  take(signal: AbortSignal): Promise<void>;
  /** Keeps it against new subtasks, and lets whoever has come back sit down: the agent waits for a condition, a key say. */
  rest(): void;
  /** The agent's work is looked at: somebody else may begin. */
  leave(): void;
  /** The agent goes on after all, as the record says: as if it had not left. */
  claim(): void;
  /** The subtask has ended, well or not. Others learn of it a moment later, when its end is on record. */
  close(): void;
}

interface Waiting {
  subtaskId: string;
  grant(): void;
}

/**
 * The seats of one run: at most `size` agents of subtasks work at a time, however many have their work looked at.
 *
 * 1. A seat is promised to a subtask when it is chosen, when it begins or goes on in this process, and while it rests.
 *    Promises only keep others from being chosen; whoever comes back sits down when fewer than `size` seats are taken.
 * 2. Who waits comes before whoever is only about to be chosen.
 * 3. Nothing of it is on record. A run that is taken up again goes through its record in one go: what leaves there and claims
 *    again was never away, so promises are given up a moment later.
 */
export class RunSeats implements Condition {
  readonly #size: number;
  readonly #promised = new Set<string>();
  readonly #taken = new Set<string>();
  readonly #leaving = new Map<string, NodeJS.Immediate>();
  readonly #listeners = new Set<() => void>();
  #waiting: Waiting[] = [];
  #onEmpty: (() => void) | null = null;

  constructor(size: number) {
    this.#size = size;
  }

  /** Seats that nobody has, waits for or is promised; not below 0. */
  get free(): number {
    return Math.max(0, this.#size - this.#taken.size - this.#promised.size - this.#waiting.length);
  }

  holds(): boolean {
    return this.free > 0;
  }

  watch(listener: () => void): () => void {
    const entry = () => listener();
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  /** Promises the free seats to the first of the subtasks, and returns those. */
  choose(subtaskIds: readonly string[]): string[] {
    const chosen = subtaskIds.slice(0, this.free);
    for (const id of chosen) this.#claim(id);
    return chosen;
  }

  /** The seat of a subtask that begins, or goes on, in this process. */
  seatFor(subtaskId: string): Seat {
    const isTaken = () => this.#taken.has(subtaskId);
    this.#claim(subtaskId);
    return {
      get isTaken() {
        return isTaken();
      },
      take: (signal) => this.#take(subtaskId, signal),
      rest: () => this.#rest(subtaskId),
      leave: () => (isTaken() ? this.#release(subtaskId) : this.#releaseSoon(subtaskId)),
      claim: () => this.#claim(subtaskId),
      close: () => this.#releaseSoon(subtaskId),
    };
  }

  /** Calls back when nobody has, waits for or is promised a seat; null: does not. */
  whenEmpty(listener: (() => void) | null): void {
    this.#onEmpty = listener;
    this.#hearEmpty();
  }

  #claim(subtaskId: string): void {
    clearImmediate(this.#leaving.get(subtaskId));
    this.#leaving.delete(subtaskId);
    if (!this.#taken.has(subtaskId)) this.#promised.add(subtaskId);
  }

  async #take(subtaskId: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#claim(subtaskId);
    if (this.#taken.has(subtaskId)) return;
    this.#promised.delete(subtaskId);
    if (this.#taken.size < this.#size) {
      this.#taken.add(subtaskId);
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { subtaskId, grant: resolve };
    const giveUp = () => {
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      reject(signal.reason);
      this.#tell();
    };
    signal.addEventListener('abort', giveUp, { once: true });
    this.#waiting.push(waiting);
    await promise.finally(() => signal.removeEventListener('abort', giveUp));
  }

  #rest(subtaskId: string): void {
    if (!this.#taken.delete(subtaskId)) return;
    this.#promised.add(subtaskId);
    this.#grant();
  }

  #release(subtaskId: string): void {
    this.#taken.delete(subtaskId);
    this.#promised.delete(subtaskId);
    this.#grant();
    this.#tell();
  }

  #releaseSoon(subtaskId: string): void {
    if (!this.#taken.has(subtaskId) && !this.#promised.has(subtaskId)) return;
    if (this.#leaving.has(subtaskId)) return;
    const release = () => {
      this.#leaving.delete(subtaskId);
      this.#release(subtaskId);
    };
    this.#leaving.set(subtaskId, setImmediate(release));
  }

  #grant(): void {
    const next = this.#taken.size < this.#size ? this.#waiting.shift() : undefined;
    if (next === undefined) return;
    this.#taken.add(next.subtaskId);
    next.grant();
  }

  #hearEmpty(): void {
    if (this.#taken.size + this.#promised.size + this.#waiting.length === 0) this.#onEmpty?.();
  }

  #tell(): void {
    this.#hearEmpty();
    if (this.free === 0) return;
    for (const listener of [...this.#listeners]) listener();
  }
}

/** The seats of the runs of this process. */
export class Seats {
  readonly #runs = new Map<string, RunSeats>();

  /** `size` counts when the run has none yet: its policy does not change. */
  of(runId: string, size: number): RunSeats {
    const seats = this.#runs.get(runId) ?? new RunSeats(size);
    seats.whenEmpty(null);
    this.#runs.set(runId, seats);
    return seats;
  }

  /** The run is over here, or parked: forgotten as soon as none of its agents is left. */
  close(runId: string): void {
    this.#runs.get(runId)?.whenEmpty(() => this.#runs.delete(runId));
  }
}

/** For who joins a conflict, of whom there is one at a time: beside the others. */
export const freeSeat: Seat = {
  isTaken: true,
  take: async () => {},
  rest: () => {},
  leave: () => {},
  claim: () => {},
  close: () => {},
};
