import type {
  Forge,
  ForgeRepository,
  Issue,
  MergeHeld,
  MergeRequest,
  PullRequestRequest,
  ReviewComment,
} from '../../src/core/ports.ts';
import { AppError } from '../../src/protocol/errors.ts';
import type { CheckSummary, WorkflowRun } from '../../src/protocol/work.ts';
import {
  emptyRepository,
  type FakeCommit,
  type FakePull,
  type FakeRepository,
  type FakeWorkflow,
  idOf,
  land,
  mergeability,
  nextNumber,
  publicPull,
  pullOf,
  refuse,
} from './forge-world.ts';

export type { FakeCommit } from './forge-world.ts';

const LOG_CHARACTERS = 8_000;
const MOST_ISSUES = 50;

export interface FakeForge extends Forge {
  /** Number of repositories, pull requests and merges that were made, not found: for tests of "nothing happens twice". */
  readonly made: { repositories: number; pullRequests: number; merges: number; workflowRuns: number };
  /** Reviewers that were left out. */
  readonly warnings: string[];
  /** The same world, asked with a token that it refuses. */
  stranger(): Forge;
  /** Puts a commit on a branch; its id is taken from the content unless given. */
  push(repository: ForgeRepository, branch: string, commit: Omit<FakeCommit, 'id'> & { id?: string }): string;
  /** Closes the pull requests of the branch too. */
  deleteBranch(repository: ForgeRepository, branch: string): void;
  /** The old name leads to it. */
  rename(repository: ForgeRepository, name: string): void;
  commitAt(repository: ForgeRepository, branch: string): FakeCommit;
  /** What `checks` says of a commit from now on; without it, `none`. */
  setChecks(repository: ForgeRepository, commit: string, summary: CheckSummary): void;
  setLog(repository: ForgeRepository, logId: string, log: string): void;
  /** Why the branch takes no merge from now on; null: it takes one. */
  hold(repository: ForgeRepository, branch: string, reason: string | null): void;
  /** From now on heads have to hold the tip of the branch. */
  setStrict(repository: ForgeRepository, branch: string): void;
  useQueue(repository: ForgeRepository, branch: string): void;
  /** Merges what is in the queue of the branch, and returns how many were. */
  runQueue(repository: ForgeRepository, branch: string): number;
  /** Throws all out: the checks of the commit that is returned fail there, or somebody takes them out. */
  emptyQueue(repository: ForgeRepository, branch: string, by: 'checks' | 'person'): void;
  /** Somebody gives the pull request another base branch, or that has a new name. */
  retarget(repository: ForgeRepository, number: number, branch: string): void;
  /** Adds words of somebody; returns their id. */
  comment(repository: ForgeRepository, number: number, comment: Omit<ReviewComment, 'id'>): string;
  /** Resolves the thread, or dismisses the review. */
  settle(repository: ForgeRepository, number: number, id: string): void;
  edit(repository: ForgeRepository, number: number, id: string, body: string): void;
  extras(repository: ForgeRepository, number: number): Pick<FakePull, 'draft' | 'labels' | 'reviewers' | 'teams'>;
  addIssue(repository: ForgeRepository, issue: Partial<Pick<Issue, 'title' | 'body' | 'labels' | 'state'>>): Issue;
  /** Only the names that are given can review; null, as at first: all can. */
  setReviewers(logins: readonly string[] | null): void;
  addWorkflow(repository: ForgeRepository, file: string, workflow: Pick<FakeWorkflow, 'outcome' | 'log'>): void;
}

