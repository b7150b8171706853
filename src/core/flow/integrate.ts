import { AppError } from '../../protocol/errors.ts';
import type { ChangedFile, Evidence } from '../../protocol/work.ts';
import type { Ctx, Definition, StepContext } from '../engine/port.ts';
import type { CommitMessage } from '../ports.ts';
import { type AgentDesk, closeDesk, letAgentWork, saveWork } from './agent-loop.ts';
import { checksFailedMessage, mergeMessage, personMessage } from './agent-prompts.ts';
import { type AgentTalk, say, startTalk } from './agent-talk.ts';
import { parkSubtask } from './decision.ts';
import { makeDesk, type WorkInput } from './desk.ts';
import { failedChecks, runChecks } from './evidence.ts';
import { missingChanges } from './preserved.ts';
import { integrationRef, subtaskRef } from './refs.ts';
import type { Services } from './services.ts';

/**
 * Invariants:
 * 1. The integration ref moves only to a commit whose tree holds both sides and passed the plan's integration checks, or that
 *    a person accepted as it is.
 * 2. A merge is built in memory; an agent sees it only when it does not come out clean and passing.
 */
export interface IntegrateInput extends WorkInput {
  /** The approved commit of the subtask; `baseCommit` is the head of the integration. */
  commit: string;
}

export interface IntegrateResult {
  commit: string;
  /** What the integration checks showed on exactly this tree. */
  evidence: Evidence[];
}

const MERGE_ROUNDS = 3;
const MAX_PATCH_BYTES = 40_000;

export function integrateDefinition(services: Services): Definition<IntegrateInput, IntegrateResult> {
  return {
    name: 'integrate@1',
    async run(ctx, input) {
      const desk = makeDesk(ctx, services, input, { refName: `merge-${input.subtask.id}`, watchOverlaps: false });
      try {
        return await integrate(ctx, services, desk, input);
      } finally {
        await closeDesk(desk);
      }
    },
  };
}

interface Candidate {
  commit: string;
  conflicts: string[];
  mergeBase: string;
}

async function integrate(
  ctx: Ctx,
  services: Services,
  desk: AgentDesk,
  input: IntegrateInput,
): Promise<IntegrateResult> {
  const { id } = input.subtask;
  const candidate = await ctx.step('merge', (s) => mergeInMemory(ctx, services, input, s));
  let commit = candidate.commit;
  let evidence: Evidence[] = [];
  if (candidate.conflicts.length === 0) {
    evidence = (await checkTree(ctx, services, desk, input, 'check', commit)).evidence;
  } else {
    await ctx.publish('conflicted', { type: 'merge.conflicted', subtaskId: id, paths: candidate.conflicts });
  }
  if (candidate.conflicts.length > 0 || failedChecks(evidence).length > 0) {
    ({ commit, evidence } = await reconcile(ctx, services, desk, input, candidate, evidence));
  }
  const files = await ctx.step('advance', () => advance(ctx, services, input, commit));
  await ctx.publish('integrated', { type: 'subtask.integrated', subtaskId: id, commit, files });
  await ctx.step('clean-up', () => cleanUp(ctx, services, desk, input));
  return { commit, evidence };
}

function integrationMessage(ctx: Ctx, services: Services, input: IntegrateInput, key: string): CommitMessage {
  const { subtask } = input;
  const criteria = subtask.acceptanceCriteria.map((criterion) => `- ${criterion.text}`).join('\n');
  return {
    subject: `feat(${subtask.id}): ${subtask.title}`,
    body: `${subtask.description}\n\n${criteria}`,
    trailers: {
      'Orchestrator-Run': ctx.rootRunId,
      'Orchestrator-Subtask': subtask.id,
      'Orchestrator-Key': key,
      'Orchestrator-At': new Date(services.clock.now()).toISOString(),
    },
  };
}

