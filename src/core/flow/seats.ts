import type { Condition } from '../engine/port.ts';

/** The right of one agent to work. */
export interface Seat {
  /** Waits until fewer agents than allowed work, in the order of asking; at once when it is taken already. */
  take(signal: AbortSignal): Promise<void>;
  /** The agent does not work: somebody else reviews, or decides, or its subtask has ended. May be called twice. */
  leave(): void;
}

interface Waiting {
  subtaskId: string;
  grant(): void;
}

/**
 * The seats of one run: at most `size` agents work at a time, however many have their work reviewed.
 *
 * 1. A seat is promised to a subtask from its choice, or its start in this process, until it leaves or takes it. Promises only
 *    keep others from being chosen.
 * 2. Who waits comes before whoever is only about to be chosen.
 * 3. Nothing of it is on record: a run that is taken up again finds its agents in whatever seats they take.
 */
export class RunSeats implements Condition {
  readonly #size: number;
  readonly #promised = new Set<string>();
  readonly #taken = new Set<string>();
  #waiting: Waiting[] = [];
  readonly #listeners = new Set<() => void>();

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
    for (const id of chosen) this.#promised.add(id);
    return chosen;
  }

  /** The seat of a subtask that begins, or goes on, in this process. */
  seatFor(subtaskId: string): Seat {
    if (!this.#taken.has(subtaskId)) this.#promised.add(subtaskId);
    return {
      take: (signal) => this.#take(subtaskId, signal),
      leave: () => this.#leave(subtaskId),
    };
  }

  async #take(subtaskId: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
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

  #leave(subtaskId: string): void {
    const wasTaken = this.#taken.delete(subtaskId);
    const wasPromised = this.#promised.delete(subtaskId);
    if (!wasTaken && !wasPromised) return;
    const next = this.#taken.size < this.#size ? this.#waiting.shift() : undefined;
    if (next !== undefined) {
      this.#taken.add(next.subtaskId);
      next.grant();
    }
    this.#tell();
  }

  #tell(): void {
    if (this.free === 0) return;
    for (const listener of [...this.#listeners]) listener();
  }
}

/** The seats of the runs of this process. */
export class Seats {
  readonly #runs = new Map<string, RunSeats>();

  /** `size` counts when the run has none yet: its policy does not change. */
  of(runId: string, size: number): RunSeats {
    const known = this.#runs.get(runId);
    if (known !== undefined) return known;
    const seats = new RunSeats(size);
    this.#runs.set(runId, seats);
    return seats;
  }

  /** The run has ended here; whoever still leaves a seat leaves one of the old ones. */
  close(runId: string): void {
    this.#runs.delete(runId);
  }
}

/** For work that is alone, such as joining a conflict: nothing to wait for. */
export const freeSeat: Seat = { take: async () => {}, leave: () => {} };
