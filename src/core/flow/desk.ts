import type { Brief } from '../../protocol/brief.ts';
import type { Plan, Subtask } from '../../protocol/plan.ts';
import type { Ctx, StepContext } from '../engine/port.ts';
import type { AgentDesk } from './agent-loop.ts';
import { agentPrefix, agentSuffix } from './agent-prompts.ts';
import type { RunPolicy } from './policy.ts';
import type { Services } from './services.ts';

/** What every child run of a build is given. JSON, journalled with the child. */
export interface WorkInput {
  brief: Brief;
  policy: RunPolicy;
  plan: Plan;
  subtask: Subtask;
  agentId: string;
  repoDir: string;
  workspaceDir: string;
  baseCommit: string;
  /** First port of the block that this work may listen on. */
  firstPort: number;
}

export const PORTS_PER_SUBTASK = 10;

export function makeDesk(
  ctx: Ctx,
  services: Services,
  input: WorkInput,
  place: { refName: string; watchOverlaps: boolean },
): AgentDesk {
  const { files } = services;
  const runDir = services.runDir(ctx.rootRunId);
  const worktreeDir = files.join(runDir, 'worktrees', place.refName);
  return {
    ctx,
    services,
    policy: input.policy,
    repoDir: input.repoDir,
    worktreeDir,
    outputDir: files.join(runDir, 'output', place.refName),
    refName: place.refName,
    subtaskId: input.subtask.id,
    agentId: input.agentId,
    prefix: agentPrefix(input.brief, input.plan),
    suffix: agentSuffix(input.subtask.specialization),
    env: {
      PORT: String(input.firstPort),
      PORT_BLOCK_START: String(input.firstPort),
      PORT_BLOCK_END: String(input.firstPort + PORTS_PER_SUBTASK - 1),
    },
    watchOverlaps: place.watchOverlaps,
    session: null,
    worktreeOpen: false,
  };
}

/**
 * Makes the worktree runnable: checked out, declared files copied from the workspace, declared set-up commands run. The
 * set-up commands are the project owner's own configuration, not a model's.
 */
export async function prepareWorktree(desk: AgentDesk, input: WorkInput, s: StepContext): Promise<string[]> {
  const { services, policy } = desk;
  await services.repository.openWorktree(desk.repoDir, desk.worktreeDir, input.baseCommit);
  desk.worktreeOpen = true;
  await services.files.copyMatching(input.workspaceDir, desk.worktreeDir, policy.checks.include);
  const faults: string[] = [];
  for (const [index, command] of policy.checks.setup.entries()) {
    const result = await services.runner.run(
      {
        command,
        cwd: desk.worktreeDir,
        env: desk.env,
        wallMs: policy.checks.wallMs,
        idleMs: policy.checks.idleMs,
        maxOutputBytes: 64 * 1024,
        outputFile: services.files.join(desk.outputDir, `setup-${index}.log`),
        network: true,
      },
      s.signal,
    );
    s.signal.throwIfAborted();
    if (result.exitCode !== 0) {
      faults.push(
        `Set-up command \`${command}\` ended with ${result.exitCode ?? result.ended}: ${result.output.slice(-600)}`,
      );
    }
  }
  return faults;
}
