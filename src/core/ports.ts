import type { DeploymentNeeds, FunctionNeed, LiveCheck, SiteNeed } from '../protocol/deployment-needs.ts';
import type { Effort } from '../protocol/plan.ts';
import type { ProjectRecords, TaskRecord } from '../protocol/records.ts';
import type {
  ChangedFile,
  CheckSummary,
  Deployment,
  DeploymentChange,
  LiveResult,
  ModelUsage,
  PullRequest,
  WorkflowRun,
} from '../protocol/work.ts';
import type { Approval } from './approval.ts';

/** What the core needs from the world. Every method that waits takes a signal; every failure is an AppError. */

// ---------------------------------------------------------------- models

export interface LeadExchange {
  input: string;
  /** The provider's own output items, returned unchanged so that its prompt cache holds. JSON. */
  output: unknown[];
}

export interface LeadRequest {
  /** Routes the conversation to one server for prompt caching; the same for all calls of a run. */
  conversation: string;
  /** For logs, events and recordings: `clarify`, `plan`, `plan-repair`, `review`, `reconcile`. */
  purpose: string;
  model: string;
  effort: Effort;
  /** Role and rules; identical for all calls of one role, so that it is cached. */
  instructions: string;
  history: LeadExchange[];
  input: string;
  /** JSON schema (draft 2020-12) of the answer; strict. */
  schemaName: string;
  schema: Record<string, unknown>;
  maxOutputTokens: number;
}

export interface ModelReply {
  provider: string;
  model: string;
  usage: ModelUsage;
  /** US dollars as charged or computed from the price table; null when the price is unknown. */
  costUsd: number | null;
  requestId: string | null;
  durationMs: number;
}

export interface LeadReply extends ModelReply {
  /** Raw text of the answer; the caller parses and validates it. */
  text: string;
  output: unknown[];
}

/** One model call. The adapter classifies failures (AppError codes of models) and does not retry. */
export interface LeadModel {
  ask(request: LeadRequest, signal: AbortSignal): Promise<LeadReply>;
}

export interface ToolSpec {
  name: string;
  description: string;
  /** JSON schema of the arguments. */
  inputSchema: Record<string, unknown>;
}

export interface ToolCall {
  id: string;
  name: string;
  input: unknown;
}

export interface ToolResult {
  callId: string;
  text: string;
  isError: boolean;
}

/** `content` of an assistant message is the provider's own blocks, returned unchanged (thinking signatures). JSON. */
export type AgentMessage =
  | { role: 'assistant'; content: unknown[] }
  | { role: 'user'; text: string }
  | { role: 'tools'; results: ToolResult[]; text: string | null };

export interface AgentTurnRequest {
  model: string;
  effort: Effort;
  /** Stable for all agents of a run (role, rules, plan, shared interfaces): cached for an hour. */
  prefix: string;
  /** Specialization and the like: after the shared prefix. */
  suffix: string;
  tools: readonly ToolSpec[];
  messages: AgentMessage[];
  maxOutputTokens: number;
}

export interface AgentTurnReply extends ModelReply {
  content: unknown[];
  text: string;
  toolCalls: ToolCall[];
  stop: 'end' | 'tools' | 'truncated' | 'paused';
}

/** One streamed agent turn. Classifies failures and does not retry. `onText` receives text as it arrives. */
export interface AgentModel {
  turn(request: AgentTurnRequest, signal: AbortSignal, onText?: (delta: string) => void): Promise<AgentTurnReply>;
}

// ---------------------------------------------------------------- repository

export type CommitId = string;

export interface RepositoryState {
  /** Absolute path of the repository's top folder. */
  repoDir: string;
  baseCommit: CommitId;
  /** Current branch, or `HEAD` when detached. */
  branch: string;
  /** Paths with uncommitted changes or untracked files. */
  dirtyPaths: string[];
  /** True when the folder was empty and the repository has just been made, with one empty commit. */
  created: boolean;
}

export interface RepositoryMap {
  fileCount: number;
  /** Indented file tree within the token budget (4 characters a token). */
  tree: string;
  /** package.json or another manifest at the top, or null. */
  manifest: { path: string; text: string } | null;
  /** AGENTS.md, CLAUDE.md, README*, in that order, cut to the budget. */
  rules: { path: string; text: string }[];
}

export interface MergeConflict {
  path: string;
  /** git's own word, such as `CONFLICT (contents)`. */
  kind: string;
}

export interface MergeOutcome {
  /** Tree of the merge; with conflicts, it holds files with conflict markers. */
  tree: string;
  conflicts: MergeConflict[];
}

export interface CommitMessage {
  subject: string;
  body: string;
  trailers: Record<string, string>;
}

