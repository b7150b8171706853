import type { EventRecord } from '../protocol/events.ts';
import type { Intent } from '../protocol/intents.ts';
import type { RunView } from '../protocol/view.ts';

/** The one door of every client (command line, extension host, server). */
export interface AppApi {
  /**
   * Carries an intent out and returns the run it concerns. `start` returns at once with the new run's id; the run goes on in
   * this process. `approve`, `reject`, `answer` and `resume` also take the run over when no live process owns it.
   */
  dispatch(intent: Intent): Promise<{ runId: string }>;
  /** The run as it is now; null when there is none with this id (a unique prefix of the id is enough). */
  snapshot(runId: string): Promise<RunView | null>;
  /** All runs, newest first. */
  list(): Promise<RunView[]>;
  events(runId: string, afterSeq: number, limit?: number): EventRecord[];
  /** Live events in order after `afterSeq`, from any process; returns the unsubscribe function. */
  subscribe(runId: string, afterSeq: number, onRecord: (record: EventRecord) => void): () => void;
  /**
   * Resolves with the view when the run has ended, or when all that is left of it waits for somebody (view.status
   * `waiting` and nothing is working), or rejects with `aborted`.
   */
  settled(runId: string, signal: AbortSignal): Promise<RunView>;
  /** Stops executing (runs stay resumable), closes every listener, process and file. Idempotent. */
  close(): Promise<void>;
}
