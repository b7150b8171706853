import { AppError } from '../../protocol/errors.ts';
import type { DomainEvent } from '../../protocol/events.ts';
import type { CheckSummary, Finding, PullRequest } from '../../protocol/work.ts';
import type { StepContext } from '../engine/port.ts';
import type { CommitId, Forge, ForgeRepository, MergeHeld } from '../ports.ts';
import { missingBase, movedHead } from './moved-branches.ts';
import { asFinding, keyOfAll, sortComments } from './review-requests.ts';
import type { Services } from './services.ts';
import { checksFailed, notOpen, stoppedWords, tooLong } from './watch-words.ts';

/** Between the first two looks; it doubles, up to the second figure, and after two minutes it is the third. */
const FIRST_POLL_MS = 250;
const POLL_MS = 2_000;
const SLOW_POLL_MS = 15_000;
const PATIENT_MS = 120_000;
/** How long to wait for a first check to appear before concluding that the repository has none. */
const NO_CHECKS_GRACE_MS = 15_000;
/** Reasons of a refused merge that the next look finds. */
const MOVED: ReadonlySet<unknown> = new Set(['closed', 'head_moved', 'conflict', 'merged_elsewhere']);

/** What became of an open pull request: it was merged, or something has to be done first. JSON. */
export type Seen = Fact & {
  /** Versions of comments that were noted meanwhile. */
  noted?: string[];
};

type Fact =
  /** `into`: the base branch as it is called by now; absent in records of before it was kept. */
  | { kind: 'merged'; commit: string; into?: string }
  | { kind: 'checks_failed'; logs: { name: string; log: string }[] }
  /** `ids`: which versions of which comments. */
  | { kind: 'reviewed'; findings: Finding[]; ids: string[]; canAct: boolean }
  /** Nothing but the merge queue is left; `lastRemoval` has to be on record before it is put in. */
  | { kind: 'queueable'; lastRemoval: string }
  /**
   * It was thrown out of the merge queue. `logs`: of the checks that failed there; empty when none has. `base`: the tip of the
   * base branch that the failed checks were made with, when the head does not hold it.
   */
  | {
      kind: 'unqueued';
      reason: string;
      /** As the forge names it; empty, or absent in records of before it was kept, when it does not. */
      removal?: string;
      byPerson: boolean;
      logs: { name: string; log: string }[];
      base: string | null;
      canAct: boolean;
    }
  /** The base branch has moved to `base`, which the head does not hold, and nothing else is in the way of the merge. */
  | { kind: 'base_moved'; base: string }
  /** Somebody has pushed to the branch; `head` holds what we pushed, and of the base branch everything up to `base`. */
  | { kind: 'head_moved'; head: string; base: string }
  /** Somebody has merged it with another head than ours. */
  | { kind: 'merged_elsewhere'; commit: string; head: string; into?: string }
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
  /** Versions of comments that were acted upon. */
  answered: readonly string[];
  /** Versions of comments that were noted as no request. */
  noted: readonly string[];
  /** The last removal from the merge queue that was answered, empty for none; null when nobody has looked since the push. */
  knownRemoval: string | null;
  /** Work that was sent back to agents since the pull request was opened. */
  rounds: number;
  /** Longest time until the checks have ended and it is merged. */
  deadlineMs: number;
}

/** What one look leaves to the next. */
interface Memory {
  noted: string[];
  /** The last answer to a merge, when that was that it is in the queue. */
  queued: Extract<MergeHeld, { state: 'queued' }> | null;
  /** What was said last of the checks and of what holds the merge up, and how often that has changed. */
  said: { checks: string; held: string; changes: number };
}

/**
 * Looks at the pull request until it is merged or something has to be done about it. Merges when its checks have passed, no
 * trusted person asks for a change that nobody has answered, and its head holds the base branch. That is brought in only when
 * nothing else is in the way, or when it conflicts: each push may cost approvals.
 */
