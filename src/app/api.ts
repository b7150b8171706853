import type { Brief } from '../protocol/brief.ts';
import type { EventRecord } from '../protocol/events.ts';
import type { Intent } from '../protocol/intents.ts';
import type { ProjectRecords, TaskRecord } from '../protocol/records.ts';
import type { RunView } from '../protocol/view.ts';
import type { ChangedFile, IssueRef } from '../protocol/work.ts';

/** The one door of every client (command line, extension host, server). */
export interface AppApi {
  /**
   * Carries an intent out and returns the run it concerns. `start`, `deploy` and `rollback` return at once with the new run's id; the
   * run goes on in this process. `approve`, `reject`, `edit_plan`, `trim_diff`, `answer` and `resume` also take the run over when no live
   * process owns it. Throws with nothing changed when the intent does not fit the run as it is.
   */
  dispatch(intent: Intent): Promise<{ runId: string }>;
  /**
   * Goes on in this process with an unfinished run that no live process owns; answers no wait. For runs that an earlier
   * process of the same client was executing.
   */
  adopt(runId: string): Promise<void>;
  /** The run as it is now; null when there is none with this id (a unique prefix of the id is enough). */
  snapshot(runId: string): Promise<RunView | null>;
  /** All runs, newest first. */
  list(): Promise<RunView[]>;
  events(runId: string, afterSeq: number, limit?: number): EventRecord[];
  /** Live events in order after `afterSeq`, from any process; returns the unsubscribe function. */
  subscribe(runId: string, afterSeq: number, onRecord: (record: EventRecord) => void): () => void;
  /**
   * Live events of all runs that are appended after this call, by any process: in order within a run, one call a wake-up. A
   * run that begins shows by its first event. Returns the function that ends it.
   */
  watch(onRecords: (records: EventRecord[]) => void): () => void;
  /**
   * Text of a file at a commit (a whole id) of the run's repository; null when there is none. Throws `usage` for one above 2 MB
   * and for one that is no UTF-8 text.
   */
  readFile(runId: string, commit: string, path: string): Promise<string | null>;
  /** What differs between two commits (whole ids) of the run's repository, in the order of a review. */
  changedFiles(runId: string, from: string, to: string): Promise<ChangedFile[]>;
  /** A kept output of a check (`Evidence.outputFile`), the last 1 MB of it; `usage` for a file that is not of this run. */
  output(runId: string, outputFile: string): Promise<string>;
  /**
   * Resolves with the view when the run has ended, or when all that is left of it waits for somebody (view.status
   * `waiting` and nothing is working), or rejects with `aborted`.
   */
  settled(runId: string, signal: AbortSignal): Promise<RunView>;
  /**
   * An issue of GitHub and the brief made of it. `ref`: `owner/repo#12`, its web address, or `#12` of the repository that the
   * workspace has as `origin`. Throws `usage` for another form, `not_found` when there is no such issue.
   */
  readIssue(ref: string, workspaceDir: string, signal: AbortSignal): Promise<{ issue: IssueRef; brief: Brief }>;
  /** Open issues of the workspace's repository on GitHub, the last changed first; none without such an `origin`. */
  openIssues(workspaceDir: string, signal: AbortSignal): Promise<IssueRef[]>;
  /** The shared records of one run, or of all with null, from the local store. */
  records(runId: string | null): Promise<ProjectRecords>;
  /** What the team's shared database holds, newest first, at most 100; null when none is configured. */
  teamTasks(signal: AbortSignal): Promise<TaskRecord[] | null>;
  /** Stops executing (runs stay resumable), closes every listener, process and file. Idempotent. */
  close(): Promise<void>;
}
