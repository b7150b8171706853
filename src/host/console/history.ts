import type { EventRecord } from '../../protocol/events.ts';

/** As many events as the page keeps; see LOG_LIMIT of the console's store. */
const MOST = 5_000;
const CHUNK = 500;

export interface HistoryParts {
  read(afterSeq: number, limit: number): Promise<EventRecord[]>;
  send(chunk: EventRecord[]): void;
  /** False once the page shows something else. */
  isWanted(): boolean;
}

/** Sends the last events up to `untilSeq`, oldest first, in chunks that a page takes without a pause. */
export async function sendHistory(parts: HistoryParts, untilSeq: number): Promise<void> {
  let afterSeq = Math.max(0, untilSeq - MOST);
  while (afterSeq < untilSeq && parts.isWanted()) {
    const chunk = await parts.read(afterSeq, Math.min(CHUNK, untilSeq - afterSeq));
    const last = chunk.at(-1);
    if (last === undefined || !parts.isWanted()) return;
    parts.send(chunk);
    afterSeq = last.seq;
  }
}
