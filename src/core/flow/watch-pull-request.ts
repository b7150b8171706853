import { AppError } from '../../protocol/errors.ts';
import type { CheckSummary, Finding, PullRequest } from '../../protocol/work.ts';
import type { StepContext } from '../engine/port.ts';
import type { Forge, ForgeRepository, PullRequestState, ReviewComment } from '../ports.ts';
import type { Services } from './services.ts';

/** Between the first two looks; it doubles, up to the second figure, and after two minutes it is the third. */
const FIRST_POLL_MS = 250;
const POLL_MS = 2_000;
const SLOW_POLL_MS = 15_000;
const PATIENT_MS = 120_000;
/** How long to wait for a first check to appear before concluding that the repository has none. */
const NO_CHECKS_GRACE_MS = 15_000;
const MAX_COMMENT_CHARS = 2_000;
/** Reasons of a refused merge that the next look finds. */
const MOVED: ReadonlySet<unknown> = new Set(['closed', 'head_moved', 'conflict', 'merged_elsewhere']);

/** What became of an open pull request: it was merged, or something has to be done first. JSON. */
export type Seen =
  | { kind: 'merged'; commit: string }
  | { kind: 'checks_failed'; logs: { name: string; log: string }[] }
  | { kind: 'reviewed'; findings: Finding[]; ids: string[]; canAct: boolean }
  /** The base branch has moved to `base`, which the head does not hold. */
  | { kind: 'base_moved'; base: string }
  /** Somebody has pushed to the branch; `head` holds what we pushed, and of the base branch everything up to `base`. */
  | { kind: 'head_moved'; head: string; base: string }
  /** Somebody has merged it with another head than ours. */
  | { kind: 'merged_elsewhere'; commit: string; head: string }
  | { kind: 'branch_gone' };

export interface Watched {
  repoDir: string;
  remote: ForgeRepository;
  number: number;
  /** The head as it has to be. */
  commit: string;
  /** What we last pushed; another commit than the head when somebody else was first. */
  pushed: string;
  title: string;
  /** Ids of review comments that were acted upon. */
  answered: readonly string[];
  /** Work that was sent back to agents since the pull request was opened. */
  rounds: number;
  /** Longest time until the checks have ended and it is merged. */
  deadlineMs: number;
}

/**
 * Looks at the pull request until it is merged or something has to be done about it. Merges when its checks have passed, no
 * trusted reviewer asks for a change that nobody has answered, and its head holds the base branch.
 */
export async function watchPullRequest(services: Services, s: StepContext, watched: Watched): Promise<Seen> {
  const { clock } = services;
  const startedAt = clock.now();
  let isQueued = false;
  for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(2 * pollMs, POLL_MS)) {
    const look = await lookOnce(services, s, watched, { waitedMs: clock.now() - startedAt, isQueued });
    if (look.seen !== null) return look.seen;
    isQueued = look.isQueued ?? false;
    const waitedMs = clock.now() - startedAt;
    if (waitedMs > watched.deadlineMs) throw tooLong(waitedMs, look.reason);
    await clock.sleep(waitedMs > PATIENT_MS ? SLOW_POLL_MS : pollMs, s.signal);
  }
}

async function lookOnce(
  services: Services,
  s: StepContext,
  watched: Watched,
  { waitedMs, isQueued }: { waitedMs: number; isQueued: boolean },
): Promise<{ seen: Seen | null; reason: string; isQueued?: true }> {
  const { forge } = services;
  const { remote, number, commit } = watched;
  const state = await forge.pullRequest(remote, number, s.signal);
  if (state.mergeCommit !== null && state.headCommit === commit) {
    return { seen: { kind: 'merged', commit: state.mergeCommit }, reason: '' };
  }
  if (state.mergeCommit !== null) {
    return { seen: { kind: 'merged_elsewhere', commit: state.mergeCommit, head: state.headCommit }, reason: '' };
  }
  if (state.pullRequest.state !== 'open') {
    if (!state.hasHeadBranch) return { seen: { kind: 'branch_gone' }, reason: '' };
    throw notOpen(state);
  }
  if (state.headCommit !== commit && state.hasHeadBranch) {
    const seen = await movedHead(services, s, watched, state.pullRequest);
    return { seen, reason: 'GitHub has not seen yet what was pushed' };
  }
  const reviewed = await readReviews(services, s, watched);
  if (reviewed !== null) return { seen: reviewed, reason: '' };

  const summary = await forge.checks(remote, commit, s.signal);
  s.emit(`poll-${describe(summary)}`, { type: 'pull_request.checked', summary });
  if (summary.state === 'failed') return { seen: await onFailedChecks(services, s, watched, summary), reason: '' };
  const isDone = summary.state === 'passed' || (summary.state === 'none' && waitedMs >= NO_CHECKS_GRACE_MS);
  if (!isDone) return { seen: null, reason: `its checks are still ${summary.state}` };

  // The queue tests what it merges with whatever came before; a push would throw the pull request out of it.
  const base = isQueued ? null : await missingBase(services, s, watched);
  if (base !== null) return { seen: { kind: 'base_moved', base }, reason: '' };
  const merged = await tryMerge(services, s, watched);
  if ('commit' in merged) return { seen: { kind: 'merged', commit: merged.commit }, reason: '' };
  s.emit(`held-${merged.held}`.slice(0, 200), { type: 'pull_request.held', reason: merged.held });
  return { seen: null, reason: merged.held, ...(merged.isQueued ? { isQueued: true } : {}) };
}

