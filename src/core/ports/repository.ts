import type { ChangedFile } from '../../protocol/work.ts';

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
  /** True when a complete worktree is at `dir`, put in order as `openWorktree` does; makes none. */
  findWorktree(repoDir: string, dir: string, commit: CommitId): Promise<boolean>;
  /** Puts the worktree's tracked and untracked files back to `commit` (ignored files stay). */
  resetWorktree(dir: string, commit: CommitId): Promise<void>;
  /** Fills the worktree with a tree (of a conflicted merge, say) without a commit. */
  checkoutTree(dir: string, tree: string): Promise<void>;
  /**
   * Commits everything in the worktree on `parents` and moves `ref` there; null when the tree equals the first parent's. Throws
   * `files_refused`, with git's words in `details.said`, when git does not take the files as they are (a name, an encoding, a
   * filter that fails, a file that cannot be read); `git_failed` for everything that changing them would not mend.
   */
  commitWorktree(
    dir: string,
    parents: CommitId[],
    ref: string,
    message: CommitMessage,
  ): Promise<{ commit: CommitId; files: ChangedFile[] } | null>;
  /** Paths that differ from HEAD or are not in it, ignored ones left out; that of a repository inside ends with a slash. */
  uncommitted(dir: string): Promise<string[]>;
  /** The folder is away when it returns, renamed at least; deleting may go on until `close`. Never fails. */
  removeWorktree(repoDir: string, dir: string): Promise<void>;
  /** Gives the worktree up and begins to remove it; `close` waits for the end. */
  discardWorktree(repoDir: string, dir: string): void;
  /** True when the folder is what a removal that was cut has left: nothing in it is to be kept. `removeWorktree` ends it. */
  isGivenUp(dir: string): boolean;
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
  /**
   * Unified diff, each file from a line `diff --git …`; above maxBytes it ends at a line end, with a last line that begins
   * `[diff cut after`.
   */
  patch(repoDir: string, from: CommitId, to: CommitId, maxBytes: number): Promise<string>;
  /** File content at a commit or tree, or null when absent. */
  readFile(repoDir: string, commitOrTree: string, path: string): Promise<string | null>;
  /** Sizes of files at a commit in bytes, in the order asked; null for one that is not there. */
  fileSizes(repoDir: string, commit: CommitId, paths: readonly string[]): Promise<(number | null)[]>;
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