async function mergeInMemory(ctx: Ctx, services: Services, input: IntegrateInput, s: StepContext): Promise<Candidate> {
  const { repository } = services;
  const merged = await repository.merge(input.repoDir, input.baseCommit, input.commit);
  const message = integrationMessage(ctx, services, input, s.key);
  return {
    commit: await repository.commitTree(input.repoDir, merged.tree, [input.baseCommit], message),
    conflicts: [...new Set(merged.conflicts.map((conflict) => conflict.path))].sort(),
    mergeBase: await repository.mergeBase(input.repoDir, input.baseCommit, input.commit),
  };
}

interface TreeCheck {
  evidence: Evidence[];
  missing: string[];
}

/** Runs the integration checks on exactly the commit, in the merge's own worktree. */
function checkTree(
  ctx: Ctx,
  services: Services,
  desk: AgentDesk,
  input: IntegrateInput,
  name: string,
  commit: string,
  sides?: { paths: string[]; mergeBase: string },
): Promise<TreeCheck> {
  return ctx.step(name, async (s) => {
    await services.repository.openWorktree(desk.repoDir, desk.worktreeDir, commit);
    await services.repository.resetWorktree(desk.worktreeDir, commit);
    const place = { dir: desk.worktreeDir, outputDir: desk.outputDir, env: desk.env };
    const evidence = await runChecks(services, s, input.policy, input.plan.integrationChecks, place);
    await services.repository.resetWorktree(desk.worktreeDir, commit);
    s.emit('checked', { type: 'integration.checked', commit, evidence });
    const missing = sides === undefined ? [] : await missingSides(services, input, commit, sides);
    return { evidence, missing };
  });
}

/** What either side changed in the given files and the merged commit lacks. */
async function missingSides(
  services: Services,
  input: IntegrateInput,
  commit: string,
  sides: { paths: string[]; mergeBase: string },
): Promise<string[]> {
  const read = async (at: string, path: string) => (await services.repository.readFile(input.repoDir, at, path)) ?? '';
  const missing: string[] = [];
  for (const path of sides.paths) {
    missing.push(
      ...missingChanges(path, {
        base: await read(sides.mergeBase, path),
        ours: await read(input.baseCommit, path),
        theirs: await read(input.commit, path),
        merged: await read(commit, path),
      }),
    );
  }
  return missing;
}

/** An agent joins both sides; the host holds the result against both before it counts. */
async function reconcile(
  ctx: Ctx,
  services: Services,
  desk: AgentDesk,
  input: IntegrateInput,
  candidate: Candidate,
  evidence: Evidence[],
): Promise<IntegrateResult> {
  const { id } = input.subtask;
  const talk = await openMerge(ctx, services, desk, input, candidate, evidence);
  for (let round = 0; ; round += 1) {
    const report = await letAgentWork(desk, talk);
    const commit = await ctx.step(`resolution-${round}`, async (s) => {
      await services.repository.openWorktree(desk.repoDir, desk.worktreeDir, talk.commit);
      return (await saveWork(desk, talk, s)) ?? talk.commit;
    });
    talk.commit = commit;
    talk.dirty = false;
    const paths =
      candidate.conflicts.length > 0 ? candidate.conflicts : await bothChanged(ctx, services, input, candidate, round);
    const checked = await checkTree(ctx, services, desk, input, `resolution-check-${round}`, commit, {
      paths,
      mergeBase: candidate.mergeBase,
    });
    const faults = [
      ...checked.missing,
      ...failedChecks(checked.evidence),
      ...(report === null ? ['The agent did not come to an end.'] : []),
    ];
    const sealed = async () => ({
      commit: await seal(ctx, services, input, commit, paths),
      evidence: checked.evidence,
    });
    if (faults.length === 0) return sealed();
    await ctx.publish(`refused-${round}`, { type: 'merge.refused', subtaskId: id, missing: faults });
    const message = checksFailedMessage(checked.evidence, faults);
    if (round + 1 < MERGE_ROUNDS) {
      say(talk, message);
      continue;
    }
    const decision = await parkSubtask(
      ctx,
      `merge-decision-${round}`,
      id,
      `its merge was refused: ${faults.join('; ')}`,
      [],
    );
    if (decision.decision === 'approve') return sealed();
    talk.turnLimit = talk.turns + input.policy.maxTurns;
    say(talk, `${message}\n\n${personMessage(decision.comment)}`);
  }
}

