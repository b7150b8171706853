import { AppError } from '../../protocol/errors.ts';
import type { ChangedFile, Evidence } from '../../protocol/work.ts';
import type { Ctx, Definition, StepContext, StepOptions } from '../engine/port.ts';
import { type Candidate, isClean, type RehearsedCandidate } from './candidate.ts';
import { changesBetween, changesOf } from './changed-paths.ts';
import { checkPlace, makeDesk, mergeName, worktreeOf } from './desk.ts';
import { checkMerged, type MergeInput, mergeInMemory } from './merge-candidate.ts';
import { unwatched } from './overlap-watch.ts';
import { pausable } from './pause.ts';
import { reconcile } from './reconcile.ts';
import { integrationRef, subtaskRef } from './refs.ts';
import { freeSeat } from './seats.ts';
import type { Services } from './services.ts';
import { type AgentDesk, atDesk, closeDesk } from './work-in-progress.ts';

/**
 * Invariants:
 * 1. The integration ref moves only to a commit whose tree holds both sides and passed the plan's integration checks, or that
 *    a person accepted as it is; then the commit names what it lost.
 * 2. A merge is built in memory; an agent sees it only when it does not come out clean and passing.
 * 3. What was rehearsed counts only for the same commit on the same head: it is the tree that a merge here would give.
 */
export interface IntegrateInput extends MergeInput {
  /** Ref and worktree in which the subtask was built. */
  builtAs: string;
}

export interface IntegrateResult {
  commit: string;
  /** What the integration checks showed on exactly this tree. */
  evidence: Evidence[];
}

/** Steps that may be made again after a power cut: they find what they did, or do the same. */
const AGAIN: StepOptions = { durability: 'soon' };

export function integrateDefinition(services: Services): Definition<IntegrateInput, IntegrateResult> {
  return {
    name: 'integrate@2',
    async run(ctx, input) {
      const place = { refName: mergeName(input.workName), overlaps: unwatched, seat: freeSeat };
      const desk = makeDesk(ctx, services, input, place);
      return atDesk(desk, () => integrate(ctx, services, desk, input));
    },
  };
}

async function integrate(
  ctx: Ctx,
  services: Services,
  desk: AgentDesk,
  input: IntegrateInput,
): Promise<IntegrateResult> {
  const { id } = input.subtask;
  const candidate = await pausable(ctx, 'merge', (s) => merge(ctx, services, input, s), AGAIN);
  const { conflicts } = candidate;
  if (conflicts.length > 0)
    await ctx.publish('conflicted', { type: 'merge.conflicted', subtaskId: id, paths: conflicts });
  const checked = {
    ...candidate,
    evidence: candidate.evidence ?? (await check(ctx, services, desk, input, candidate)),
  };
  const { commit, evidence } = isClean(checked) ? checked : await reconcile(ctx, services, desk, input, checked);
  // Older records name no files.
  const known = commit === candidate.commit ? (candidate.files ?? null) : null;
  const advanced = await pausable(ctx, 'advance', () => advance(ctx, services, input, commit, known), AGAIN);
  const { files } = advanced;
  await ctx.publish('integrated', { type: 'subtask.integrated', subtaskId: id, commit: advanced.commit, files });
  await cleanUp(ctx, services, desk, input);
  return { commit: advanced.commit, evidence };
}

/** A candidate whose checks are still to be run has no evidence. */
type Merged = Candidate & { [K in 'evidence' | 'files']: RehearsedCandidate[K] | null };

async function merge(ctx: Ctx, services: Services, input: IntegrateInput, s: StepContext): Promise<Merged> {
  const rehearsed = await services.rehearsals.take(ctx.rootRunId, input, s.signal);
  if (rehearsed === null) {
    const candidate = await mergeInMemory(services, ctx.rootRunId, input, s.key);
    return { ...candidate, evidence: candidate.conflicts.length > 0 ? [] : null, files: null };
  }
  const { commit, conflicts, evidence } = rehearsed;
  if (conflicts.length === 0) s.conclude('checked', { type: 'integration.checked', commit, evidence });
  return rehearsed;
}

/** In a worktree of the merge's own. */
function check(
  ctx: Ctx,
  services: Services,
  desk: AgentDesk,
  input: IntegrateInput,
  { commit }: Candidate,
): Promise<Evidence[]> {
  return pausable(
    ctx,
    'check',
    async (s) => {
      const evidence = await checkMerged(services, s, input, commit, checkPlace(desk));
      s.emit('checked', { type: 'integration.checked', commit, evidence });
      return evidence;
    },
    AGAIN,
  );
}

/**
 * Moves the integration ref, once: a repeated step, or a repeated integration, finds it there already. The overlap radar
 * knows from here on that the branch is part of it.
 */
async function advance(
  ctx: Ctx,
  services: Services,
  input: IntegrateInput,
  commit: string,
  known: ChangedFile[] | null,
): Promise<{ commit: string; files: ChangedFile[] }> {
  const { repository } = services;
  const { repoDir, baseCommit } = input;
  const ref = integrationRef(ctx.rootRunId);
  const [now, { files, paths, hasMoves }] = await Promise.all([
    repository.readRef(repoDir, ref),
    known === null ? changesBetween(repository, repoDir, baseCommit, commit) : changesOf(known),
    keepApproved(ctx, services, input),
  ]);
  const settled = (at: string) => {
    services.radar.settle(ctx.rootRunId, input.subtask.id, { commit: at, baseCommit, paths, hasMoves });
    return { commit: at, files };
  };
  if (now !== null && now !== baseCommit && (await isSameStep(services, repoDir, baseCommit, now, commit))) {
    return settled(now);
  }
  if (now !== commit) {
    if (now !== baseCommit) {
      throw new AppError({
        code: 'git_failed',
        message: `${ref} is at ${now ?? 'nothing'}, expected ${input.baseCommit}`,
        userMessage: `The integration of this run (${ref}) was moved by somebody else. Put it back to ${input.baseCommit} and resume.`,
      });
    }
    await repository.setRef(repoDir, ref, commit, now);
  }
  return settled(commit);
}

/** Keeps the approved commit reachable even when the last turns changed nothing. */
async function keepApproved(ctx: Ctx, { repository }: Services, input: IntegrateInput): Promise<void> {
  const ref = subtaskRef(ctx.rootRunId, input.builtAs);
  if ((await repository.readRef(input.repoDir, ref)) === null) {
    await repository.setRef(input.repoDir, ref, input.commit, null);
  }
}

/** True when `there` is the same tree on the same base: what an earlier try of this integration had come to. */
async function isSameStep(
  services: Services,
  repoDir: string,
  base: string,
  there: string,
  commit: string,
): Promise<boolean> {
  const { repository } = services;
  if ((await repository.changedFiles(repoDir, there, commit)).length > 0) return false;
  return (await repository.mergeBase(repoDir, there, base)) === base;
}

/**
 * The worktrees of an integrated subtask are not needed any more. Nobody waits for that: what a crash leaves of them goes when
 * all subtasks are integrated.
 */
async function cleanUp(ctx: Ctx, services: Services, desk: AgentDesk, input: IntegrateInput): Promise<void> {
  await closeDesk(desk);
  const own = worktreeOf(services, ctx.rootRunId, input.builtAs);
  for (const dir of [desk.worktreeDir, own]) services.repository.discardWorktree(input.repoDir, dir);
}