/** A forge in memory. */
export function createFakeForge(user = 'fake-user'): FakeForge {
  const repositories = new Map<string, FakeRepository>();
  const made = { repositories: 0, pullRequests: 0, merges: 0, workflowRuns: 0 };
  const warnings: string[] = [];
  let reviewers: readonly string[] | null = null;
  let removals = 0;

  const at = (repository: { owner: string; name: string }): FakeRepository => {
    const found = repositories.get(`${repository.owner}/${repository.name}`.toLowerCase());
    if (found === undefined) throw refuse('not_found', `No repository ${repository.owner}/${repository.name}.`);
    return found;
  };
  const begin = (signal: AbortSignal): void => {
    if (signal.aborted) throw refuse('aborted', 'Cancelled.');
  };
  const dress = (pull: FakePull, request: PullRequestRequest): void => {
    const add = (list: string[], names: readonly string[]): void => {
      for (const name of names) if (!list.includes(name)) list.push(name);
    };
    const canReview = (name: string): boolean => name !== user && (reviewers?.includes(name) ?? true);
    for (const name of [...request.reviewers, ...request.teamReviewers]) {
      if (!canReview(name)) warnings.push(`${name} was left out.`);
    }
    const reviewed = new Set(pull.comments.map((comment) => comment.author));
    add(pull.labels, request.labels);
    add(
      pull.reviewers,
      request.reviewers.filter((name) => canReview(name) && !reviewed.has(name)),
    );
    add(pull.teams, request.teamReviewers.filter(canReview));
  };
  const workflowOf = (world: FakeRepository, file: string): FakeWorkflow => {
    const found = world.workflows.get(file);
    if (found === undefined) throw refuse('forge_failed', `The workflow ${file} is not there. Commit it.`);
    return found;
  };

  const forge: Forge = {
    recognise: () => null,
    gitAuthorization: () => null,
    async findRepository(place, signal) {
      begin(signal);
      const { info, branches } = at({ ...place, owner: place.owner ?? user });
      return { ...info, empty: branches.size === 0 };
    },
    async ensureRepository(request, signal) {
      begin(signal);
      const owner = request.owner ?? user;
      const key = `${owner}/${request.name}`.toLowerCase();
      const known = repositories.get(key);
      if (known !== undefined) return { ...known.info, empty: known.branches.size === 0 };
      const world = emptyRepository(owner, request.name, `forge.invalid/${made.repositories + 1}`);
      repositories.set(key, world);
      made.repositories += 1;
      return { ...world.info };
    },
    async ensurePullRequest(repository, request, signal) {
      begin(signal);
      const world = at(repository);
      const tip = world.branches.get(request.head);
      const twins = world.pulls.filter((pull) => pull.headBranch === request.head && pull.baseBranch === request.base);
      const known =
        twins.find((pull) => pull.state === 'open') ??
        twins.findLast((pull) => pull.state === 'merged' && (tip === undefined || pull.headCommit === tip));
      const pull = known ?? open(world, request, tip);
      if (known === undefined) made.pullRequests += 1;
      if (pull.state === 'open') dress(pull, request);
      return publicPull(pull);
    },
    async pullRequest(repository, number, signal) {
      begin(signal);
      const world = at(repository);
      const pull = pullOf(world, number);
      return {
        pullRequest: publicPull(pull),
        headCommit: pull.headCommit,
        mergeCommit: pull.mergeCommit,
        hasHeadBranch: world.branches.has(pull.headBranch),
        mergeable: mergeability(world, pull),
      };
    },
    async reviewComments(repository, number, signal) {
      begin(signal);
      const { comments } = pullOf(at(repository), number);
      return comments.filter((comment) => comment.state === 'open').map(({ state: _, ...comment }) => comment);
    },
    async checks(repository, commit, signal) {
      begin(signal);
      return at(repository).checks.get(commit) ?? { state: 'none', runs: [] };
    },
    async failedLogs(repository, summary, signal) {
      begin(signal);
      const { logs } = at(repository);
      return summary.runs
        .filter((run) => run.state === 'failed')
        .map((run) => ({ name: run.name, log: (logs.get(run.logId ?? '') ?? run.summary).slice(-LOG_CHARACTERS) }));
    },
    async merge(repository, number, request, signal) {
      begin(signal);
      const world = at(repository);
      const pull = pullOf(world, number);
      if (pull.headCommit !== request.commit) {
        const reason = pull.mergeCommit === null ? 'head_moved' : 'merged_elsewhere';
        throw refuse('forge_failed', 'The head has moved.', reason);
      }
      if (pull.mergeCommit !== null) return { commit: pull.mergeCommit };
      if (pull.state === 'closed') throw refuse('forge_failed', 'It was closed.', 'closed');
      if (pull.draft && !request.makeReady) return { held: 'it is a draft', state: 'waiting' };
      pull.draft = false;
      const state = mergeability(world, pull);
      if (state === 'conflict') throw refuse('forge_failed', 'Not mergeable.', 'conflict');
      const queue = world.queues.get(pull.baseBranch);
      if (state === 'blocked') return { held: world.held.get(pull.baseBranch) ?? '', state: 'waiting' };
      if (queue !== undefined) return enterQueue(queue, pull, request);
      if (!request.holdsBase) return { held: `${pull.baseBranch} has moved`, state: 'ready' };
      if (state === 'behind') return { held: `${pull.headBranch} is behind ${pull.baseBranch}`, state: 'waiting' };
      made.merges += 1;
      return { commit: land(world, pull, request.method) };
    },
    async issue(place, signal) {
      begin(signal);
      const found = at(place).issues.find((issue) => issue.number === place.number);
      if (found === undefined) throw refuse('not_found', `No issue ${place.number}.`);
      return { ...found };
    },
    async issues(repository, signal) {
      begin(signal);
      const open = at(repository).issues.filter((issue) => issue.state === 'open');
      return open.reverse().slice(0, MOST_ISSUES);
    },
    async workflowRuns(repository, file, _ref, signal) {
      begin(signal);
      return workflowOf(at(repository), file).runs.map((run) => run.id);
    },
    async runWorkflow(repository, request, onChange, signal) {
      begin(signal);
      const world = at(repository);
      const workflow = workflowOf(world, request.workflow);
      const known = workflow.runs.find((run) => !request.known.includes(run.id));
      if (known === undefined) {
        if (workflow.outcome === null) {
          throw refuse('forge_failed', `The workflow ${request.workflow} has no workflow_dispatch trigger. Add it.`);
        }
        made.workflowRuns += 1;
      }
      const run = known ?? pendingRun(world, request.workflow, workflow);
      onChange(run);
      if (workflow.outcome === 'hangs') throw refuse('timeout', `The workflow ${request.workflow} has not ended.`);
      const ended = endedRun(run, workflow);
      workflow.runs = workflow.runs.map((entry) => (entry.id === run.id ? ended : entry));
      if (run.state === 'pending') onChange(ended);
      return ended;
    },
  };

  return {
    ...forge,
    made,
    warnings,
    stranger: () => deniedForge(),
    push(repository, branch, commit) {
      const world = at(repository);
      const made = { ...commit, id: commit.id ?? idOf(commit) };
      world.commits.set(made.id, made);
      world.branches.set(branch, made.id);
      return made.id;
    },
    deleteBranch(repository, branch) {
      const world = at(repository);
      world.branches.delete(branch);
      for (const pull of world.pulls) {
        if (pull.headBranch === branch && pull.state === 'open') pull.state = 'closed';
      }
    },
    rename(repository, name) {
      const world = at(repository);
      const webUrl = `https://forge.invalid/${world.info.owner}/${name}`;
      Object.assign(world.info, { name, webUrl, cloneUrl: `${webUrl}.git` });
      repositories.set(`${world.info.owner}/${name}`.toLowerCase(), world);
    },
    commitAt(repository, branch) {
      const world = at(repository);
      const commit = world.commits.get(world.branches.get(branch) ?? '');
      if (commit === undefined) throw refuse('not_found', `No branch ${branch}.`);
      return commit;
    },
    setChecks: (repository, commit, summary) => void at(repository).checks.set(commit, summary),
    setLog: (repository, logId, log) => void at(repository).logs.set(logId, log),
    hold(repository, branch, reason) {
      if (reason === null) at(repository).held.delete(branch);
      else at(repository).held.set(branch, reason);
    },
    setStrict: (repository, branch) => void at(repository).strict.add(branch),
    useQueue: (repository, branch) => void at(repository).queues.set(branch, []),
    runQueue(repository, branch) {
      const world = at(repository);
      const numbers = world.queues.get(branch)?.splice(0) ?? [];
      for (const number of numbers) land(world, pullOf(world, number), 'merge');
      made.merges += numbers.length;
      return numbers.length;
    },
    emptyQueue(repository, branch, by) {
      const world = at(repository);
      for (const number of world.queues.get(branch)?.splice(0) ?? []) {
        const pull = pullOf(world, number);
        const group = groupOf(pull);
        pull.removed = { byPerson: by === 'person', group, removal: `removal-${++removals}` };
        const run = { name: 'queue', state: 'failed' as const, url: null, summary: 'failed', logId: null };
        if (by === 'checks') world.checks.set(group, { state: 'failed', runs: [run] });
      }
    },
    retarget(repository, number, branch) {
      pullOf(at(repository), number).baseBranch = branch;
    },
    comment(repository, number, comment) {
      const { comments } = pullOf(at(repository), number);
      const id = `${number}-${comments.length + 1}`;
      comments.push({ ...comment, id, state: 'open' });
      return id;
    },
    settle(repository, number, id) {
      for (const comment of pullOf(at(repository), number).comments) {
        if (comment.id === id) comment.state = comment.file === '' ? 'dismissed' : 'resolved';
      }
    },
    edit(repository, number, id, body) {
      for (const comment of pullOf(at(repository), number).comments) if (comment.id === id) comment.body = body;
    },
    extras(repository, number) {
      const { draft, labels, reviewers: asked, teams } = pullOf(at(repository), number);
      return { draft, labels, reviewers: asked, teams };
    },
    addIssue(repository, given) {
      const world = at(repository);
      const { owner, name, webUrl } = world.info;
      const number = nextNumber(world);
      const url = `${webUrl}/issues/${number}`;
      const issue: Issue = {
        owner,
        name,
        number,
        url,
        title: 'An issue',
        body: '',
        labels: [],
        state: 'open',
        ...given,
      };
      world.issues.push(issue);
      return issue;
    },
    setReviewers(logins) {
      reviewers = logins;
    },
    addWorkflow: (repository, file, workflow) =>
      void at(repository).workflows.set(file, { ...workflow, runs: at(repository).workflows.get(file)?.runs ?? [] }),
  };
}