async function bothChanged(
  ctx: Ctx,
  services: Services,
  input: IntegrateInput,
  candidate: Candidate,
  round: number,
): Promise<string[]> {
  return ctx.step(`both-changed-${round}`, async () => {
    const changed = async (to: string) =>
      new Set((await services.repository.changedFiles(input.repoDir, candidate.mergeBase, to)).map((f) => f.path));
    const ours = await changed(input.baseCommit);
    return [...(await changed(input.commit))].filter((path) => ours.has(path)).sort();
  });
}

/** A worktree that holds the merge as it is, markers and all, and an agent that knows both intents and both diffs. */
async function openMerge(
  ctx: Ctx,
  services: Services,
  desk: AgentDesk,
  input: IntegrateInput,
  candidate: Candidate,
  evidence: Evidence[],
): Promise<AgentTalk> {
  const patches = await ctx.step('merge-patches', async () => {
    await services.repository.openWorktree(desk.repoDir, desk.worktreeDir, candidate.commit);
    await services.repository.resetWorktree(desk.worktreeDir, candidate.commit);
    const patch = (to: string) => services.repository.patch(input.repoDir, candidate.mergeBase, to, MAX_PATCH_BYTES);
    return { integrated: await patch(input.baseCommit), subtask: await patch(input.commit) };
  });
  return startTalk({
    model: input.policy.agent.model,
    effort: input.subtask.effort,
    turnLimit: input.policy.maxTurns,
    commit: candidate.commit,
    text: mergeMessage({
      brief: input.brief,
      subtask: input.subtask,
      conflicts: candidate.conflicts,
      integratedPatch: patches.integrated,
      subtaskPatch: patches.subtask,
      evidence,
    }),
  });
}

/** The resolved tree as one commit on the integration, without the commit that held conflict markers. */
async function seal(
  ctx: Ctx,
  services: Services,
  input: IntegrateInput,
  resolved: string,
  paths: string[],
): Promise<string> {
  const commit = await ctx.step('seal', (s) =>
    services.repository.commitTree(
      input.repoDir,
      `${resolved}^{tree}`,
      [input.baseCommit],
      integrationMessage(ctx, services, input, s.key),
    ),
  );
  await ctx.publish('resolved', { type: 'merge.resolved', subtaskId: input.subtask.id, commit, paths });
  return commit;
}

/** Moves the integration ref, once: a repeated step finds it there already. */
async function advance(ctx: Ctx, services: Services, input: IntegrateInput, commit: string): Promise<ChangedFile[]> {
  const ref = integrationRef(ctx.rootRunId);
  const now = await services.repository.readRef(input.repoDir, ref);
  if (now !== commit) {
    if (now !== input.baseCommit) {
      throw new AppError({
        code: 'git_failed',
        message: `${ref} is at ${now ?? 'nothing'}, expected ${input.baseCommit}`,
        userMessage: `The integration of this run (${ref}) was moved by somebody else. Put it back to ${input.baseCommit} and resume.`,
      });
    }
    await services.repository.setRef(input.repoDir, ref, commit, now);
  }
  return services.repository.changedFiles(input.repoDir, input.baseCommit, commit);
}

/** The worktrees of an integrated subtask are not needed any more; its ref stays. */
async function cleanUp(ctx: Ctx, services: Services, desk: AgentDesk, input: IntegrateInput): Promise<null> {
  services.radar.forget(ctx.rootRunId, input.subtask.id);
  await closeDesk(desk);
  const own = services.files.join(services.runDir(ctx.rootRunId), 'worktrees', input.subtask.id);
  await services.repository.removeWorktree(input.repoDir, desk.worktreeDir);
  await services.repository.removeWorktree(input.repoDir, own);
  // Keeps the approved commit reachable even when the last turns changed nothing.
  const ref = subtaskRef(ctx.rootRunId, input.subtask.id);
  if ((await services.repository.readRef(input.repoDir, ref)) === null) {
    await services.repository.setRef(input.repoDir, ref, input.commit, null);
  }
  return null;
}
