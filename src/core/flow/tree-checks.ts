import { AppError } from '../../protocol/errors.ts';
import type { Check } from '../../protocol/plan.ts';
import type { Evidence } from '../../protocol/work.ts';
import { type CheckPlace, type CheckTry, failedChecks, runChecks, runCommand } from './evidence.ts';
import type { RunPolicy } from './policy.ts';
import type { Services } from './services.ts';

/**
 * Makes a checked-out worktree runnable: declared files copied from the workspace, declared set-up commands run. Those are
 * the project owner's own configuration, not a model's: they have the network and no allow list. The commands that failed,
 * as evidence; empty when all is well.
 */
export async function makeRunnable(
  services: Pick<Services, 'files' | 'runner'>,
  signal: AbortSignal,
  policy: Pick<RunPolicy, 'checks'>,
  workspaceDir: string,
  place: CheckPlace,
): Promise<Evidence[]> {
  await services.files.copyMatching(workspaceDir, place.dir, policy.checks.include);
  const failed: Evidence[] = [];
  for (const [index, command] of policy.checks.setup.entries()) {
    const outputFile = services.files.join(place.outputDir, `set-up-${index}.log`);
    const setUp = { name: 'set-up', command, network: true, outputFile };
    const seen = await runCommand(services, signal, policy, place, setUp);
    if (seen.outcome !== 'passed') failed.push(seen);
  }
  return failed;
}

/** The same for somebody who is going to work there. Throws `checks_failed` with what the commands said. */
export async function setUpToWork(...given: Parameters<typeof makeRunnable>): Promise<void> {
  const failed = await makeRunnable(...given);
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

/**
 * Runs checks on exactly the tree of a commit, in a worktree of its own: nothing that an agent left lying beside its commit
 * (ignored files, say) can make them pass. The worktree is left as the checks leave it; without any, none is made.
 */
export async function checkCommit(
  services: Services,
  s: CheckTry,
  policy: RunPolicy,
  tree: { repoDir: string; workspaceDir: string; commit: string },
  checks: readonly Check[],
  place: CheckPlace,
): Promise<Evidence[]> {
  if (checks.length === 0) return [];
  const { isNew } = await services.repository.openWorktree(tree.repoDir, place.dir, tree.commit);
  if (!isNew) await services.repository.resetWorktree(place.dir, tree.commit);
  const broken = await makeRunnable(services, s.signal, policy, tree.workspaceDir, place);
  if (failedChecks(broken).length > 0) return broken;
  return runChecks(services, s, policy, checks, place);
}

/** Each command once, in order. */
export function distinctChecks(checks: readonly Check[]): Check[] {
  return checks.filter((check, index) => checks.findIndex((other) => other.command === check.command) === index);
}