/** Of the merge that the queue tests. */
const groupOf = ({ number, headCommit }: FakePull): string =>
  idOf({ parents: [headCommit], files: { group: String(number) } });

function enterQueue(queue: number[], pull: FakePull, { wasQueued, knownRemoval }: MergeRequest): MergeHeld {
  const { number, removed } = pull;
  if (!queue.includes(number)) {
    const lastRemoval = removed?.removal ?? '';
    if (knownRemoval === null && !wasQueued) return { held: 'not in the merge queue', state: 'queueable', lastRemoval };
    if (removed !== null && removed.removal !== knownRemoval)
      return { held: 'thrown out of the merge queue', state: 'removed', ...removed };
  }
  if (!queue.includes(number)) queue.push(number);
  return { held: `in the merge queue (position ${queue.indexOf(number) + 1})`, state: 'queued', group: groupOf(pull) };
}

function open(world: FakeRepository, request: PullRequestRequest, tip: string | undefined): FakePull {
  if (tip === undefined || !world.branches.has(request.base)) {
    throw refuse('forge_failed', `No branch ${request.head} or ${request.base}.`);
  }
  const number = nextNumber(world);
  const pull: FakePull = {
    number,
    url: `${world.info.webUrl}/pull/${number}`,
    headBranch: request.head,
    baseBranch: request.base,
    state: 'open',
    headCommit: tip,
    mergeCommit: null,
    draft: request.draft,
    labels: [],
    reviewers: [],
    teams: [],
    comments: [],
    removed: null,
  };
  world.pulls.push(pull);
  return pull;
}

