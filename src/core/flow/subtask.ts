import type { Finding } from '../../protocol/work.ts';
import type { Ctx, Definition } from '../engine/port.ts';
import { letAgentWork } from './agent-loop.ts';
import { checksFailedMessage, findingsMessage, personMessage, subtaskMessage } from './agent-prompts.ts';
import { type AgentTalk, say, startTalk } from './agent-talk.ts';
import { parkSubtask } from './decision.ts';
import { makeDesk } from './desk.ts';
import { watchOverlaps } from './overlap-watch.ts';
import { createPreparation } from './preparation.ts';
import { reviewSubtask } from './review.ts';
import { openSession } from './run-tools.ts';
import type { Services } from './services.ts';
import { hearKept } from './setbacks.ts';
import { checkSubtask, type SubtaskInput } from './subtask-checks.ts';
import { type AgentDesk, atDesk, atWork, keepWork } from './work-in-progress.ts';

export interface SubtaskResult {
  commit: string;
  rounds: number;
  /** False when a person took it as it is, whatever its checks said. */
  proven: boolean;
}

/** Check rounds that an agent may fail in a row before a stronger model takes over. */
const CHECK_ROUNDS = 4;

/** One subtask: an agent in its worktree, the host's checks, the lead's review, until it is approved. */
export function subtaskDefinition(services: Services): Definition<SubtaskInput, SubtaskResult> {
  return {
    name: 'subtask@2',
    async run(ctx, input) {
      const seat = services.seats.of(ctx.rootRunId, input.policy.concurrency).seatFor(input.subtask.id);
      const overlaps = watchOverlaps(services, { ...input, runId: ctx.rootRunId, subtaskId: input.subtask.id });
      const desk = makeDesk(ctx, services, input, { refName: input.workName, overlaps, seat });
      return atDesk(desk, () => buildSubtask(ctx, services, desk, input));
    },
  };
}

/** Where a subtask stands between two rounds. */
interface Progress {
  round: number;
  /** The newest round that an event has told of. */
  announced: number;
  checkFailures: number;
  escalated: boolean;
  findings: Finding[];
  lastReviewed: string | null;
  /** Times that a person sent it back. */
  sentBack: number;
  /** Somebody looks at what the agent made, and others may work meanwhile. */
  isAway: boolean;
}

async function buildSubtask(
  ctx: Ctx,
  services: Services,
  desk: AgentDesk,
  input: SubtaskInput,
): Promise<SubtaskResult> {
  const { subtask, policy, agentId } = input;
  const { id } = subtask;
  await ctx.publish('started', {
    type: 'subtask.started',
    subtaskId: id,
    agentId,
    specialization: subtask.specialization,
    baseCommit: input.baseCommit,
  });
  desk.preparation = createPreparation((signal) => prepareWorktree(services, desk, input, signal));
  const effort = policy.agent.effort ?? subtask.effort;
  const talk = startTalk({
    model: policy.agent.model,
    effort,
    commit: input.baseCommit,
    text: subtaskMessage(input.brief, subtask),
    turnLimit: policy.maxTurns,
  });
  const at: Progress = {
    round: 1,
    announced: 1,
    checkFailures: 0,
    escalated: false,
    findings: [],
    lastReviewed: null,
    sentBack: 0,
    isAway: false,
  };

  let proven = false;
  for (let pass = 0; ; pass += 1) {
    if (at.isAway) await comeBack(desk, at, pass);
    await announceRound(ctx, id, at);
    const report = await letAgentWork(desk, talk);
    await keepChanges(desk, talk, pass);
    if (report === null) {
      const reason = `the agent did not come to an end in ${talk.turns} turns`;
      if (await tryAgain(desk, input, talk, at, pass, reason, 'Finish the subtask.')) continue;
      break;
    }
    goAway(desk, at);
    const checked = await checkSubtask(ctx, services, desk, input, talk, pass, at.round);
    if (checked.faults.length > 0) {
      at.checkFailures += 1;
      const message = checksFailedMessage(checked.evidence, checked.faults);
      if (at.checkFailures < CHECK_ROUNDS) say(talk, message);
      else if (!(await tryAgain(desk, input, talk, at, pass, `its checks fail: ${checked.faults.join('; ')}`, message)))
        break;
      continue;
    }
    at.checkFailures = 0;
    const review = await reviewSubtask(ctx, services, policy, {
      about: id,
      projectName: input.brief.name,
      plan: input.plan,
      subtask,
      repoDir: input.repoDir,
      commit: talk.commit,
      diff: checked.patch,
      lastCommit: at.lastReviewed,
      round: at.round,
      previous: at.findings,
      evidence: checked.evidence,
      remarks: checked.remarks,
      report,
    });
    await ctx.publish(`reviewed-${at.round}`, { type: 'subtask.reviewed', subtaskId: id, round: at.round, review });
    if (review.verdict === 'approve') {
      proven = true;
      break;
    }
    services.rehearsals.drop(ctx.rootRunId, id);
    at.lastReviewed = talk.commit;
    at.findings = review.findings;
    const message = findingsMessage(at.round, review.summary, review.findings);
    const spent = at.round >= policy.reviewRounds + (at.escalated ? 1 : 0) + at.sentBack;
    at.round += 1;
    if (spent) {
      const reason = `${review.findings.length} findings are still open after ${at.round - 1} reviews`;
      if (!(await tryAgain(desk, input, talk, at, pass, reason, message))) break;
    } else say(talk, message);
  }
  await ctx.publish('approved', {
    type: 'subtask.approved',
    subtaskId: id,
    agentId,
    commit: talk.commit,
    rounds: at.round,
  });
  return { commit: talk.commit, rounds: at.round, proven };
}