export async function watchPullRequest(services: Services, s: StepContext, watched: Watched): Promise<Seen> {
  const { clock } = services;
  const startedAt = clock.now();
  const memory: Memory = { noted: [], queued: null, said: { checks: '', held: '', changes: 0 } };
  for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(2 * pollMs, POLL_MS)) {
    const look = await lookOnce(services, s, watched, memory, clock.now() - startedAt);
    if (look.seen !== null) return { ...look.seen, ...(memory.noted.length === 0 ? {} : { noted: memory.noted }) };
    const waitedMs = clock.now() - startedAt;
    if (waitedMs > watched.deadlineMs) throw tooLong(waitedMs, look.reason);
    await clock.sleep(waitedMs > PATIENT_MS ? SLOW_POLL_MS : pollMs, s.signal);
  }
}

type Look = { seen: Fact; reason?: never } | { seen: null; reason: string };

async function lookOnce(
  services: Services,
  s: StepContext,
  watched: Watched,
  memory: Memory,
  waitedMs: number,
): Promise<Look> {
  const { forge } = services;
  const { remote, number, commit } = watched;
  const state = await forge.pullRequest(remote, number, s.signal);
  const into = state.pullRequest.baseBranch;
  if (state.mergeCommit !== null && state.headCommit === commit) {
    return { seen: { kind: 'merged', commit: state.mergeCommit, into } };
  }
  if (state.mergeCommit !== null) {
    return { seen: { kind: 'merged_elsewhere', commit: state.mergeCommit, head: state.headCommit, into } };
  }
  if (state.pullRequest.state !== 'open') {
    if (!state.hasHeadBranch) return { seen: { kind: 'branch_gone' } };
    throw notOpen(state);
  }
  if (state.headCommit !== commit && state.hasHeadBranch) {
    const seen = await movedHead(services, s, watched, state.pullRequest);
    return seen === null ? { seen, reason: 'GitHub has not seen yet what was pushed' } : { seen };
  }
  const reviewed = await readReviews(services, s, watched, memory);
  if (reviewed !== null) return { seen: reviewed };

  // GitHub runs no checks on what it cannot merge: waiting for them would be in vain.
  if (state.mergeable === 'conflict') {
    const base = await missingBase(services, s, watched, state.pullRequest);
    if (base !== null) return { seen: { kind: 'base_moved', base } };
  }
  const unfinished = await lookAtChecks(services, s, watched, memory, waitedMs);
  return unfinished ?? merge(services, s, watched, memory, state.pullRequest);
}

/** Null when they have passed. */
async function lookAtChecks(
  services: Services,
  s: StepContext,
  watched: Watched,
  memory: Memory,
  waitedMs: number,
): Promise<Look | null> {
  const summary = await services.forge.checks(watched.remote, watched.commit, s.signal);
  say(s, memory, 'checks', describe(summary), { type: 'pull_request.checked', summary });
  switch (summary.state) {
    case 'failed':
      return { seen: await onFailedChecks(services, s, watched, summary) };
    case 'passed':
      return null;
    case 'none':
      return waitedMs >= NO_CHECKS_GRACE_MS ? null : { seen: null, reason: 'its checks have not begun' };
    case 'pending':
      return { seen: null, reason: 'its checks are still pending' };
    case 'stopped':
      return hold(s, memory, stoppedWords(summary));
  }
}

function hold(s: StepContext, memory: Memory, reason: string): Look {
  say(s, memory, 'held', reason, { type: 'pull_request.held', reason });
  return { seen: null, reason };
}

/** Each time that it is another than before; what was so once may be so again, also after this program was ended. */
function say(s: StepContext, { said }: Memory, about: 'checks' | 'held', text: string, event: DomainEvent): void {
  if (said[about] === text) return;
  said[about] = text;
  said.changes += 1;
  s.emit(`${about}-${s.attempt}-${said.changes}-${text}`.slice(0, 200), event);
}