/**
 * A file of a commit to be made; `content` null leaves it out. `from`: the entry of another commit as it is there, mode and
 * bytes, without reading it; left out where that has no file of the name.
 */
export type NewEntry = { path: string; content: string | null } | { path: string; from: CommitId };

export interface Landing {
  branch: string;
  commit: CommitId;
  /** True when the workspace was clean and is now on the branch. */
  checkedOut: boolean;
  note: string;
}

/**
 * Git, without ever touching the user's branch, index, working tree, hooks or configuration, except in `land`.
 * Refs of a run live under `refs/orchestrator/<run>/`. Every commit carries `key` in the trailer `Orchestrator-Key`.
 */
export interface Repository {
  /** Opens the repository that holds the folder; makes one in an empty or missing folder. Idempotent. */
  open(workspaceDir: string, signal: AbortSignal): Promise<RepositoryState>;
  map(repoDir: string, commit: CommitId, tokenBudget: number): Promise<RepositoryMap>;
  readRef(repoDir: string, ref: string): Promise<CommitId | null>;
  /** Moves a ref; `expected` null means it must not exist; a different old value throws `git_failed`. */
  setRef(repoDir: string, ref: string, commit: CommitId, expected: CommitId | null): Promise<void>;
  /** All refs under a prefix: ref name -> commit. */
  listRefs(repoDir: string, prefix: string): Promise<Record<string, CommitId>>;
  /** Commits files on top of a parent, in memory. Returns the parent when nothing differs. */
  commitFiles(repoDir: string, parent: CommitId, files: NewEntry[], message: CommitMessage): Promise<CommitId>;
  /** Makes (or finds) a detached worktree at `dir`, checked out at `commit`, with hooks off. */
  openWorktree(repoDir: string, dir: string, commit: CommitId): Promise<{ isNew: boolean }>;
  /** Puts the worktree's tracked and untracked files back to `commit` (ignored files stay). */
  resetWorktree(dir: string, commit: CommitId): Promise<void>;
  /** Fills the worktree with a tree (of a conflicted merge, say) without a commit. */
  checkoutTree(dir: string, tree: string): Promise<void>;
  /** Commits everything in the worktree on `parents` and moves `ref` there; null when the tree equals the first parent's. */
  commitWorktree(
    dir: string,
    parents: CommitId[],
    ref: string,
    message: CommitMessage,
  ): Promise<{ commit: CommitId; files: ChangedFile[] } | null>;
  /** The folder is away when it returns, renamed at least; deleting may go on until `close`. Never fails. */
  removeWorktree(repoDir: string, dir: string): Promise<void>;
  merge(repoDir: string, ours: CommitId, theirs: CommitId): Promise<MergeOutcome>;
  mergeBase(repoDir: string, a: CommitId, b: CommitId): Promise<CommitId>;
  hasCommonHistory(repoDir: string, a: CommitId, b: CommitId): Promise<boolean>;
  /** URL of the remote `origin`, or null. */
  originUrl(repoDir: string): Promise<string | null>;
  commitTree(repoDir: string, tree: string, parents: CommitId[], message: CommitMessage): Promise<CommitId>;
  parents(repoDir: string, commit: CommitId): Promise<CommitId[]>;
  /** `head` without what changed from one commit to another, in memory. */
  undo(repoDir: string, head: CommitId, change: { from: CommitId; to: CommitId }): Promise<MergeOutcome>;
  changedFiles(repoDir: string, from: CommitId, to: CommitId): Promise<ChangedFile[]>;
  /** Unified diff; cut after maxBytes with a line that says so. */
  patch(repoDir: string, from: CommitId, to: CommitId, maxBytes: number): Promise<string>;
  /** File content at a commit or tree, or null when absent. */
  readFile(repoDir: string, commitOrTree: string, path: string): Promise<string | null>;
  /** Paths of all files of a folder at a commit; none when there is no such folder. */
  listFiles(repoDir: string, commit: CommitId, folder: string): Promise<string[]>;
  /** Writes the files of a commit into an empty folder (no .git). */
  exportTree(repoDir: string, commit: CommitId, dir: string): Promise<void>;
  /** Creates the user-visible branch at the commit; checks it out only when the workspace is clean and still at base. */
  land(state: RepositoryState, branch: string, commit: CommitId): Promise<Landing>;
  /**
   * Moves a landed branch forward from one commit to another that holds it; where it is checked out, only when the workspace
   * is clean. A branch that is not at `from` any more is left alone and another one landed.
   */
  landAgain(state: RepositoryState, branch: string, from: CommitId, commit: CommitId): Promise<Landing>;
  /** Pushes commits to branches of a URL; credentials go through the environment, never the command line or config. */
  push(
    repoDir: string,
    url: string,
    refspecs: { commit: CommitId; branch: string }[],
    authorization: string | null,
    signal: AbortSignal,
  ): Promise<void>;
  /** Fetches a commit reachable from a branch of a URL into the object store; returns its id. */
  fetch(
    repoDir: string,
    url: string,
    branch: string,
    authorization: string | null,
    signal: AbortSignal,
  ): Promise<CommitId>;
  /** Ends the processes that are kept. Idempotent; the repository can be used after it, more slowly. */
  close(): Promise<void>;
}

