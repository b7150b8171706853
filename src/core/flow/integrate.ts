import { AppError } from '../../protocol/errors.ts';
import { removableTests } from '../../protocol/removable-tests.ts';
import type { ChangedFile, Evidence } from '../../protocol/work.ts';
import type { Ctx, Definition, StepContext, StepOptions } from '../engine/port.ts';
import type { CommitMessage } from '../ports.ts';
import { letAgentWork } from './agent-loop.ts';
import { checksFailedMessage, mergeMessage, personMessage } from './agent-prompts.ts';
import { type AgentTalk, say, startTalk } from './agent-talk.ts';
import { changesBetween } from './changed-paths.ts';
import { parkSubtask } from './decision.ts';
import { makeDesk, mergeName, type WorkInput, worktreeOf } from './desk.ts';
import { failedChecks } from './evidence.ts';
import { weakenedByMerge } from './merge-guard.ts';
import { type MergeLosses, mergeLosses } from './merge-losses.ts';
import { pausable } from './pause.ts';
import { integrationRef, isRevision, subtaskRef } from './refs.ts';
import type { Services } from './services.ts';
import { checkCommit, distinctChecks } from './tree-checks.ts';
import { type AgentDesk, atDesk, closeDesk, saveWork } from './work-in-progress.ts';

/**
 * Invariants:
 * 1. The integration ref moves only to a commit whose tree holds both sides and passed the plan's integration checks, or that
 *    a person accepted as it is; then the commit names what it lost.
 * 2. A merge is built in memory; an agent sees it only when it does not come out clean and passing.
 */
export interface IntegrateInput extends WorkInput {
  /** The approved commit of the subtask; `baseCommit` is the head of the integration. */
  commit: string;
  /** Ref and worktree in which the subtask was built. */
  builtAs: string;
  /** The subtask's own checks passed before: they have to pass again on what is committed. */
  proven: boolean;
}

export interface IntegrateResult {
  commit: string;
  /** What the integration checks showed on exactly this tree. */
  evidence: Evidence[];
}

/** Steps that may be made again after a power cut: they find what they did, or do the same. */
const AGAIN: StepOptions = { durability: 'soon' };
const MERGE_ROUNDS = 3;
const MAX_PATCH_BYTES = 40_000;

export function integrateDefinition(services: Services): Definition<IntegrateInput, IntegrateResult> {
  return {
    name: 'integrate@1',
    async run(ctx, input) {
      const desk = makeDesk(ctx, services, input, { refName: mergeName(input.workName), watchOverlaps: false });
      return atDesk(desk, () => integrate(ctx, services, desk, input));
    },
  };
}

interface Candidate {
  commit: string;
  conflicts: string[];
  /** The conflicts with git's word for each, for the agent. */
  descriptions: string[];
}

async function integrate(
  ctx: Ctx,
  services: Services,
  desk: AgentDesk,
  input: IntegrateInput,
): Promise<IntegrateResult> {
  const { id } = input.subtask;
  const candidate = await pausable(ctx, 'merge', (s) => mergeInMemory(ctx, services, input, s), AGAIN);
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
  const advanced = await pausable(ctx, 'advance', () => advance(ctx, services, input, commit), AGAIN);
  commit = advanced.commit;
  const { files } = advanced;
  await ctx.publish('integrated', { type: 'subtask.integrated', subtaskId: id, commit, files });
  await cleanUp(ctx, services, desk, input);
  return { commit, evidence };
}

