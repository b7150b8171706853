import type OpenAI from 'openai';
import * as z from 'zod';
import { costUsd } from '../../core/model-catalog.ts';
import type { ModelUsage } from '../../protocol/work.ts';
import { type CallGuard, createCallGuard, type GuardLimits } from './call-guard.ts';
import { classifyModelError } from './classify-error.ts';

export interface XaiOptions {
  apiKey: string;
  /** With the version: `https://api.x.ai/v1`. */
  baseUrl: string;
  fetch?: typeof fetch;
  limits?: GuardLimits;
}

export const PROVIDER = 'xai';

/** The vendor's SDK is big, and only runs need it. */
export const loadSdk = () => import('openai');

/**
 * Runs one call with a client of its own, because the guard sits in the client's fetch. Everything the environment could
 * slip into the SDK (organization, project, log level) is set here.
 */
export async function withClient<T>(
  options: XaiOptions,
  model: string,
  outer: AbortSignal,
  work: (client: OpenAI, guard: CallGuard) => Promise<T>,
): Promise<T> {
  const guard = createCallGuard(outer, options.fetch ?? fetch, options.limits ?? {});
  try {
    const { default: Client } = await loadSdk();
    const client = new Client({
      apiKey: options.apiKey,
      baseURL: options.baseUrl,
      organization: null,
      project: null,
      maxRetries: 0,
      logLevel: 'off',
      fetch: guard.fetch,
    });
    return await work(client, guard);
  } catch (thrown) {
    const { apiKey } = options;
    throw classifyModelError(thrown, {
      provider: 'xAI',
      model,
      apiKey,
      outer,
      state: guard.state,
      nowMs: Date.now(),
    });
  } finally {
    guard.close();
  }
}

const tokens = z
  .int()
  .min(0)
  .nullish()
  .transform((value) => value ?? 0);
const cachedTokens = z
  .object({ cached_tokens: tokens })
  .nullish()
  .transform((value) => value?.cached_tokens ?? 0);

/** Usage of both endpoints, with xAI's own charge, which the SDK's types do not have. */
const XaiUsage = z.union([
  z.object({
    input_tokens: z.int().min(0),
    output_tokens: tokens,
    total_tokens: tokens,
    input_tokens_details: cachedTokens,
    cost_in_usd_ticks: z.number().min(0).nullish(),
  }),
  z
    .object({
      prompt_tokens: z.int().min(0),
      completion_tokens: tokens,
      total_tokens: tokens,
      prompt_tokens_details: cachedTokens,
      cost_in_usd_ticks: z.number().min(0).nullish(),
    })
    .transform((usage) => ({
      input_tokens: usage.prompt_tokens,
      output_tokens: usage.completion_tokens,
      total_tokens: usage.total_tokens,
      input_tokens_details: usage.prompt_tokens_details,
      cost_in_usd_ticks: usage.cost_in_usd_ticks,
    })),
]);

const TICKS_PER_USD = 1e10;

/**
 * What a call used and cost. xAI's own figure wins over the price table. An answer without usage is counted by `estimate`,
 * so that it is never free.
 */
export function readUsage(
  raw: unknown,
  model: string,
  estimate: () => { inputTokens: number; outputTokens: number },
): { usage: ModelUsage; costUsd: number | null } {
  const parsed = XaiUsage.safeParse(raw).data;
  if (parsed === undefined) {
    const usage: ModelUsage = { ...estimate(), cachedInputTokens: 0, cacheWriteTokens: 0 };
    return { usage, costUsd: costUsd(model, usage) };
  }
  const usage: ModelUsage = {
    inputTokens: parsed.input_tokens,
    cachedInputTokens: Math.min(parsed.input_tokens, parsed.input_tokens_details),
    cacheWriteTokens: 0,
    // Chat Completions leaves reasoning out of the completion tokens, but counts it in the total.
    outputTokens: Math.max(parsed.output_tokens, parsed.total_tokens - parsed.input_tokens),
  };
  const ticks = parsed.cost_in_usd_ticks;
  return { usage, costUsd: typeof ticks === 'number' ? ticks / TICKS_PER_USD : costUsd(model, usage) };
}