/** What the agent's last tools changed, committed: nobody may come to ask for it again. */
async function keepChanges(desk: AgentDesk, talk: AgentTalk, pass: number): Promise<void> {
  if (!talk.dirty) return;
  hearKept(talk, await atWork(desk, `keep-${pass}`, (s) => keepWork(desk, talk, s), { durability: 'process' }));
}

/** The agent begins with what the last review, or a person, has asked for. */
async function announceRound(ctx: Ctx, subtaskId: string, at: Progress): Promise<void> {
  const { round, findings } = at;
  if (round === at.announced) return;
  at.announced = round;
  await ctx.publish(`revised-${round}`, { type: 'subtask.revised', subtaskId, round, findings });
}

/** What the checks, the lead or a person make of the work may take long: another subtask may begin. */
function goAway(desk: AgentDesk, at: Progress): void {
  desk.seat.leave();
  at.isAway = true;
}

/** Before others begin, and after those who came back earlier. */
async function comeBack(desk: AgentDesk, at: Progress, pass: number): Promise<void> {
  await desk.ctx.step(`seat-${pass}`, (s) => desk.seat.take(s.signal), { durability: 'process', waits: true });
  // Where the record says so, nobody has sat down.
  desk.seat.claim();
  at.isAway = false;
}

/** A stronger model once, then a person. False: the person takes the subtask as it is. */
async function tryAgain(
  desk: AgentDesk,
  input: SubtaskInput,
  talk: AgentTalk,
  at: Progress,
  pass: number,
  reason: string,
  message: string,
): Promise<boolean> {
  at.checkFailures = 0;
  if (!at.escalated) {
    at.escalated = true;
    talk.model = input.policy.escalation.model;
    talk.effort = input.policy.escalation.effort;
    talk.turnLimit = talk.turns + input.policy.maxTurns;
    talk.recentCalls = [];
    say(talk, message);
    return true;
  }
  goAway(desk, at);
  const decision = await parkSubtask(desk.ctx, `decision-${pass}`, input.subtask.id, reason, at.findings);
  if (decision.decision === 'approve') return false;
  at.sentBack += 1;
  talk.turnLimit = talk.turns + input.policy.maxTurns;
  talk.recentCalls = [];
  say(talk, `${message}\n\n${personMessage(decision.comment)}`);
  return true;
}

async function prepareWorktree(
  services: Services,
  desk: AgentDesk,
  input: SubtaskInput,
  signal: AbortSignal,
): Promise<void> {
  await services.repository.openWorktree(desk.repoDir, desk.worktreeDir, input.baseCommit);
  await desk.setUp(signal);
  // What set-up commands may have done to it shows when it is opened again.
  desk.worktreeOpen = input.policy.checks.setup.length === 0;
  // Loaded while the model thinks; what is wrong with it the first tools meet again.
  await openSession(desk).catch(() => {});
}
