import { AppError, type ErrorCode } from '../../protocol/errors.ts';
import type { Gate } from '../../protocol/events.ts';
import type { Ctx, StepContext, StepOptions } from '../engine/port.ts';
import { PERSON_TIMEOUT_MS } from './policy.ts';

/**
 * Conditions that somebody outside can change: a key, credit, a limit, an outage, a full disk, a build that fails. The run then waits, with
 * its work kept, and tries the same thing again when it is told to go on.
 */
const PAUSES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'auth',
  'quota_exhausted',
  'budget_exceeded',
  'paused',
  'rate_limited',
  'overloaded',
  'server',
  'transport',
  'timeout',
  'refusal',
  'forge_failed',
  'git_failed',
  'files_refused',
  'storage_failed',
  'not_found',
  'checks_failed',
  'deployment_failed',
  'live_check_failed',
]);

/** Waits durably for the next message of a topic and says so in the run's events. Null when nobody came in time. */
export async function waitAt<T>(
  ctx: Ctx,
  name: string,
  wait: { gate: Gate; topic: string; message: string; code: ErrorCode | null },
): Promise<T | null> {
  const where = { gate: wait.gate, waitOn: ctx.runId, topic: wait.topic };
  await ctx.publish(`${name}-wait`, { type: 'wait.began', ...where, message: wait.message, code: wait.code });
  const value = await ctx.waitFor<T>(name, wait.topic, { timeoutMs: PERSON_TIMEOUT_MS });
  await ctx.publish(`${name}-waited`, { type: 'wait.ended', ...where });
  return value;
}

/**
 * A step that turns outside conditions into a wait for `resume`; everything else is thrown. `pauses` is how often it has
 * waited so far: above 0, an earlier step of the same work may have been cut in the middle.
 */
export async function pausable<T>(
  ctx: Ctx,
  name: string,
  fn: (s: StepContext, pauses: number) => Promise<T>,
  options?: StepOptions,
): Promise<T> {
  for (let n = 0; ; n += 1) {
    const stepName = n === 0 ? name : `${name}~${n}`;
    try {
      return await ctx.step(stepName, (s) => fn(s, n), options);
    } catch (thrown) {
      if (!(thrown instanceof AppError) || !PAUSES.has(thrown.code)) throw thrown;
      const resumed = await waitAt(ctx, `${stepName}-resume`, {
        gate: 'resume',
        topic: `resume:${stepName}`,
        message: thrown.userMessage,
        code: thrown.code,
      });
      if (resumed === null) throw thrown;
    }
  }
}
