import type { CheckSummary, PullRequest, WorkflowRun } from '../../protocol/work.ts';
import type { CommitId } from './repository.ts';

export interface ForgeRepository {
  /** Stays the same when the repository is renamed or transferred, and is no other's on any forge: `github.com/1296269`. */
  id: string;
  owner: string;
  name: string;
  cloneUrl: string;
  webUrl: string;
  defaultBranch: string;
  /** True when it has no commit yet. */
  empty: boolean;
}

export interface Forge {
  /** Value of an HTTP Authorization header for git over HTTPS; null when the remote needs none. */
  gitAuthorization(): string | null;
  /** Owner and name when the URL of a git remote belongs to this forge. */
  recognise(remoteUrl: string): { owner: string; name: string } | null;
  /** Owner null means the token's user. Creates nothing; throws `not_found` when there is none that the token may see. */
  findRepository(place: { owner: string | null; name: string }, signal: AbortSignal): Promise<ForgeRepository>;
  /** Finds or creates the repository; owner null means the token's user. */
  ensureRepository(
    request: { owner: string | null; name: string; private: boolean; description: string },
    signal: AbortSignal,
  ): Promise<ForgeRepository>;
  /** Finds the pull request of the head branch, or opens it; labels and reviewers that it lacks are added. */
  ensurePullRequest(
    repository: ForgeRepository,
    request: PullRequestRequest,
    signal: AbortSignal,
  ): Promise<PullRequest>;
  pullRequest(repository: ForgeRepository, number: number, signal: AbortSignal): Promise<PullRequestState>;
  /** What people said, our own account too, oldest first; without what is resolved or dismissed. */
  reviewComments(repository: ForgeRepository, number: number, signal: AbortSignal): Promise<ReviewComment[]>;
  checks(repository: ForgeRepository, commit: CommitId, signal: AbortSignal): Promise<CheckSummary>;
  /** The end of the log of each failed run of the summary, at most 8,000 characters each; its summary where no log is kept. */
  failedLogs(
    repository: ForgeRepository,
    summary: CheckSummary,
    signal: AbortSignal,
  ): Promise<{ name: string; log: string }[]>;
  /**
   * Merges when the head is still `commit`; merged already: returns that. Where the branch has a
   * merge queue, it is put in. Never forces. Otherwise it says why it is not merged now; ask again later. Throws `forge_failed`
   * with details.reason `closed`, `head_moved`, `conflict` or `merged_elsewhere` when asking again does not help.
   */
  merge(
    repository: ForgeRepository,
    number: number,
    request: MergeRequest,
    signal: AbortSignal,
  ): Promise<{ commit: CommitId } | MergeHeld>;
  issue(place: IssuePlace, signal: AbortSignal): Promise<Issue>;
  /** Open issues without pull requests, the last changed first; at most 50. */
  issues(repository: { owner: string; name: string }, signal: AbortSignal): Promise<Issue[]>;
  /** Ids of the workflow's runs that exist now: asked before `runWorkflow`, so that a repeated dispatch is recognised. */
  workflowRuns(repository: ForgeRepository, workflow: string, ref: string, signal: AbortSignal): Promise<string[]>;
  /**
   * Dispatches a workflow (file name) on a branch and follows the run to its end; `onChange` is called at each new state. A
   * run that is not in `known` is taken as ours from an earlier attempt. A failed run is returned, not thrown.
   */
  runWorkflow(
    repository: ForgeRepository,
    request: { workflow: string; ref: string; inputs: Record<string, string>; known: string[]; deadlineMs: number },
    onChange: (run: WorkflowRun) => void,
    signal: AbortSignal,
  ): Promise<WorkflowRun>;
}

type MergeMethod = 'merge' | 'squash' | 'rebase';

export interface MergeRequest {
  commit: CommitId;
  method: MergeMethod;
  title: string;
  /** False: only a queue may take it. Where it would be merged at once, `ready` is the answer. */
  holdsBase: boolean;
  /** A draft is made ready first; false: somebody keeps it back with that, and it waits. */
  makeReady: boolean;
  /** The last answer was `queued`: when it is not in the queue any more, it is not put in again, and `removed` is the answer. */
  wasQueued: boolean;
  /**
   * The last removal from the merge queue that is answered: a later one is `removed`, whoever saw it in the queue. Null: none is
   * known of this head, and `queueable` is the answer in place of putting it in.
   */
  knownRemoval: string | null;
}

/** `held`: why it is not merged now, in words: a review or a check is required. */
export type MergeHeld = { held: string } & (
  | { state: 'waiting' }
  /** Nothing but its base is in the way. */
  | { state: 'ready' }
  /** `group`: the commit that the queue tests, once there is one. */
  | { state: 'queued'; group: CommitId | null }
  /** Not in the queue, and put in when it is asked for with `lastRemoval` as the known one; empty when there was none. */
  | { state: 'queueable'; lastRemoval: string }
  /**
   * Thrown out of the queue; `byPerson`: somebody took it out. `group` as far as the forge tells. `removal` names this one;
   * empty while the forge does not tell of it.
   */
  | { state: 'removed'; group: CommitId | null; byPerson: boolean; removal: string }
);

export interface PullRequestRequest {
  head: string;
  base: string;
  title: string;
  body: string;
  draft: boolean;
  /** Made in the repository when it has none of the name. */
  labels: string[];
  /** Login names. One that cannot review is left out, with a warning in the log. */
  reviewers: string[];
  /** Slugs of teams of the organisation. */
  teamReviewers: string[];
}

export interface PullRequestState {
  pullRequest: PullRequest;
  headCommit: CommitId;
  /** Null before it is merged. */
  mergeCommit: CommitId | null;
  /** False when somebody deleted the head branch. */
  hasHeadBranch: boolean;
  /** `behind`: the base has moved and must be brought in before merging; `unknown`: being found out, ask again. */
  mergeable: 'yes' | 'behind' | 'conflict' | 'blocked' | 'unknown';
}

export interface ReviewComment {
  /** Unique on the forge, the same each time, also after an edit. */
  id: string;
  author: string;
  /** True for people, not programs, who may write to the repository: only their words are acted upon. */
  trusted: boolean;
  /**
   * `request`: it asks for a change by where it was said, a review that requests changes or the first remark of an open thread.
   * `settled`: its author has approved since. `talk`: everything else.
   */
  kind: 'request' | 'settled' | 'talk';
  /** May be empty for a review that requests changes. */
  body: string;
  /** Empty when it is about the whole. */
  file: string;
  /** 1-based; 0 when it is about the whole file. */
  line: number;
}

export interface IssuePlace {
  owner: string;
  name: string;
  number: number;
}

export interface Issue extends IssuePlace {
  title: string;
  /** Markdown; may be empty. */
  body: string;
  url: string;
  labels: string[];
  state: 'open' | 'closed';
}
