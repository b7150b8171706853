import { AppError } from '../../protocol/errors.ts';
import type { Plan, Subtask } from '../../protocol/plan.ts';
import type { Evidence } from '../../protocol/work.ts';
import type { Ctx, Definition, Handle, Outcome } from '../engine/port.ts';
import { AgentPool, readySubtasks } from '../scheduler.ts';
import { firstPortOf, mergeName, rehearsalName, type WorkInput } from './desk.ts';
import type { IntegrateInput, IntegrateResult } from './integrate.ts';
import { chooseNext, openLimit } from './next-subtasks.ts';
import type { OverlapRadar } from './overlap-radar.ts';
import { waitAt } from './pause.ts';
import type { BuildInput } from './policy.ts';
import type { Rehearsals } from './rehearsals.ts';
import type { RunSeats } from './seats.ts';
import type { SubtaskResult } from './subtask.ts';
import type { SubtaskInput } from './subtask-checks.ts';

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

export interface Work {
  subtasks: readonly Subtask[];
  restrictPaths: boolean;
  /** True when a person asked for it, who may want tests gone: the reviewer judges what is done about them then. */
  mayWeakenTests: boolean;
  /** Place of the first subtask among all of the run; keeps ports and step names of later work apart. */
  offset: number;
}

/** What stays the same while subtasks are built. */
export interface Site {
  ctx: Ctx;
  /** Removes the worktrees that work was done in, by name, if they are still there. */
  tidy(repoDir: string, names: readonly string[]): Promise<void>;
  radar: Pick<OverlapRadar, 'collisions' | 'compared' | 'forget'>;
  rehearsals: Pick<Rehearsals, 'settle' | 'drop'>;
  seats: RunSeats;
  children: ChildDefinitions;
  input: BuildInput;
  plan: Plan;
}

/** One part of the work: building a subtask, or integrating one that is approved. */
type Part = { subtask: Subtask; agentId: string } & (
  | { kind: 'subtask'; workName: string }
  | { kind: 'integrate'; builtAs: string; commit: string; proven: boolean }
);
type PartOutput = SubtaskResult | IntegrateResult;

interface Board {
  pool: AgentPool;
  /** Nothing can begin until an agent has left its seat. */
  isFull: boolean;
  started: Set<string>;
  integrated: Set<string>;
  running: Map<string, Part & { handle: Handle<PartOutput> }>;
  approved: Extract<Part, { kind: 'integrate' }>[];
  failures: { part: Part; error: { code: AppError['code']; userMessage: string } }[];
  head: string;
  evidence: Evidence[];
  /** Worktrees that were opened. */
  worktrees: string[];
  /** How often each child name was begun. */
  tries: Map<string, number>;
  /** Numbers the choices, for step names. */
  turn: number;
}

/**
 * Builds and integrates the subtasks; returns the integration that holds all of them. Ready subtasks start critical path
 * first, whenever fewer agents work than may: an agent whose work is reviewed makes room for the next. Approved ones are
 * integrated one at a time, in the order in which they were approved, which is a dependency order because a subtask starts
 * only when everything it depends on is integrated. A ready subtask that would be drawn into a conflict between two others
 * waits for them, as long as anything runs. After a failure no further subtask is begun; when what runs has come to its end,
 * the run waits and then tries the failed parts again, so that one fault never costs the work of the others.
 */
export async function buildSubtasks(site: Site, from: Integration, work: Work): Promise<Integration> {
  const board: Board = {
    pool: new AgentPool(openLimit(site.input.policy.concurrency)),
    isFull: false,
    started: new Set(),
    integrated: new Set(),
    running: new Map(),
    approved: [],
    failures: [],
    head: from.head,
    evidence: from.evidence,
    worktrees: [],
    tries: new Map(),
    turn: 0,
  };
  site.rehearsals.settle(site.ctx.rootRunId, board.head);
  while (board.integrated.size < work.subtasks.length) {
    // Where a failed integration has left the head is for the retry to find out; everything else goes on.
    const isHeadSure = !board.failures.some(({ part }) => part.kind === 'integrate');
    if (isHeadSure) await startIntegration(site, from, work, board);
    if (board.failures.length === 0) await startReady(site, from, work, board);
    if (board.running.size > 0) await takeOutcome(site, work, board);
    else await retryAfterFailure(site, work, board);
  }
  // Each integration gives its own up without waiting; what a crash has left of them is in the way of nobody but the user.
  await site.ctx.step(`tidy-${work.offset}`, () => site.tidy(from.repoDir, board.worktrees), { durability: 'process' });
  return { repoDir: from.repoDir, head: board.head, evidence: board.evidence };
}

/** `subtask-api`, then `subtask-api.2`: a child's name is used once. */
function nextName(board: Board, name: string): string {
  const tries = (board.tries.get(name) ?? 0) + 1;
  board.tries.set(name, tries);
  return tries === 1 ? name : `${name}.${tries}`;
}

function workInput(site: Site, from: Integration, work: Work, board: Board, part: Part, workName: string): WorkInput {
  const { ctx, input, plan } = site;
  return {
    brief: input.brief,
    policy: input.policy,
    plan,
    subtask: part.subtask,
    agentId: part.agentId,
    workName,
    repoDir: from.repoDir,
    workspaceDir: input.workspaceDir,
    baseCommit: board.head,
    firstPort: firstPortOf(ctx.rootRunId, work.offset + work.subtasks.indexOf(part.subtask)),
  };
}