function integrationMessage(ctx: Ctx, services: Services, input: IntegrateInput, key: string): CommitMessage {
  const { subtask } = input;
  const criteria = subtask.acceptanceCriteria.map((criterion) => `- ${criterion.text}`).join('\n');
  return {
    subject: `feat(${subtask.id}): ${subtask.title}`,
    // Logs and words from the forge, which come after the first paragraph, are no part of the history.
    body: `${isRevision(subtask.id) ? subtask.description.split('\n\n', 1)[0] : subtask.description}\n\n${criteria}`,
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
  const commit = await repository.commitTree(input.repoDir, merged.tree, [input.baseCommit], message);
  const kind = (text: string) => /\((.+)\)/.exec(text)?.[1] ?? 'contents';
  return {
    commit,
    descriptions: merged.conflicts.map((conflict) => `${conflict.path} (${kind(conflict.kind)})`).sort(),
    conflicts: [...new Set(merged.conflicts.map((conflict) => conflict.path))].sort(),
  };
}

interface TreeCheck extends MergeLosses {
  evidence: Evidence[];
}

/** Runs the subtask's and the integration checks on exactly the commit, in the merge's own worktree. */
function checkTree(
  ctx: Ctx,
  services: Services,
  desk: AgentDesk,
  input: IntegrateInput,
  name: string,
  commit: string,
  candidate?: Candidate,
): Promise<TreeCheck> {
  return pausable(
    ctx,
    name,
    async (s) => {
      const place = { dir: desk.worktreeDir, outputDir: desk.outputDir, env: desk.env };
      // The agent's worktree may hold more than its commit (ignored files, say); here is only what is committed.
      const own = input.proven ? input.subtask.checks : [];
      const checks = distinctChecks([...own, ...input.plan.integrationChecks]);
      const evidence = await checkCommit(services, s, input.policy, { ...input, commit }, checks, place);
      s.emit('checked', { type: 'integration.checked', commit, evidence });
      if (candidate === undefined) return { evidence, losses: [], paths: [] };
      const { repository } = services;
      // The agent may have to go on here.
      await repository.openWorktree(input.repoDir, desk.worktreeDir, commit);
      await repository.resetWorktree(desk.worktreeDir, commit);
      const base = await repository.mergeBase(input.repoDir, input.baseCommit, input.commit);
      const sides = { base, ours: input.baseCommit, theirs: input.commit };
      const commits = { ...sides, clean: candidate.commit, merged: commit };
      const lost = await mergeLosses(repository, input.repoDir, commits, candidate.conflicts);
      const watched = distinctChecks([...input.subtask.checks, ...input.plan.integrationChecks]);
      const planned = removableTests(input.subtask);
      const weakened = await weakenedByMerge(repository, input.repoDir, commits, watched, planned);
      return { evidence, paths: lost.paths, losses: [...lost.losses, ...weakened] };
    },
    AGAIN,
  );
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
    const commit = await pausable(
      ctx,
      `resolution-${round}`,
      async (s) => (await saveWork(desk, talk, s)) ?? talk.commit,
    );
    talk.commit = commit;
    talk.dirty = false;
    const checked = await checkTree(ctx, services, desk, input, `resolution-check-${round}`, commit, candidate);
    const mendable = [
      ...checked.losses.filter((loss) => !loss.needsPerson).map((loss) => loss.text),
      ...failedChecks(checked.evidence),
      ...(report === null ? ['The agent did not come to an end.'] : []),
    ];
    const faults = [...checked.losses.filter((loss) => loss.needsPerson).map((loss) => loss.text), ...mendable];
    const sealed = async (accepted: string[]) => ({
      commit: await seal(ctx, services, input, commit, checked.paths, accepted),
      evidence: checked.evidence,
    });
    if (faults.length === 0) return sealed([]);
    await ctx.publish(`refused-${round}`, { type: 'merge.refused', subtaskId: id, missing: faults });
    const message = checksFailedMessage(checked.evidence, faults);
    // What only a person can decide is not asked of the agent again.
    if (mendable.length > 0 && round + 1 < MERGE_ROUNDS) {
      say(talk, message);
      continue;
    }
    const reason = `its merge was refused: ${faults.join('; ')}`;
    const decision = await parkSubtask(ctx, `merge-decision-${round}`, id, reason, []);
    if (decision.decision === 'approve') return sealed(faults);
    talk.turnLimit = talk.turns + input.policy.maxTurns;
    say(talk, `${message}\n\n${personMessage(decision.comment)}`);
  }
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
  const patches = await pausable(ctx, 'merge-patches', async () => {
    await services.repository.openWorktree(desk.repoDir, desk.worktreeDir, candidate.commit);
    await services.repository.resetWorktree(desk.worktreeDir, candidate.commit);
    const base = await services.repository.mergeBase(input.repoDir, input.baseCommit, input.commit);
    const patch = (to: string) => services.repository.patch(input.repoDir, base, to, MAX_PATCH_BYTES);
    return { integrated: await patch(input.baseCommit), subtask: await patch(input.commit) };
  });
  return startTalk({
    model: input.policy.agent.model,
    effort: input.policy.agent.effort ?? input.subtask.effort,
    turnLimit: input.policy.maxTurns,
    commit: candidate.commit,
    text: mergeMessage({
      brief: input.brief,
      subtask: input.subtask,
      conflicts: candidate.descriptions,
      integratedPatch: patches.integrated,
      subtaskPatch: patches.subtask,
      evidence,
    }),
  });
}

/**
 * The resolved tree as one commit on the integration, without the commit that held conflict markers. Losses that a person
 * accepted stand in its message.
 */
async function seal(
  ctx: Ctx,
  services: Services,
  input: IntegrateInput,
  resolved: string,
  paths: string[],
  accepted: string[],
): Promise<string> {
  const commit = await pausable(ctx, 'seal', (s) => {
    const message = integrationMessage(ctx, services, input, s.key);
    const named = accepted.map((fault) => `- ${fault}`).join('\n');
    const body = accepted.length === 0 ? message.body : `${message.body}\n\nAccepted by a person as it is:\n${named}`;
    return services.repository.commitTree(input.repoDir, `${resolved}^{tree}`, [input.baseCommit], {
      ...message,
      body,
    });
  });
  await ctx.publish('resolved', { type: 'merge.resolved', subtaskId: input.subtask.id, commit, paths });
  return commit;
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
): Promise<{ commit: string; files: ChangedFile[] }> {
  const { repository } = services;
  const { repoDir, baseCommit } = input;
  const ref = integrationRef(ctx.rootRunId);
  const [now, { files, paths, hasMoves }] = await Promise.all([
    repository.readRef(repoDir, ref),
    changesBetween(repository, repoDir, baseCommit, commit),
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
