import { removableTests } from '../../protocol/removable-tests.ts';
import type { Evidence, Finding, Review } from '../../protocol/work.ts';
import type { Ctx } from '../engine/port.ts';
import { letAgentWork } from './agent-loop.ts';
import { checksFailedMessage, findingsMessage, mergeMessage, personMessage } from './agent-prompts.ts';
import { type AgentTalk, say, startTalk } from './agent-talk.ts';
import type { Candidate, CheckedCandidate } from './candidate.ts';
import { parkSubtask } from './decision.ts';
import { checkPlace } from './desk.ts';
import { failedChecks } from './evidence.ts';
import { checkMerged, integrationMessage, type MergeInput } from './merge-candidate.ts';
import { weakenedByMerge } from './merge-guard.ts';
import { type MergeLosses, mergeLosses } from './merge-losses.ts';
import { pausable } from './pause.ts';
import { runsUnreviewed } from './policy.ts';
import { type Made, reviewResolution } from './review-resolution.ts';
import type { Services } from './services.ts';
import { distinctChecks } from './tree-checks.ts';
import { type AgentDesk, makeReady, saveWork } from './work-in-progress.ts';

const MERGE_ROUNDS = 3;
const MAX_PATCH_BYTES = 40_000;

/** A commit that holds both sides, and what the checks showed on exactly its tree. */
export interface Reconciled {
  commit: string;
  evidence: Evidence[];
}

interface Resolution extends MergeLosses {
  evidence: Evidence[];
}

/** Holds what the agent made against the checks and against both sides. */
function checkResolution(
  ctx: Ctx,
  services: Services,
  desk: AgentDesk,
  input: MergeInput,
  name: string,
  commit: string,
  candidate: Candidate,
): Promise<Resolution> {
  return pausable(
    ctx,
    name,
    async (s) => {
      const { repository } = services;
      const evidence = await checkMerged(services, s, input, commit, checkPlace(desk));
      s.emit('checked', { type: 'integration.checked', commit, evidence });
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
    { durability: 'soon' },
  );
}

/** What stands in the way of a merge, and who could mend it. */
interface Refusal {
  faults: string[];
  findings: Finding[];
  /** For the agent. */
  message: string;
  /** False when only a person can decide. */
  isMendable: boolean;
}

/** An agent joins both sides; the lead and the host hold the result against both before it counts. */
export async function reconcile(
  ctx: Ctx,
  services: Services,
  desk: AgentDesk,
  input: MergeInput,
  candidate: CheckedCandidate,
): Promise<Reconciled> {
  const talk = await openMerge(ctx, services, desk, input, candidate);
  let reviewed: Pick<Made, 'previous' | 'lastCommit'> = { previous: [], lastCommit: null };
  for (let round = 0; ; round += 1) {
    const report = await letAgentWork(desk, talk);
    const commit = await pausable(
      ctx,
      `resolution-${round}`,
      async (s) => (await saveWork(desk, talk, s)) ?? talk.commit,
    );
    talk.commit = commit;
    talk.dirty = false;
    const accepted: string[] = [];
    // Set-up commands run what it holds, with the network.
    if (runsUnreviewed(input.policy)) {
      const made = { candidate, commit, round: round + 1, report: report ?? '', ...reviewed };
      const review = await reviewResolution(ctx, services, input, made);
      reviewed = { previous: review.findings, lastCommit: commit };
      const objection = review.verdict === 'approve' ? null : objectionOf(review, round + 1);
      if (objection !== null && !(await refuse(ctx, input, talk, `review-${round}`, round, objection))) continue;
      accepted.push(...(objection?.faults ?? []));
    }
    const checked = await checkResolution(ctx, services, desk, input, `resolution-check-${round}`, commit, candidate);
    const refusal = refusalOf(checked, report);
    if (refusal !== null && !(await refuse(ctx, input, talk, `${round}`, round, refusal))) continue;
    accepted.push(...(refusal?.faults ?? []));
    return {
      commit: await seal(ctx, services, input, commit, checked.paths, accepted),
      evidence: checked.evidence,
    };
  }
}

function objectionOf({ summary, findings }: Review, round: number): Refusal {
  const faults = [summary, ...findings.map(({ file, line, message }) => `${file}:${line} ${message}`)];
  return { faults, findings, message: findingsMessage(round, summary, findings), isMendable: true };
}

function refusalOf(checked: Resolution, report: string | null): Refusal | null {
  const mendable = [
    ...checked.losses.filter((loss) => !loss.needsPerson).map((loss) => loss.text),
    ...failedChecks(checked.evidence),
    ...(report === null ? ['The agent did not come to an end.'] : []),
  ];
  const faults = [...checked.losses.filter((loss) => loss.needsPerson).map((loss) => loss.text), ...mendable];
  if (faults.length === 0) return null;
  return {
    faults,
    findings: [],
    message: checksFailedMessage(checked.evidence, faults),
    isMendable: mendable.length > 0,
  };
}

/** Tells the agent, or asks a person in the end. True: the person takes it as it is. */
async function refuse(
  ctx: Ctx,
  input: MergeInput,
  talk: AgentTalk,
  name: string,
  round: number,
  { faults, findings, message, isMendable }: Refusal,
): Promise<boolean> {
  const { id } = input.subtask;
  await ctx.publish(`refused-${name}`, { type: 'merge.refused', subtaskId: id, missing: faults });
  if (isMendable && round + 1 < MERGE_ROUNDS) {
    say(talk, message);
    return false;
  }
  const reason = `its merge was refused: ${faults.join('; ')}`;
  const decision = await parkSubtask(ctx, `merge-decision-${name}`, id, reason, findings);
  if (decision.decision === 'approve') return true;
  talk.turnLimit = talk.turns + input.policy.maxTurns;
  say(talk, `${message}\n\n${personMessage(decision.comment)}`);
  return false;
}

/** A worktree that holds the merge as it is, markers and all, and an agent that knows both intents and both diffs. */
async function openMerge(
  ctx: Ctx,
  services: Services,
  desk: AgentDesk,
  input: MergeInput,
  candidate: CheckedCandidate,
): Promise<AgentTalk> {
  const patches = await pausable(ctx, 'merge-patches', async (s) => {
    await makeReady(desk, candidate.commit, s.signal);
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
      evidence: candidate.evidence,
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
  input: MergeInput,
  resolved: string,
  paths: string[],
  accepted: string[],
): Promise<string> {
  const commit = await pausable(ctx, 'seal', (s) => {
    const message = integrationMessage(services, ctx.rootRunId, input, s.key);
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