async function startIntegration(site: Site, from: Integration, work: Work, board: Board): Promise<void> {
  const isIntegrating = [...board.running.values()].some((part) => part.kind === 'integrate');
  const part = isIntegrating ? undefined : board.approved.shift();
  if (part === undefined) return;
  const name = nextName(board, `integrate-${part.subtask.id}`);
  const workName = name.slice('integrate-'.length);
  board.worktrees.push(mergeName(workName));
  const handle = await site.ctx.startChild(name, site.children.integrate, {
    ...workInput(site, from, work, board, part, workName),
    commit: part.commit,
    builtAs: part.builtAs,
    proven: part.proven,
  });
  board.running.set(handle.runId, { ...part, handle });
}

async function startReady(site: Site, from: Integration, work: Work, board: Board): Promise<void> {
  const { ctx, children } = site;
  const ready = board.isFull || board.pool.free === 0 ? [] : readySubtasks(work.subtasks, board);
  if (ready.length === 0) return;
  const room = { isAlone: board.running.size === 0, places: board.pool.free };
  const chosen = await chooseNext(site, `start-${work.offset}-${board.turn}`, ready, room);
  board.isFull = chosen.isFull;
  for (const subtask of ready.filter(({ id }) => chosen.ids.includes(id))) {
    const name = nextName(board, `subtask-${subtask.id}`);
    const workName = name.slice('subtask-'.length);
    board.worktrees.push(workName, rehearsalName(workName));
    const agentId = board.pool.assign(subtask.specialization, subtask.id);
    const part: Part = { kind: 'subtask', subtask, agentId, workName };
    board.started.add(subtask.id);
    const handle = await ctx.startChild(name, children.subtask, {
      ...workInput(site, from, work, board, part, workName),
      restrictPaths: work.restrictPaths,
      mayWeakenTests: work.mayWeakenTests,
    });
    board.running.set(handle.runId, { ...part, handle });
  }
}

/** Waits for one part to end and puts what came of it on the board; or for an agent that makes room, if anything waits for it. */
async function takeOutcome(site: Site, work: Work, board: Board): Promise<void> {
  const { ctx } = site;
  board.turn += 1;
  const name = `child-${work.offset}-${board.turn}`;
  const handles = [...board.running.values()].map((part) => part.handle);
  const mayStart = board.isFull && board.pool.free > 0 && board.failures.length === 0;
  const ended = mayStart ? await ctx.waitAny(name, handles, site.seats) : await ctx.waitAny(name, handles);
  if (ended === null) {
    board.isFull = false;
    return;
  }
  const { handle, outcome } = ended;
  const part = board.running.get(handle.runId);
  if (part === undefined) return;
  board.running.delete(handle.runId);
  if (part.kind === 'subtask') {
    board.pool.release(part.agentId);
    // The last one has left its seat, and nobody else could tell of it.
    if (![...board.running.values()].some(({ kind }) => kind === 'subtask')) board.isFull = false;
  }
  if (!outcome.ok) return noteFailure(site, board, part, handle.runId, outcome);
  if (part.kind === 'subtask') {
    const { subtask, agentId, workName } = part;
    const { commit, proven } = outcome.value as SubtaskResult;
    board.approved.push({ kind: 'integrate', subtask, agentId, builtAs: workName, commit, proven });
    return;
  }
  board.integrated.add(part.subtask.id);
  board.head = outcome.value.commit;
  site.rehearsals.settle(ctx.rootRunId, board.head);
  board.evidence = (outcome.value as IntegrateResult).evidence;
}

async function noteFailure(
  { ctx, radar, rehearsals }: Site,
  board: Board,
  part: Part,
  childId: string,
  outcome: Outcome<unknown> & { ok: false },
): Promise<void> {
  const { error } = outcome;
  radar.forget(ctx.rootRunId, part.subtask.id);
  rehearsals.drop(ctx.rootRunId, part.subtask.id);
  board.failures.push({ part, error });
  await ctx.publish(`failed-${childId}`, { type: 'subtask.failed', subtaskId: part.subtask.id, error });
}

/** Trying again would give the same answer: the local cloud has no recording, or the run was cancelled. */
const FINAL: ReadonlySet<AppError['code']> = new Set(['no_recording', 'aborted']);

async function retryAfterFailure({ ctx }: Site, work: Work, board: Board): Promise<void> {
  const failure = failureOf(board, work);
  if (board.failures.some(({ error }) => FINAL.has(error.code))) throw failure;
  const name = `retry-${work.offset}-${board.turn}`;
  const resumed = await waitAt(ctx, name, {
    gate: 'resume',
    topic: name,
    message: `${failure.userMessage}\nResume the run to try again.`,
    code: failure.code,
  });
  if (resumed === null) throw failure;
  for (const { part } of board.failures) {
    if (part.kind === 'integrate') board.approved.unshift(part);
    else board.started.delete(part.subtask.id);
  }
  board.failures = [];
}

function failureOf(board: Board, work: Work): AppError {
  const [first] = board.failures;
  const reasons = board.failures.map(({ part, error }) => `"${part.subtask.id}": ${error.userMessage}`).join('\n');
  const total = work.subtasks.length;
  return new AppError({
    code: first?.error.code ?? 'internal',
    message: `${board.failures.length} of ${total} subtasks failed`,
    userMessage: `${board.failures.length} of ${total} subtasks failed, ${board.integrated.size} are integrated; their work is kept under refs/orchestrator.\n${reasons}`,
  });
}