/** What has changed since the look is seen by the next one: its head, its base, that it was closed. */
async function tryMerge(
  { forge, remote: { mergeMethod } }: Services,
  s: StepContext,
  { remote, number, commit, title }: Watched,
): Promise<Awaited<ReturnType<Forge['merge']>>> {
  try {
    return await forge.merge(remote, number, { commit, method: mergeMethod, title }, s.signal);
  } catch (error) {
    if (!(error instanceof AppError) || !MOVED.has(error.details?.reason)) throw error;
    return { held: error.userMessage };
  }
}

const canAct = (services: Services, watched: Watched): boolean => watched.rounds < services.remote.revisionRounds;

async function readReviews(services: Services, s: StepContext, watched: Watched): Promise<Seen | null> {
  const all = await services.forge.reviewComments(watched.remote, watched.number, s.signal);
  const open = all.filter((one) => one.trusted && one.wantsChange && !watched.answered.includes(one.id));
  if (open.length === 0) return null;
  const findings = open.map(asFinding);
  const ids = open.map((one) => one.id);
  s.emit(`reviewed-${ids.join(',')}`.slice(0, 200), {
    type: 'pull_request.reviewed',
    number: watched.number,
    findings,
  });
  return { kind: 'reviewed', findings, ids, canAct: canAct(services, watched) };
}

function asFinding(comment: ReviewComment): Finding {
  return {
    id: `review-${comment.id}`,
    file: comment.file,
    line: comment.line,
    severity: 'major',
    message: `${comment.author}: ${comment.body}`.slice(0, MAX_COMMENT_CHARS).toWellFormed(),
  };
}

async function onFailedChecks(
  services: Services,
  s: StepContext,
  watched: Watched,
  summary: CheckSummary,
): Promise<Seen> {
  if (!canAct(services, watched)) throw checksFailed(summary);
  return { kind: 'checks_failed', logs: await services.forge.failedLogs(watched.remote, summary, s.signal) };
}

/** Null while it is only that GitHub is behind with what was pushed. */
async function movedHead(
  { forge, repository }: Services,
  s: StepContext,
  { remote, repoDir, commit, pushed }: Watched,
  { url, headBranch }: PullRequest,
): Promise<Seen | null> {
  const head = await repository.fetch(repoDir, remote.cloneUrl, headBranch, forge.gitAuthorization(), s.signal);
  if (head === commit) return null;
  const isOnTop =
    (await repository.hasCommonHistory(repoDir, head, pushed)) &&
    (await repository.mergeBase(repoDir, head, pushed)) === pushed;
  if (isOnTop) {
    const { cloneUrl, defaultBranch } = remote;
    const base = await repository.fetch(repoDir, cloneUrl, defaultBranch, forge.gitAuthorization(), s.signal);
    return { kind: 'head_moved', head, base: await repository.mergeBase(repoDir, base, head) };
  }
  throw new AppError({
    code: 'forge_failed',
    message: `${headBranch} is at ${head}, which does not hold ${pushed}`,
    userMessage: `Somebody has rewritten the branch ${headBranch} of ${url}: it is at ${head.slice(0, 7)} now, which does not hold the work. Put it back (git push --force <remote> ${commit}:refs/heads/${headBranch}) and resume the run, or cancel the run.`,
  });
}

/** The tip of the base branch when the head does not hold it; what is merged is what was checked. */
async function missingBase({ forge, repository }: Services, s: StepContext, watched: Watched): Promise<string | null> {
  const { remote, repoDir, commit } = watched;
  const authorization = forge.gitAuthorization();
  const base = await repository.fetch(repoDir, remote.cloneUrl, remote.defaultBranch, authorization, s.signal);
  return (await repository.mergeBase(repoDir, base, commit)) === base ? null : base;
}

function describe(summary: CheckSummary): string {
  return `${summary.state}-${summary.runs.map((run) => `${run.name}:${run.state}`).join(',')}`.slice(0, 200);
}

function tooLong(waitedMs: number, reason: string): AppError {
  return new AppError({
    code: 'timeout',
    message: `not merged after ${waitedMs} ms: ${reason}`,
    userMessage: `The pull request was not merged in ${Math.round(waitedMs / 60_000)} minutes: ${reason}. See to it, then resume the run.`,
  });
}

function notOpen({ pullRequest }: PullRequestState): AppError {
  return new AppError({
    code: 'forge_failed',
    message: `pull request #${pullRequest.number} was closed`,
    userMessage: `The pull request ${pullRequest.url} was closed. Open it again, then resume the run; or cancel the run, its work stays on ${pullRequest.headBranch}.`,
  });
}

function checksFailed(summary: CheckSummary): AppError {
  const failed = summary.runs.filter((run) => run.state === 'failed');
  const names = failed.map((run) => run.name).join(', ');
  return new AppError({
    code: 'checks_failed',
    message: `checks failed on the pull request: ${names}`,
    userMessage: `Checks failed on the pull request: ${names}. ${failed.map((run) => run.summary.slice(-400)).join('\n')}\nMend it on the branch or in the checks, then resume the run.`,
  });
}
