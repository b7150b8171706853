import { createHash } from 'node:crypto';
import type { ForgeRepository, Issue, PullRequestState, ReviewComment } from '../../src/core/ports.ts';
import { AppError } from '../../src/protocol/errors.ts';
import type { CheckSummary, PullRequest, WorkflowRun } from '../../src/protocol/work.ts';

/** What the fake forge knows. Commits hold whole file maps; a merge works by file, so two changes of one file conflict. */

export interface FakeCommit {
  id: string;
  parents: string[];
  files: Record<string, string>;
}

export interface FakePull extends PullRequest {
  headCommit: string;
  mergeCommit: string | null;
  draft: boolean;
  labels: string[];
  reviewers: string[];
  teams: string[];
  comments: FakeComment[];
  /** How the merge queue threw it out last. */
  removed: { byPerson: boolean; group: string; removal: string } | null;
}

/** `state`: of the review, or of the thread of a remark. */
interface FakeComment extends ReviewComment {
  state: 'open' | 'resolved' | 'dismissed';
}

export interface FakeWorkflow {
  /** Without one it cannot be dispatched. */
  outcome: 'passed' | 'failed' | 'hangs' | null;
  /** Of its one job. */
  log: string;
  runs: WorkflowRun[];
}

export interface FakeRepository {
  info: ForgeRepository;
  branches: Map<string, string>;
  commits: Map<string, FakeCommit>;
  pulls: FakePull[];
  issues: Issue[];
  checks: Map<string, CheckSummary>;
  /** By `logId`. */
  logs: Map<string, string>;
  workflows: Map<string, FakeWorkflow>;
  /** Branch -> why it takes no merge at present. */
  held: Map<string, string>;
  /** Branches whose heads have to hold their tip. */
  strict: Set<string>;
  /** Branch -> numbers of the pull requests in its merge queue. */
  queues: Map<string, number[]>;
}

export type Refusal = 'auth' | 'not_found' | 'forge_failed' | 'aborted' | 'timeout';

export const refuse = (code: Refusal, message: string, reason?: string): AppError =>
  new AppError({ code, message, ...(reason === undefined ? {} : { details: { reason } }) });

export function emptyRepository(owner: string, name: string, id: string): FakeRepository {
  const webUrl = `https://forge.invalid/${owner}/${name}`;
  return {
    info: { id, owner, name, cloneUrl: `${webUrl}.git`, webUrl, defaultBranch: 'main', empty: true },
    branches: new Map(),
    commits: new Map(),
    pulls: [],
    issues: [],
    checks: new Map(),
    logs: new Map(),
    workflows: new Map(),
    held: new Map(),
    strict: new Set(),
    queues: new Map(),
  };
}

export const nextNumber = (world: FakeRepository): number => world.pulls.length + world.issues.length + 1;

export function pullOf(world: FakeRepository, number: number): FakePull {
  const pull = world.pulls.find((candidate) => candidate.number === number);
  if (pull === undefined) throw refuse('not_found', `No pull request ${number}.`);
  if (pull.state === 'open') pull.headCommit = world.branches.get(pull.headBranch) ?? pull.headCommit;
  return pull;
}

export const publicPull = ({ number, url, headBranch, baseBranch, state }: FakePull): PullRequest => ({
  number,
  url,
  headBranch,
  baseBranch,
  state,
});

export const idOf = (commit: Omit<FakeCommit, 'id'>): string =>
  createHash('sha1')
    .update(JSON.stringify([commit.parents, commit.files]))
    .digest('hex');

export function mergeability(world: FakeRepository, pull: FakePull): PullRequestState['mergeable'] {
  if (pull.state !== 'open') return 'unknown';
  try {
    mergedFiles(world, pull);
  } catch {
    return 'conflict';
  }
  if (world.held.has(pull.baseBranch)) return 'blocked';
  const base = world.branches.get(pull.baseBranch) ?? '';
  const isBehind = !ancestorsOf(world, pull.headCommit).has(base);
  return world.strict.has(pull.baseBranch) && isBehind ? 'behind' : 'yes';
}

/** Makes the commit, moves the base branch to it and closes the pull request. */
export function land(world: FakeRepository, pull: FakePull, method: 'merge' | 'squash' | 'rebase'): string {
  const files = mergedFiles(world, pull);
  const base = world.branches.get(pull.baseBranch) ?? '';
  const parents = method === 'merge' ? [base, pull.headCommit] : [base];
  const commit = { id: idOf({ parents, files }), parents, files };
  world.commits.set(commit.id, commit);
  world.branches.set(pull.baseBranch, commit.id);
  pull.state = 'merged';
  pull.mergeCommit = commit.id;
  return commit.id;
}

function mergedFiles(world: FakeRepository, pull: FakePull): Record<string, string> {
  const base = world.branches.get(pull.baseBranch) ?? '';
  const ours = world.commits.get(base)?.files ?? {};
  const theirs = world.commits.get(pull.headCommit)?.files ?? {};
  const ancestors = ancestorsOf(world, base);
  const common = [...ancestorsOf(world, pull.headCommit)].find((id) => ancestors.has(id));
  const origin = world.commits.get(common ?? '')?.files ?? {};
  const files: Record<string, string> = {};
  for (const path of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const changed = theirs[path] !== origin[path];
    if (changed && ours[path] !== origin[path] && ours[path] !== theirs[path]) {
      throw refuse('forge_failed', `Not mergeable: ${path} conflicts.`, 'conflict');
    }
    const content = changed ? theirs[path] : ours[path];
    if (content !== undefined) files[path] = content;
  }
  return files;
}

/** The commit and everything before it, nearest first. */
function ancestorsOf(world: FakeRepository, commit: string): Set<string> {
  const seen = new Set<string>([commit]);
  for (const id of seen) for (const parent of world.commits.get(id)?.parents ?? []) seen.add(parent);
  return seen;
}
