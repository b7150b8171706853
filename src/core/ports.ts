import type { DeploymentNeeds, Effort, FunctionNeed, LiveCheck, SiteNeed } from '../protocol/plan.ts';
import type { ChangedFile, CheckSummary, Deployment, LiveResult, ModelUsage, PullRequest } from '../protocol/work.ts';

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
  changedFiles(repoDir: string, from: CommitId, to: CommitId): Promise<ChangedFile[]>;
  /** Unified diff; cut after maxBytes with a line that says so. */
  patch(repoDir: string, from: CommitId, to: CommitId, maxBytes: number): Promise<string>;
  /** File content at a commit or tree, or null when absent. */
  readFile(repoDir: string, commitOrTree: string, path: string): Promise<string | null>;
  /** Writes the files of a commit into an empty folder (no .git). */
  exportTree(repoDir: string, commit: CommitId, dir: string): Promise<void>;
  /** Creates the user-visible branch at the commit; checks it out only when the workspace is clean and still at base. */
  land(state: RepositoryState, branch: string, commit: CommitId): Promise<Landing>;
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
  /** Finds the pull request of the head branch, or opens it. */
  ensurePullRequest(
    repository: ForgeRepository,
    request: { head: string; base: string; title: string; body: string },
    signal: AbortSignal,
  ): Promise<PullRequest>;
  checks(repository: ForgeRepository, commit: CommitId, signal: AbortSignal): Promise<CheckSummary>;
  /** Merges when the head is still `commit`; merged already: returns that. Never forces. */
  merge(
    repository: ForgeRepository,
    number: number,
    request: { commit: CommitId; method: 'merge' | 'squash' | 'rebase'; title: string },
    signal: AbortSignal,
  ): Promise<{ commit: CommitId }>;
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
 * the reading ones refuses (`deployment_failed`) a place that meanwhile belongs to somebody else.
 */
export interface Deployer {
  /**
   * Finds the place of this project, or takes the first free one and marks it. `project` is a key that stays the same over
   * the runs of one project and is no other project's, such as `owner/name` of its repository.
   */
  place(request: PlaceRequest, project: string, signal: AbortSignal): Promise<Place>;
  /** Finds or creates database, tables, columns and indexes; waits until all are available. */
  applyDatabase(needs: DeploymentNeeds, place: Place, name: string, signal: AbortSignal): Promise<Deployment>;
  /**
   * Ids of the deployments that exist now: asked before an upload, so that a repeated upload can be recognised. `id` is that
   * of the place.
   */
  knownDeployments(kind: 'function' | 'site', id: string, signal: AbortSignal): Promise<string[]>;
  /**
   * Creates or updates the function, uploads the folder, waits for the build and the activation. When a deployment exists
   * that is not in `known`, it is taken as ours from an earlier attempt and is not uploaded again. The `id` of the result
   * is that of the place.
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
