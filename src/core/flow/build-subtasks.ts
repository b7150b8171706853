import { AppError } from '../../protocol/errors.ts';
import type { Plan, Subtask } from '../../protocol/plan.ts';
import type { Evidence } from '../../protocol/work.ts';
import type { Ctx, Definition, Handle } from '../engine/port.ts';
import { AgentPool, readySubtasks } from '../scheduler.ts';
import { PORTS_PER_SUBTASK, type WorkInput } from './desk.ts';
import type { IntegrateInput, IntegrateResult } from './integrate.ts';
import type { BuildInput } from './policy.ts';
import type { SubtaskInput, SubtaskResult } from './subtask.ts';

export interface ChildDefinitions {
  subtask: Definition<SubtaskInput, SubtaskResult>;
  integrate: Definition<IntegrateInput, IntegrateResult>;
}

/** Where work is integrated, and what the integration checks showed there last. */
export interface Integration {
  repoDir: string;
  head: string;
  /** Of exactly `head`; empty when its checks have not been run. */
  evidence: Evidence[];
}

/** Ports are given in blocks from here; the run's name spreads parallel runs over the range. */
const FIRST_PORT = 21_000;
const PORT_RANGE = 20_000;

export function firstPortOf(rootRunId: string, index: number): number {
  let hash = 0;
  for (const char of rootRunId) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  const blocks = PORT_RANGE / PORTS_PER_SUBTASK;
  return FIRST_PORT + ((hash + index) % blocks) * PORTS_PER_SUBTASK;
}

type ChildOutput = SubtaskResult | IntegrateResult;
type Child = { kind: 'subtask' | 'integrate'; subtask: Subtask; agentId: string };

/**
 * Builds and integrates the subtasks; returns the integration that holds all of them. Ready subtasks start critical path first, as
 * many as the pool has agents; approved ones are integrated one at a time, in the order in which they were approved, which
 * is a dependency order because a subtask starts only when everything it depends on is integrated.
 */
export async function buildSubtasks(
  ctx: Ctx,
  children: ChildDefinitions,
  input: BuildInput,
  plan: Plan,
  from: Integration,
  work: { subtasks: readonly Subtask[]; restrictPaths: boolean; portOffset: number },
): Promise<Integration> {
  const pool = new AgentPool(input.policy.concurrency);
  const started = new Set<string>();
  const integrated = new Set<string>();
  const running = new Map<string, Child & { handle: Handle<ChildOutput> }>();
  const approved: { subtask: Subtask; agentId: string; commit: string }[] = [];
  const failures: { subtaskId: string; message: string; code: AppError['code'] }[] = [];
  let { head, evidence } = from;
  let waits = 0;

  const workInput = (subtask: Subtask, agentId: string): WorkInput => ({
    brief: input.brief,
    policy: input.policy,
    plan,
    subtask,
    agentId,
    repoDir: from.repoDir,
    workspaceDir: input.workspaceDir,
    baseCommit: head,
    firstPort: firstPortOf(ctx.rootRunId, work.portOffset + work.subtasks.indexOf(subtask)),
  });
  const isIntegrating = () => [...running.values()].some((child) => child.kind === 'integrate');

  while (integrated.size < work.subtasks.length) {
    const next = approved[0];
    if (next !== undefined && !isIntegrating()) {
      approved.shift();
      const { subtask, agentId } = next;
      const handle = await ctx.startChild(`integrate-${subtask.id}`, children.integrate, {
        ...workInput(subtask, agentId),
        commit: next.commit,
      });
      running.set(handle.runId, { kind: 'integrate', subtask, agentId, handle });
    }
    // After a failure nothing new is started; what runs is brought to its end, so that no paid work is thrown away.
    for (const subtask of failures.length > 0 ? [] : readySubtasks(work.subtasks, { started, integrated })) {
      if (pool.free === 0) break;
      const agentId = pool.assign(subtask.specialization, subtask.id);
      started.add(subtask.id);
      const handle = await ctx.startChild(`subtask-${subtask.id}`, children.subtask, {
        ...workInput(subtask, agentId),
        restrictPaths: work.restrictPaths,
      });
      running.set(handle.runId, { kind: 'subtask', subtask, agentId, handle });
    }
    if (running.size === 0) break;
    const { handle, outcome } = await ctx.waitAny(
      `child-${work.portOffset}-${waits++}`,
      [...running.values()].map((child) => child.handle),
    );
    const child = running.get(handle.runId);
    if (child === undefined) continue;
    running.delete(handle.runId);
    if (child.kind === 'subtask') pool.release(child.agentId);
    const { subtask, agentId } = child;
    if (!outcome.ok) {
      failures.push({ subtaskId: subtask.id, message: outcome.error.userMessage, code: outcome.error.code });
      await ctx.publish(`failed-${handle.runId}`, {
        type: 'subtask.failed',
        subtaskId: subtask.id,
        error: outcome.error,
      });
    } else if ('evidence' in outcome.value) {
      integrated.add(subtask.id);
      head = outcome.value.commit;
      evidence = outcome.value.evidence;
    } else approved.push({ subtask, agentId, commit: outcome.value.commit });
  }
  if (failures.length > 0) throw failed(failures, integrated.size, work.subtasks.length);
  return { repoDir: from.repoDir, head, evidence };
}

function failed(
  failures: { subtaskId: string; message: string; code: AppError['code'] }[],
  done: number,
  total: number,
): AppError {
  const first = failures[0];
  const reasons = failures.map((failure) => `"${failure.subtaskId}": ${failure.message}`).join('\n');
  return new AppError({
    code: first?.code ?? 'internal',
    message: `${failures.length} of ${total} subtasks failed`,
    userMessage: `${failures.length} of ${total} subtasks failed, ${done} are integrated; their work is kept under refs/orchestrator.\n${reasons}`,
  });
}