function pendingRun(world: FakeRepository, file: string, workflow: FakeWorkflow): WorkflowRun {
  const id = String(1_000 + workflow.runs.length);
  const url = `${world.info.webUrl}/actions/runs/${id}`;
  const run: WorkflowRun = { id, workflow: file, url, state: 'pending', jobs: [], logTail: '' };
  workflow.runs.unshift(run);
  return run;
}

function endedRun(run: WorkflowRun, { outcome, log }: FakeWorkflow): WorkflowRun {
  const state = outcome === 'failed' ? 'failed' : 'passed';
  const logTail = state === 'failed' ? log.slice(-LOG_CHARACTERS) : '';
  return { ...run, state, jobs: [{ name: 'job', state }], logTail };
}

/** Every call with a token that is refused. */
function deniedForge(): Forge {
  const denied = (): Promise<never> =>
    Promise.reject(new AppError({ code: 'auth', message: 'GITHUB_TOKEN was refused.' }));
  return {
    recognise: () => null,
    gitAuthorization: () => 'Basic wrong',
    findRepository: denied,
    ensureRepository: denied,
    ensurePullRequest: denied,
    pullRequest: denied,
    reviewComments: denied,
    checks: denied,
    failedLogs: denied,
    merge: denied,
    issue: denied,
    issues: denied,
    workflowRuns: denied,
    runWorkflow: denied,
  };
}
