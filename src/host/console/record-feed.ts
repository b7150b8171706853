import type { EventRecord } from '../../protocol/events.ts';

const BATCH_INTERVAL_MS = 50;

/**
 * Hands the events of one run to the page in batches, at most one every BATCH_INTERVAL_MS, and only while the page is shown. What
 * a hidden page missed is not kept: it asks for the whole view when it is shown again.
 */
export class RecordFeed {
  readonly #send: (batch: EventRecord[]) => void;
  #runId: string | null = null;
  #batch: EventRecord[] = [];
  #timer: NodeJS.Timeout | undefined;

  get runId(): string | null {
    return this.#runId;
  }

  constructor(send: (batch: EventRecord[]) => void) {
    this.#send = send;
  }

  /** From now on events of this run, after those that the page has; null: of none. */
  watch(runId: string | null): void {
    this.#stop();
    this.#runId = runId;
  }

  take(records: readonly EventRecord[]): void {
    if (this.#runId === null) return;
    for (const record of records) if (record.runId === this.#runId) this.#batch.push(record);
    if (this.#batch.length > 0) this.#timer ??= setTimeout(() => this.#flush(), BATCH_INTERVAL_MS);
  }

  dispose(): void {
    this.watch(null);
  }

  #flush(): void {
    const batch = this.#batch;
    this.#stop();
    if (batch.length > 0) this.#send(batch);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#batch = [];
  }
}
