import { worstCaseUsd } from '../../src/core/model-catalog.ts';
import { AppError, type ErrorCode } from '../../src/protocol/errors.ts';
import type { ModelUsage } from '../../src/protocol/work.ts';
import type { Dice } from './seeded.ts';

const CODES: readonly ErrorCode[] = [
  'auth',
  'quota_exhausted',
  'rate_limited',
  'rate_limited',
  'overloaded',
  'overloaded',
  'server',
  'server',
  'transport',
  'transport',
  'timeout',
  'invalid_request',
  'too_large',
  'truncated',
  'refusal',
  'malformed',
];
const WAITS_MS = [0, 250, 5_000, 45_000, 3_600_000];

/** A failure as the adapters give it. */
export function aFailure(dice: Dice, worstUsd: number): AppError {
  const code = dice.pick(CODES);
  const paid = code === 'truncated' || code === 'refusal' || code === 'malformed' || code === 'too_large';
  const details = {
    ...(code === 'rate_limited' && dice.chance(0.5) ? { retryAfterMs: dice.pick(WAITS_MS) } : {}),
    ...(paid ? { charged: 'yes', costUsd: aCost(dice, worstUsd) } : {}),
    ...(code === 'transport' && dice.chance(0.5) ? { charged: 'no' } : {}),
  };
  return new AppError({ code, message: `hostile ${code}`, userMessage: `The provider said ${code}.`, details });
}

/** At most what the request can cost; mostly little, so that runs get somewhere. */
export function aCost(dice: Dice, worstUsd: number): number {
  return worstUsd * (dice.chance(0.15) ? 1 : dice.next() * 0.1);
}

/** A lower bound of what the host reserves for the request. */
export function worstUsd(model: string, maxOutputTokens: number): number {
  return worstCaseUsd(model, 0, maxOutputTokens, { cacheTtl: 'none' }) ?? 0;
}

export function aUsage(dice: Dice): ModelUsage {
  const inputTokens = dice.int(0, 400_000);
  const cachedInputTokens = dice.int(0, inputTokens);
  const cacheWriteTokens = dice.int(0, inputTokens - cachedInputTokens);
  return { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens: dice.int(0, 32_000) };
}
