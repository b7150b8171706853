import { removableTests } from '../../protocol/removable-tests.ts';
import type { Evidence, Finding } from '../../protocol/work.ts';
import type { Ctx } from '../engine/port.ts';
import type { AgentTalk } from './agent-talk.ts';
import { changesBetween } from './changed-paths.ts';
import { checkPlace, type WorkInput } from './desk.ts';
import { failedChecks, runChecks } from './evidence.ts';
import { covers, normalisePath } from './owned-paths.ts';
import { pausable } from './pause.ts';
import { runsUnreviewed } from './policy.ts';
import { rehearsalOf } from './rehearse.ts';
import { diffToReview, READ_BYTES, type ReviewDiff } from './review-parts.ts';
import type { Services } from './services.ts';
import { findWeakenedTests } from './test-guard.ts';
import { distinctChecks } from './tree-checks.ts';
import { type AgentDesk, openDesk } from './work-in-progress.ts';

export interface SubtaskInput extends WorkInput {
  /** False for a revision that a person asked for: it may change any file. */
  restrictPaths: boolean;
  /** True: what is done about tests is for the reviewer to judge. */
  mayWeakenTests: boolean;
}

export interface Checked {
  evidence: Evidence[];
  faults: string[];
  /** What the host noticed and the reviewer has to judge. */
  remarks: Finding[];
  /** What the reviewer is shown; read meanwhile. */
  patch: ReviewDiff;
}

/** Runs the checks on exactly the newest commit, and holds the changed files against the owned paths. */
export async function checkSubtask(
  ctx: Ctx,
  services: Services,
  desk: AgentDesk,
  input: SubtaskInput,
  talk: AgentTalk,
  pass: number,
  round: number,
): Promise<Checked> {
  const { commit } = talk;
  const { repository } = services;
  const checked = await pausable(
    ctx,
    `checks-${pass}`,
    async (s, pauses): Promise<Checked> => {
      await openDesk(desk, talk, s.signal);
      // What earlier checks left behind is not the agent's work.
      if (s.attempt > 1 || pauses > 0 || talk.littered) await repository.resetWorktree(desk.worktreeDir, commit);
      const [{ files, paths }, patch, evidence] = await Promise.all([
        changesBetween(repository, desk.repoDir, input.baseCommit, commit),
        repository.patch(desk.repoDir, input.baseCommit, commit, READ_BYTES),
        runChecks(services, s, input.policy, input.subtask.checks, checkPlace(desk)),
      ]);
      // What only the whole run checks can be weakened here as well.
      const checks = distinctChecks([...input.subtask.checks, ...input.plan.integrationChecks]);
      const read = (side: 'before' | 'after', path: string) =>
        repository.readFile(desk.repoDir, side === 'before' ? input.baseCommit : commit, path);
      const weakened = await findWeakenedTests(files, checks, read, removableTests(input.subtask));
      const toReview = await diffToReview(patch, files, (binaries) =>
        repository.fileSizes(desk.repoDir, commit, binaries),
      );
      const isBlocker = (finding: Finding) => finding.severity === 'blocker' && !input.mayWeakenTests;
      const faults = [
        ...failedChecks(evidence),
        ...ownershipFaults(input, paths),
        ...toReview.faults,
        ...weakened.filter(isBlocker).map((finding) => `${finding.file}:${finding.line} ${finding.message}`),
      ];
      s.emit('checked', { type: 'subtask.checked', subtaskId: input.subtask.id, round, evidence, faults });
      s.signal.throwIfAborted();
      // It is going to be reviewed, and integrated if the lead approves of it.
      if (faults.length === 0 && !runsUnreviewed(input.policy)) {
        const merge = { ...input, commit, proven: true };
        services.rehearsals.begin(desk.ctx.rootRunId, rehearsalOf(services, desk.ctx.rootRunId, merge));
      }
      return { evidence, faults, remarks: weakened.filter((finding) => !isBlocker(finding)), patch: toReview.diff };
    },
    { durability: 'soon' },
  );
  // They may have taken away the worktree's .git, too. Both are put right before the next tools, if there are any.
  desk.worktreeOpen = false;
  talk.littered = true;
  return checked;
}

/** `changed` holds every path that differs; a renamed file counts with both its names. */
export function ownershipFaults(
  input: Pick<SubtaskInput, 'subtask' | 'plan' | 'restrictPaths'>,
  changed: Iterable<string>,
): string[] {
  const paths = [...changed];
  if (paths.length === 0) return ['No file was changed.'];
  if (!input.restrictPaths) return [];
  const owned = input.subtask.ownedPaths.map(normalisePath).filter((path) => path !== null);
  const shared = new Set(input.plan.sharedInterfaces.map((s) => s.path));
  const isOwned = (path: string) => owned.some((o) => covers(o, path));
  const strangers = paths.filter((path) => !isOwned(path) && !shared.has(path));
  const faults: string[] = [];
  if (!paths.some(isOwned)) faults.push(`None of the owned paths changed (${owned.join(', ')}).`);
  if (strangers.length > 0) {
    faults.push(
      `Files were changed that this subtask does not own; put them back: ${strangers.slice(0, 10).join(', ')}.`,
    );
  }
  return faults;
}
