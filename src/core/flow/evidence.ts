import type { Check } from '../../protocol/plan.ts';
import type { Evidence } from '../../protocol/work.ts';
import type { StepContext } from '../engine/port.ts';
import type { CommandResult } from '../ports.ts';
import type { RunPolicy } from './policy.ts';
import type { Services } from './services.ts';

const TAIL_CHARS = 4_000;
const MAX_OUTPUT_BYTES = 64 * 1024;

export interface CheckPlace {
  dir: string;
  outputDir: string;
  env: Record<string, string>;
}

/** Whose files of output these are, and what cuts the checks short. */
export type CheckTry = Pick<StepContext, 'key' | 'attempt' | 'signal'>;

/** Runs the checks of the approved plan, one after the other, and reports what the host saw. Never throws for a failure. */
export async function runChecks(
  services: Services,
  s: CheckTry,
  policy: RunPolicy,
  checks: readonly Check[],
  place: CheckPlace,
): Promise<Evidence[]> {
  const evidence: Evidence[] = [];
  for (const [index, check] of checks.entries()) {
    const refusal = services.refuseCommand(check.command, policy.checks);
    if (refusal !== null) {
      evidence.push({
        name: check.name,
        command: check.command,
        exitCode: null,
        outcome: 'refused',
        durationMs: 0,
        outputTail: refusal,
        outputFile: null,
      });
      continue;
    }
    // One file per attempt and check, so that the evidence of an earlier round is never overwritten.
    const file = `${s.key.replaceAll(/[^A-Za-z0-9._-]/g, '_')}-${s.attempt}-${index}.log`;
    const outputFile = services.files.join(place.outputDir, file);
    const { network } = policy.checks;
    evidence.push(await runCommand(services, s.signal, policy, place, { ...check, network, outputFile }));
  }
  return evidence;
}

/** Runs a command in a worktree, within the limits of the configuration, and reports what the host saw. */
export async function runCommand(
  { runner }: Pick<Services, 'runner'>,
  signal: AbortSignal,
  { checks: { wallMs, idleMs } }: Pick<RunPolicy, 'checks'>,
  { dir, env }: CheckPlace,
  { name, command, network, outputFile }: Check & { network: boolean; outputFile: string },
): Promise<Evidence> {
  const limits = { wallMs, idleMs, maxOutputBytes: MAX_OUTPUT_BYTES, outputFile, network };
  const result = await runner.run({ command, cwd: dir, env, ...limits }, signal);
  signal.throwIfAborted();
  const { exitCode, durationMs, output, outputBytes } = result;
  return {
    name,
    command,
    exitCode,
    outcome: outcomeOf(result),
    durationMs,
    outputTail: output.slice(-TAIL_CHARS),
    outputFile: outputBytes > 0 ? outputFile : null,
  };
}

function outcomeOf(result: CommandResult): Evidence['outcome'] {
  if (result.ended === 'cancelled') return 'cancelled';
  if (result.ended === 'wall' || result.ended === 'idle') return 'timed_out';
  return result.exitCode === 0 ? 'passed' : 'failed';
}

export function failedChecks(evidence: readonly Evidence[]): string[] {
  return evidence
    .filter((e) => e.outcome !== 'passed')
    .map(
      (e) => `\`${e.command}\` ${e.outcome === 'failed' ? `exited with ${e.exitCode}` : e.outcome.replace('_', ' ')}`,
    );
}
