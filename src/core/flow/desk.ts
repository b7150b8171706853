import type { Brief } from '../../protocol/brief.ts';
import type { Plan, Subtask } from '../../protocol/plan.ts';
import type { Ctx } from '../engine/port.ts';
import { agentPrefix, agentSuffix } from './agent-prompts.ts';
import type { CheckPlace } from './evidence.ts';
import type { OverlapWatch } from './overlap-watch.ts';
import type { RunPolicy } from './policy.ts';
import type { Seat } from './seats.ts';
import type { Services } from './services.ts';
import { setUpToWork } from './tree-checks.ts';
import type { AgentDesk } from './work-in-progress.ts';

/** What every child run of a build is given. JSON, journalled with the child. */
export interface WorkInput {
  brief: Brief;
  policy: RunPolicy;
  plan: Plan;
  subtask: Subtask;
  agentId: string;
  /** Name of the work's ref and worktree: the subtask's id, and `<id>.2` when it is begun again after a failure. */
  workName: string;
  repoDir: string;
  workspaceDir: string;
  baseCommit: string;
  /** First port of the block that this work may listen on. */
  firstPort: number;
}

const PORTS_PER_SUBTASK = 10;
/** Ports are given in blocks from here; the run's name spreads parallel runs over the range. */
const FIRST_PORT = 21_000;
const PORT_RANGE = 20_000;

/** `index` of the subtask in the run; -1 for rehearsals, of which there is one at a time. */
export function firstPortOf(rootRunId: string, index: number): number {
  let hash = 0;
  for (const char of rootRunId) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  const blocks = PORT_RANGE / PORTS_PER_SUBTASK;
  return FIRST_PORT + ((hash + index + blocks) % blocks) * PORTS_PER_SUBTASK;
}

/** Where what `workName` made is merged. */
export const mergeName = (workName: string): string => `merge-${workName}`;

export function worktreeOf(services: Services, rootRunId: string, name: string): string {
  return services.files.join(services.runDir(rootRunId), 'worktrees', name);
}

/** Where its integration is tried out while the lead reviews it. */
export const rehearsalName = (workName: string): string => `rehearsal-${workName}`;

/** Of a worktree; no subtask may be called so. */
export const isRehearsal = (name: string): boolean => name.startsWith('rehearsal-');

export function checkPlace({ worktreeDir, outputDir, env }: AgentDesk): CheckPlace {
  return { dir: worktreeDir, outputDir, env };
}

/** What commands are told of the block of ports that they may listen on. */
export function portEnv(firstPort: number): Record<string, string> {
  return {
    PORT: String(firstPort),
    PORT_BLOCK_START: String(firstPort),
    PORT_BLOCK_END: String(firstPort + PORTS_PER_SUBTASK - 1),
  };
}

/** The worktrees of work that is integrated are not needed any more, if they are still there. Repeating it changes nothing. */
export async function removeWorktrees(
  services: Services,
  rootRunId: string,
  repoDir: string,
  names: readonly string[],
): Promise<void> {
  const { repository } = services;
  await Promise.all(names.map((name) => repository.removeWorktree(repoDir, worktreeOf(services, rootRunId, name))));
}

export function makeDesk(
  ctx: Ctx,
  services: Services,
  input: WorkInput,
  place: { refName: string; overlaps: OverlapWatch; seat: Seat },
): AgentDesk {
  const { files } = services;
  const runDir = services.runDir(ctx.rootRunId);
  const worktreeDir = worktreeOf(services, ctx.rootRunId, place.refName);
  const desk: AgentDesk = {
    ctx,
    services,
    policy: input.policy,
    repoDir: input.repoDir,
    baseCommit: input.baseCommit,
    worktreeDir,
    outputDir: files.join(runDir, 'output', place.refName),
    refName: place.refName,
    subtaskId: input.subtask.id,
    agentId: input.agentId,
    prefix: agentPrefix(input.brief, input.plan),
    suffix: agentSuffix(input.subtask.specialization),
    env: portEnv(input.firstPort),
    overlaps: place.overlaps,
    preparation: null,
    setUp: (signal) => setUpToWork(services, signal, input.policy, input.workspaceDir, checkPlace(desk)),
    seat: place.seat,
    session: null,
    worktreeOpen: false,
    saving: null,
  };
  return desk;
}