// ---------------------------------------------------------------- commands and tools

export interface CommandSpec {
  /** A command line for the shell of the platform. */
  command: string;
  cwd: string;
  /** Complete environment apart from PATH and the like, which the runner adds; never holds keys. */
  env: Record<string, string>;
  wallMs: number;
  /** Longest silence. */
  idleMs: number;
  /** Output above this is dropped from memory; the file keeps at most ten times as much. */
  maxOutputBytes: number;
  /** Where all output goes; null keeps none. */
  outputFile: string | null;
  network: boolean;
}

export interface CommandResult {
  exitCode: number | null;
  ended: 'exit' | 'signal' | 'wall' | 'idle' | 'cancelled';
  durationMs: number;
  /** Last maxOutputBytes of stdout and stderr together. */
  output: string;
  outputBytes: number;
}

/** Runs one command in its own process group and kills the whole group at the end. Never throws for a failing command. */
export interface CommandRunner {
  run(spec: CommandSpec, signal: AbortSignal): Promise<CommandResult>;
}

export interface ToolOutcome {
  text: string;
  isError: boolean;
  /** True when files may have changed. */
  changed: boolean;
  /** One line for the person: `edited src/api.js`. */
  summary: string;
}

export interface ToolSession {
  run(call: ToolCall, signal: AbortSignal): Promise<ToolOutcome>;
  close(): Promise<void>;
}

export interface ToolSessionOptions {
  worktreeDir: string;
  env: Record<string, string>;
  /** Null allows the command; otherwise the reason for refusing it. */
  refuseCommand(command: string): string | null;
  network: boolean;
  outputDir: string;
}

/** read, write, edit, glob, grep, run; `finish` is the core's own. Refuses paths outside, .git and agent configuration. */
export interface AgentTools {
  readonly specs: readonly ToolSpec[];
  open(options: ToolSessionOptions): Promise<ToolSession>;
}

// ---------------------------------------------------------------- outside systems

