import { inboxTopic } from './runs.ts';
import type { Store } from './store.ts';

/**
 * Durable messages to a run. To be called inside a write transaction.
 *
 * 1. A message is kept until a wait takes it; taking it and recording the wait's result is one transaction.
 * 2. (run, dedupKey) is unique, also after the message was taken.
 */
export interface Message {
  value: string | null;
}

export function hasKey(store: Store, runId: string, dedupKey: string): boolean {
  return store.prepare('SELECT 1 FROM inbox WHERE run_id = ? AND dedup_key = ?').get(runId, dedupKey) !== undefined;
}

/** `value` is column text, already packed. */
export function putMessage(store: Store, runId: string, topic: string, value: string | null, dedupKey: string): void {
  store
    .prepare('INSERT INTO inbox (run_id, topic, dedup_key, value, sent_at) VALUES (?, ?, ?, ?, ?)')
    .run(runId, topic, dedupKey, value, store.clock.now());
  store.wake(inboxTopic(runId));
}

/** Oldest message of the topic that nobody has taken. */
export function hasMessage(store: Store, runId: string, topic: string): boolean {
  return (
    store
      .prepare('SELECT 1 FROM inbox WHERE run_id = ? AND topic = ? AND taken_by IS NULL LIMIT 1')
      .get(runId, topic) !== undefined
  );
}

export function takeMessage(store: Store, runId: string, topic: string, takenBy: string): Message | null {
  const row = store
    .prepare(
      `UPDATE inbox SET taken_by = ? WHERE message_id = (SELECT message_id FROM inbox
       WHERE run_id = ? AND topic = ? AND taken_by IS NULL ORDER BY message_id LIMIT 1) RETURNING value`,
    )
    .get(takenBy, runId, topic) as { value: string | null } | undefined;
  return row ?? null;
}
