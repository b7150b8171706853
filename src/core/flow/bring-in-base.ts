import { AppError } from '../../protocol/errors.ts';
import type { Subtask } from '../../protocol/plan.ts';
import type { Integration, Site } from './build-subtasks.ts';
import { firstPortOf } from './desk.ts';
import type { IntegrateResult } from './integrate.ts';
import { pausable, waitAt } from './pause.ts';
import { integrationRef } from './refs.ts';
import type { Services } from './services.ts';

/**
 * The work with a branch in it that has moved, checked; an agent joins what conflicts, as with any two pieces of work. The
 * commit has both as parents, so that it can be pushed onto the open branch without force. `needsReview`: an agent wrote
 * parts of the merge. `branch`: the base branch, or the own one, on which somebody has put commits; where those hold the work
 * already, they are the result.
 */
export async function bringInBase(
  site: Site,
  services: Services,
  before: Integration,
  { branch, base, round, offset }: { branch: string; base: string; round: number; offset: number },
): Promise<{ integration: Integration; needsReview: boolean }> {
  const { ctx, plan } = site;
  const { repoDir, head } = before;
  const subtask = updateSubtask(branch, round, plan.subtasks[0]?.specialization ?? 'backend');
  const joined = await integrateBase(site, { repoDir, head, base, subtask, offset });
  const result = await pausable(ctx, `join-base-${round}`, async (s) => {
    const { repository } = services;
    const merged = await repository.merge(repoDir, head, base);
    const isAsMerged =
      merged.conflicts.length === 0 &&
      (await repository.changedFiles(repoDir, merged.tree, joined.commit)).length === 0;
    const isOnTop = (await repository.mergeBase(repoDir, head, base)) === head;
    const joining = () =>
      repository.commitTree(repoDir, `${joined.commit}^{tree}`, [head, base], {
        subject: `Merge ${branch} into the work`,
        body: '',
        trailers: { 'Orchestrator-Run': ctx.rootRunId, 'Orchestrator-Key': s.key },
      });
    const commit = isAsMerged && isOnTop ? base : await joining();
    const ref = integrationRef(ctx.rootRunId);
    const now = await repository.readRef(repoDir, ref);
    if (now !== commit) await repository.setRef(repoDir, ref, commit, joined.commit);
    return { commit, needsReview: !isAsMerged };
  });
  return { integration: { repoDir, head: result.commit, evidence: joined.evidence }, needsReview: result.needsReview };
}

/** Tries again when somebody has changed what stood in the way. */
async function integrateBase(
  { ctx, input, plan, children }: Site,
  work: { repoDir: string; head: string; base: string; subtask: Subtask; offset: number },
): Promise<IntegrateResult> {
  const { subtask } = work;
  for (let attempt = 1; ; attempt += 1) {
    const workName = attempt === 1 ? subtask.id : `${subtask.id}.${attempt}`;
    const handle = await ctx.startChild(`integrate-${workName}`, children.integrate, {
      brief: input.brief,
      policy: input.policy,
      plan,
      subtask,
      agentId: `${subtask.specialization}-1`,
      workName,
      repoDir: work.repoDir,
      workspaceDir: input.workspaceDir,
      baseCommit: work.head,
      firstPort: firstPortOf(ctx.rootRunId, work.offset),
      commit: work.base,
      builtAs: workName,
      proven: false,
    });
    const { outcome } = await ctx.waitAny(`updated-${workName}`, [handle]);
    if (outcome.ok) return outcome.value;
    const error = AppError.fromInfo(outcome.error);
    if (error.code === 'aborted' || error.code === 'no_recording') throw error;
    await ctx.publish(`update-failed-${workName}`, {
      type: 'subtask.failed',
      subtaskId: subtask.id,
      error: outcome.error,
    });
    const message = `${error.userMessage}\nResume the run to try again.`;
    const wait = { gate: 'resume' as const, topic: `resume:update-${workName}`, message, code: error.code };
    if ((await waitAt(ctx, `update-again-${workName}`, wait)) === null) throw error;
  }
}

function updateSubtask(branch: string, round: number, specialization: Subtask['specialization']): Subtask {
  const wanted = `Everything that was merged into ${branch} since the work began is in it, and both still work.`;
  return {
    id: `merge-base-${round}`,
    title: `Bring in ${branch}`,
    description: `The branch ${branch} has moved on while the pull request was open. Its changes are brought into the work.`,
    specialization,
    priority: 1,
    effort: 'medium',
    dependsOn: [],
    ownedPaths: ['.'],
    removesTests: [],
    acceptanceCriteria: [{ text: wanted, requirements: [] }],
    checks: [{ name: 'none', command: 'true' }],
  };
}