export interface ForgeRepository {
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
  /** What reviewers said, oldest first; without the words of our own account and what is resolved or dismissed. */
  reviewComments(repository: ForgeRepository, number: number, signal: AbortSignal): Promise<ReviewComment[]>;
  checks(repository: ForgeRepository, commit: CommitId, signal: AbortSignal): Promise<CheckSummary>;
  /** The end of the log of each failed run of the summary, at most 8,000 characters each; its summary where no log is kept. */
  failedLogs(
    repository: ForgeRepository,
    summary: CheckSummary,
    signal: AbortSignal,
  ): Promise<{ name: string; log: string }[]>;
  /**
   * Merges when the head is still `commit`; merged already: returns that. A draft is made ready first. Where the branch has a
   * merge queue, it is put in. Never forces. `held`: why it is not merged now (a review or a check is required, it is in the
   * queue, `isQueued`); ask again later. Throws `forge_failed` with details.reason `closed`, `head_moved`, `conflict` or
   * `merged_elsewhere` when asking again does not help.
   */
  merge(
    repository: ForgeRepository,
    number: number,
    request: { commit: CommitId; method: MergeMethod; title: string },
    signal: AbortSignal,
  ): Promise<{ commit: CommitId } | { held: string; isQueued?: true }>;
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
  /** Unique on the forge, the same each time. */
  id: string;
  author: string;
  /** True for people who may write to the repository: only their words are acted upon. */
  trusted: boolean;
  /** False for a remark that asks for nothing, such as the text of an approval. */
  wantsChange: boolean;
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

export interface DeployedUrls {
  endpoint: string;
  projectId: string;
  databaseId: string | null;
  /** Id of the function in the plan -> public URL without a trailing slash. */
  functions: Record<string, string>;
}

/** What of the plan needs a place of its own on the host. */
export type PlaceRequest =
  | { kind: 'database'; id: string; name: string }
  | { kind: 'function'; need: FunctionNeed }
  | { kind: 'site'; need: SiteNeed };

/** Where a thing of the plan lives: `<id of the plan>`, or `<id>-2` … `<id>-20` when others have that; 36 characters at most. */
export interface Place {
  id: string;
  /** What marks it as this project's: `<project>/<id of the plan>`. Not a secret. */
  mark: string;
}

/**
 * Everything is find-or-create, and only what carries the mark of the project is ever changed. Every call but `place` and
 * the reading ones refuses (`deployment_failed`) a place that meanwhile belongs to somebody else. Applied twice, the second
 * time changes nothing; `Deployment.changes` names what was done.
 */
export interface Deployer {
  /**
   * What deploying would create, change and delete; reads only. A column or index that the plan no longer has in a table that
   * it names is deleted; a table that it does not name stays.
   */
  preview(needs: DeploymentNeeds, name: string, project: string, signal: AbortSignal): Promise<DeploymentChange[]>;
  /**
   * Finds the place of this project, or takes the first free one and marks it. `project` is a key that stays the same over
   * the runs of one project and is no other project's, such as `owner/name` of its repository.
   */
  place(request: PlaceRequest, project: string, signal: AbortSignal): Promise<Place>;
  /**
   * Makes the smallest changes that bring database, tables, columns and indexes to what is needed; waits until all are
   * available. Changes that lose data are made only when `destructive` allows them, else left out and named in `left`.
   * Whether a table is empty is looked at again right before something of it is deleted.
   */
  applyDatabase(
    needs: DeploymentNeeds,
    place: Place,
    name: string,
    options: { destructive: Approval },
    signal: AbortSignal,
  ): Promise<Deployment>;
  /**
   * Ids of the deployments that exist now: asked before an upload, so that a repeated upload can be recognised. `id` is that
   * of the place. The active one first, the others newest first.
   */
  knownDeployments(kind: 'function' | 'site', id: string, signal: AbortSignal): Promise<string[]>;
  /**
   * Creates or updates the function with its variables, triggers and domains, uploads the folder, waits for the build and the
   * activation. When a deployment exists that is not in `known`, it is taken as ours from an earlier attempt and is not
   * uploaded again; when what is active was made of the same files and settings, nothing is uploaded. The `id` of the result
   * is that of the place. A domain that does not verify is no failure: `domains` says what to do.
   */
  deployFunction(
    need: FunctionNeed,
    place: Place,
    sourceDir: string,
    known: string[],
    variables: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Deployment>;
  deploySite(
    need: SiteNeed,
    place: Place,
    sourceDir: string,
    known: string[],
    signal: AbortSignal,
  ): Promise<Deployment>;
  /** `functionIds`: id in the plan -> id of the place; `databaseId` is that of the place. */
  urls(functionIds: Record<string, string>, databaseId: string | null, signal: AbortSignal): Promise<DeployedUrls>;
  /** What undoing these deployments would do, and what cannot be undone, in words; reads only. */
  previewRollback(
    deployments: readonly Deployment[],
    signal: AbortSignal,
  ): Promise<{ changes: DeploymentChange[]; irreversible: string[] }>;
  /**
   * Undoes one deployment: the one before is activated again; tables and columns that it added are dropped when they are empty,
   * and others, like a function or site that it made, only with `destructive`. Idempotent. `kept` says in words what was left.
   */
  rollBack(
    deployment: Deployment,
    options: { destructive: Approval },
    signal: AbortSignal,
  ): Promise<{ done: DeploymentChange[]; kept: string[] }>;
}

/** A database that a team shares. Nothing is ever deleted in it. */
export interface RecordStore {
  /**
   * Inserts the records, or replaces those with the same ids: first activities, then deployments, then tasks, each in the order
   * given. Doing it again is harmless. An error may leave a part stored; one with details.status 400 is about these records,
   * every other one would meet any.
   */
  upsert(records: ProjectRecords, signal: AbortSignal): Promise<void>;
  /** Tasks of everybody, the last created first; at most `limit` (1 to 100). */
  tasks(limit: number, signal: AbortSignal): Promise<TaskRecord[]>;
}

/** Fetches a live URL; tries again until it passes or `deadlineMs` is over. */
export interface LiveProbe {
  check(baseUrl: string, check: LiveCheck, deadlineMs: number, signal: AbortSignal): Promise<LiveResult>;
}

export interface PackageRegistry {
  /** `unknown` when the registry cannot be asked. */
  exists(name: string, signal: AbortSignal): Promise<'yes' | 'no' | 'unknown'>;
}

// ---------------------------------------------------------------- small ones

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Rejects with an `aborted` AppError when the signal fires. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The few things that the core does with plain files, below the state folder. Paths are absolute. */
export interface Files {
  join(...parts: string[]): string;
  writeText(path: string, text: string): Promise<void>;
  /** Copies files of `fromDir` that match the patterns (relative globs) to the same places in `toDir`. */
  copyMatching(fromDir: string, toDir: string, patterns: string[]): Promise<string[]>;
  /** Makes the folder, empty. */
  emptyDir(path: string): Promise<void>;
  remove(path: string): Promise<void>;
}

export interface Log {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
}
