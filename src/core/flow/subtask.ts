import { AppError } from '../../protocol/errors.ts';
import type { Evidence, Finding } from '../../protocol/work.ts';
import type { Ctx, Definition } from '../engine/port.ts';
import { letAgentWork } from './agent-loop.ts';
import { checksFailedMessage, findingsMessage, personMessage, subtaskMessage } from './agent-prompts.ts';
import { type AgentTalk, say, startTalk } from './agent-talk.ts';
import { changesBetween } from './changed-paths.ts';
import { parkSubtask } from './decision.ts';
import { makeDesk, type WorkInput } from './desk.ts';
import { failedChecks, runChecks } from './evidence.ts';
import { covers, normalisePath } from './owned-paths.ts';
import { pausable } from './pause.ts';
import { createPreparation } from './preparation.ts';
import { REVIEW_PATCH_BYTES, reviewSubtask } from './review.ts';
import type { Services } from './services.ts';
import { hearKept } from './setbacks.ts';
import { findWeakenedTests } from './test-guard.ts';
import { distinctChecks, makeRunnable } from './tree-checks.ts';
import { type AgentDesk, atDesk, keepWork, openDesk } from './work-in-progress.ts';

export interface SubtaskInput extends WorkInput {
  /** False for a revision that a person asked for: it may change any file. */
  restrictPaths: boolean;
  /** True: what is done about tests is for the reviewer to judge. */
  mayWeakenTests: boolean;
}

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
    name: 'subtask@1',
    async run(ctx, input) {
      const desk = makeDesk(ctx, services, input, { refName: input.workName, watchOverlaps: true });
      return atDesk(desk, () => buildSubtask(ctx, services, desk, input));
    },
  };
}

/** Where a subtask stands between two rounds. */
interface Progress {
  round: number;
  checkFailures: number;
  escalated: boolean;
  findings: Finding[];
  lastReviewed: string | null;
  /** Times that a person sent it back. */
  sentBack: number;
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
  const at: Progress = { round: 1, checkFailures: 0, escalated: false, findings: [], lastReviewed: null, sentBack: 0 };

  let proven = false;
  for (let pass = 0; ; pass += 1) {
    const report = await letAgentWork(desk, talk);
    await keepChanges(ctx, desk, talk, pass);
    if (report === null) {
      const reason = `the agent did not come to an end in ${talk.turns} turns`;
      if (await tryAgain(ctx, input, talk, at, pass, reason, 'Finish the subtask.')) continue;
      break;
    }
    const checked = await checkSubtask(ctx, services, desk, input, talk, pass, at.round);
    if (checked.faults.length > 0) {
      at.checkFailures += 1;
      const message = checksFailedMessage(checked.evidence, checked.faults);
      if (at.checkFailures < CHECK_ROUNDS) say(talk, message);
      else if (!(await tryAgain(ctx, input, talk, at, pass, `its checks fail: ${checked.faults.join('; ')}`, message)))
        break;
      continue;
    }
    at.checkFailures = 0;
    const review = await reviewSubtask(ctx, services, policy, {
      projectName: input.brief.name,
      plan: input.plan,
      subtask,
      repoDir: input.repoDir,
      commit: talk.commit,
      patch: checked.patch,
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
    at.lastReviewed = talk.commit;
    at.findings = review.findings;
    const message = findingsMessage(at.round, review.summary, review.findings);
    const spent = at.round >= policy.reviewRounds + (at.escalated ? 1 : 0) + at.sentBack;
    at.round += 1;
    if (spent) {
      const reason = `${review.findings.length} findings are still open after ${at.round - 1} reviews`;
      if (!(await tryAgain(ctx, input, talk, at, pass, reason, message))) break;
    } else say(talk, message);
    await ctx.publish(`revised-${at.round}`, {
      type: 'subtask.revised',
      subtaskId: id,
      round: at.round,
      findings: review.findings,
    });
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
async function keepChanges(ctx: Ctx, desk: AgentDesk, talk: AgentTalk, pass: number): Promise<void> {
  if (!talk.dirty) return;
  hearKept(talk, await pausable(ctx, `keep-${pass}`, (s) => keepWork(desk, talk, s), { durability: 'process' }));
}

/** A stronger model once, then a person. False: the person takes the subtask as it is. */
async function tryAgain(
  ctx: Ctx,
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
  const decision = await parkSubtask(ctx, `decision-${pass}`, input.subtask.id, reason, at.findings);
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
  const place = { dir: desk.worktreeDir, outputDir: desk.outputDir, env: desk.env };
  const failed = await makeRunnable(services, signal, input.policy, input.workspaceDir, place);
  // What set-up commands may have done to it shows when it is opened again.
  desk.worktreeOpen = input.policy.checks.setup.length === 0;
  if (failed.length === 0) return;
  const said = failed.map(
    (e) => `\`${e.command}\`: ${e.outcome}, exit code ${e.exitCode}\n${e.outputTail.slice(-600)}`,
  );
  throw new AppError({
    code: 'checks_failed',
    message: `set-up failed: ${failed.map((e) => e.command).join('; ')}`,
    userMessage: `The set-up commands of orchestrator.config.json (checks.setup) failed in a worktree: ${said.join('\n')}\nMend them, then resume the run.`,
  });
}

interface Checked {
  evidence: Evidence[];
  faults: string[];
  /** What the host noticed and the reviewer has to judge. */
  remarks: Finding[];
  /** What the reviewer is shown; read meanwhile. */
  patch: string;
}

/** Runs the checks on exactly the newest commit, and holds the changed files against the owned paths. */
async function checkSubtask(
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
      await openDesk(desk, talk);
      // What earlier checks left behind is not the agent's work.
      if (s.attempt > 1 || pauses > 0 || talk.littered) await repository.resetWorktree(desk.worktreeDir, commit);
      const place = { dir: desk.worktreeDir, outputDir: desk.outputDir, env: desk.env };
      const [{ files, paths }, patch, evidence] = await Promise.all([
        changesBetween(repository, desk.repoDir, input.baseCommit, commit),
        repository.patch(desk.repoDir, input.baseCommit, commit, REVIEW_PATCH_BYTES),
        runChecks(services, s, input.policy, input.subtask.checks, place),
      ]);
      // What only the whole run checks can be weakened here as well.
      const checks = distinctChecks([...input.subtask.checks, ...input.plan.integrationChecks]);
      const weakened = await findWeakenedTests(files, checks, (side, path) =>
        repository.readFile(desk.repoDir, side === 'before' ? input.baseCommit : commit, path),
      );
      const isBlocker = (finding: Finding) => finding.severity === 'blocker' && !input.mayWeakenTests;
      const faults = [
        ...failedChecks(evidence),
        ...ownershipFaults(input, paths),
        ...weakened.filter(isBlocker).map((finding) => `${finding.file}:${finding.line} ${finding.message}`),
      ];
      s.emit('checked', { type: 'subtask.checked', subtaskId: input.subtask.id, round, evidence, faults });
      return { evidence, faults, remarks: weakened.filter((finding) => !isBlocker(finding)), patch };
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