async function merge(
  services: Services,
  s: StepContext,
  watched: Watched,
  memory: Memory,
  pullRequest: PullRequest,
): Promise<Look> {
  const { queued } = memory;
  // The queue tests what it merges with whatever came before; a push would throw the pull request out of it.
  const base = queued === null ? await missingBase(services, s, watched, pullRequest) : null;
  const merged = await tryMerge(services, s, watched, { holdsBase: base === null, wasQueued: queued !== null });
  if ('commit' in merged) return { seen: { kind: 'merged', commit: merged.commit, into: pullRequest.baseBranch } };
  if (merged.state === 'ready' && base !== null) return { seen: { kind: 'base_moved', base } };
  if (merged.state === 'queueable') return { seen: { kind: 'queueable', lastRemoval: merged.lastRemoval } };
  if (merged.state === 'removed')
    return { seen: await onRemoved(services, s, watched, pullRequest, merged, queued?.group ?? null) };
  memory.queued = merged.state === 'queued' ? { ...merged, group: merged.group ?? queued?.group ?? null } : null;
  return hold(s, memory, merged.held);
}

/** What has changed since the look is seen by the next one: its head, its base, that it was closed. */
async function tryMerge(
  { forge, remote: { mergeMethod, pullRequest } }: Services,
  s: StepContext,
  { remote, number, commit, title, knownRemoval }: Watched,
  about: { holdsBase: boolean; wasQueued: boolean },
): Promise<Awaited<ReturnType<Forge['merge']>>> {
  try {
    return await forge.merge(
      remote,
      number,
      { commit, method: mergeMethod, title, knownRemoval, makeReady: pullRequest.draft, ...about },
      s.signal,
    );
  } catch (error) {
    if (!(error instanceof AppError) || !MOVED.has(error.details?.reason)) throw error;
    return { held: error.userMessage, state: 'waiting' };
  }
}

/** Checks that failed in the queue are failed checks: on the merge with what came before, which the head may not hold. */
async function onRemoved(
  services: Services,
  s: StepContext,
  watched: Watched,
  pullRequest: PullRequest,
  removed: Extract<MergeHeld, { state: 'removed' }>,
  tested: CommitId | null,
): Promise<Fact> {
  const { forge } = services;
  const logs: { name: string; log: string }[] = [];
  for (const commit of new Set([tested, removed.group])) {
    if (commit === null || commit === watched.commit || logs.length > 0) continue;
    const summary = await forge.checks(watched.remote, commit, s.signal);
    if (summary.state === 'failed') logs.push(...(await forge.failedLogs(watched.remote, summary, s.signal)));
  }
  const { held: reason, byPerson, removal } = removed;
  const base = logs.length > 0 ? await missingBase(services, s, watched, pullRequest) : null;
  return { kind: 'unqueued', reason, byPerson, removal, logs, base, canAct: canAct(services, watched) };
}

const canAct = (services: Services, watched: Watched): boolean => watched.rounds < services.remote.revisionRounds;

async function readReviews(services: Services, s: StepContext, watched: Watched, memory: Memory): Promise<Fact | null> {
  const { remote, number } = watched;
  const all = await services.forge.reviewComments(remote, number, s.signal);
  const heard = { answered: watched.answered, noted: [...watched.noted, ...memory.noted] };
  const { requests, noted } = sortComments(all, heard);
  if (noted.length > 0) {
    const comments = noted.map(({ key: _, ...comment }) => comment);
    s.emit(keyOfAll('noted', noted), { type: 'pull_request.noted', number, comments });
    memory.noted.push(...noted.map(({ key }) => key));
  }
  if (requests.length === 0) return null;
  const findings = requests.map(({ comment }) => asFinding(comment));
  const ids = requests.map(({ key }) => key);
  s.emit(keyOfAll('reviewed', requests), { type: 'pull_request.reviewed', number, findings });
  return { kind: 'reviewed', findings, ids, canAct: canAct(services, watched) };
}

async function onFailedChecks(
  services: Services,
  s: StepContext,
  watched: Watched,
  summary: CheckSummary,
): Promise<Fact> {
  if (!canAct(services, watched)) throw checksFailed(summary);
  return { kind: 'checks_failed', logs: await services.forge.failedLogs(watched.remote, summary, s.signal) };
}

function describe(summary: CheckSummary): string {
  return `${summary.state}-${summary.runs.map((run) => `${run.name}:${run.state}`).join(',')}`.slice(0, 200);
}
