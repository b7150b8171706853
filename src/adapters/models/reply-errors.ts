import { AppError, type ErrorCode } from '../../protocol/errors.ts';
import type { ModelUsage } from '../../protocol/work.ts';

/** An answer that arrived, and was paid for, but is of no use. */
export interface PaidAnswer {
  provider: string;
  model: string;
  usage: ModelUsage;
  costUsd: number | null;
  requestId: string | null;
}

const WORDS: Partial<Record<ErrorCode, string>> = {
  truncated: 'ran out of room for its answer.',
  refusal: 'refused to answer.',
  too_large: 'filled its context window. Make the subtask smaller.',
};

/** The error of a paid answer; `details` tell the ledger what to settle. */
export function paidError(code: ErrorCode, reason: string, answer: PaidAnswer): AppError {
  const { provider, model, usage, costUsd, requestId } = answer;
  return new AppError({
    code,
    message: `${provider} ${model}: ${reason}`,
    userMessage: `${provider} (${model}) ${WORDS[code] ?? reason}`,
    details: { provider, model, charged: 'yes', costUsd, usage: { ...usage }, requestId },
  });
}

/** A failure that the provider reported inside a good HTTP answer, in the shape that the SDKs' own errors have. */
export function streamFailure(error: unknown): Error {
  return Object.assign(new Error('the provider reported a failure'), { error });
}
