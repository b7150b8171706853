import type { Effort } from '../protocol/plan.ts';
import type { ModelUsage } from '../protocol/work.ts';

/** US dollars per million tokens. */
interface Prices {
  inputUsd: number;
  cachedInputUsd: number;
  /** Null when the provider charges nothing for filling its cache. */
  cacheWrite5mUsd: number | null;
  cacheWrite1hUsd: number | null;
  outputUsd: number;
}

export interface ModelEntry {
  id: string;
  provider: 'xai' | 'anthropic';
  contextTokens: number;
  /** Null when the vendor names no limit below the context. */
  maxOutputTokens: number | null;
  prices: Prices;
  /** From this many prompt tokens on, the whole request costs these prices. */
  longPrompt: { fromTokens: number; prices: Prices } | null;
  /** Values that the model takes, weakest first; empty when sending one is an error. */
  efforts: readonly Effort[];
}

/** xAI doubles the price of the whole request from here. */
const LONG_PROMPT_TOKENS = 200_000;

export const DEFAULT_MODELS = {
  lead: 'grok-4.7',
  agent: 'claude-sonnet-5-5',
  escalation: 'claude-opus-5-5',
} as const;

const grok = (
  id: string,
  contextTokens: number,
  [inputUsd, cachedInputUsd, outputUsd]: [number, number, number],
  efforts: readonly Effort[],
): ModelEntry => {
  const prices = { inputUsd, cachedInputUsd, cacheWrite5mUsd: null, cacheWrite1hUsd: null, outputUsd };
  const doubled = {
    ...prices,
    inputUsd: inputUsd * 2,
    cachedInputUsd: cachedInputUsd * 2,
    outputUsd: outputUsd * 2,
  };
  const longPrompt = { fromTokens: LONG_PROMPT_TOKENS, prices: doubled };
  return { id, provider: 'xai', contextTokens, maxOutputTokens: null, prices, longPrompt, efforts };
};

const claudePrices = (
  inputUsd: number,
  outputUsd: number,
  cacheWrite5mUsd: number,
  cacheWrite1hUsd: number,
  cachedInputUsd: number,
): Prices => ({ inputUsd, outputUsd, cacheWrite5mUsd, cacheWrite1hUsd, cachedInputUsd });

const claude = (
  id: string,
  contextTokens: number,
  maxOutputTokens: number,
  prices: Prices,
  efforts: readonly Effort[],
  longPrompt: ModelEntry['longPrompt'] = null,
): ModelEntry => ({ id, provider: 'anthropic', contextTokens, maxOutputTokens, prices, longPrompt, efforts });

const FIVE_EFFORTS: readonly Effort[] = ['low', 'medium', 'high', 'xhigh', 'max'];
const FOUR_EFFORTS: readonly Effort[] = ['low', 'medium', 'high', 'xhigh'];
const THREE_EFFORTS: readonly Effort[] = ['low', 'medium', 'high'];

/** As the vendors' pages had it on 2026-11-22. */
const ENTRIES: readonly ModelEntry[] = [
  grok('grok-4.7', 500_000, [2, 0.5, 6], FOUR_EFFORTS),
  grok('grok-4.5', 500_000, [2, 0.3, 6], FOUR_EFFORTS),
  grok('grok-4.3', 1_000_000, [1.25, 0.2, 2.5], THREE_EFFORTS),
  grok('grok-4.20-0309-reasoning', 1_000_000, [1.25, 0.2, 2.5], []),
  grok('grok-4.20-0309-non-reasoning', 1_000_000, [1.25, 0.2, 2.5], []),
  grok('grok-build-0.1', 256_000, [1, 0.2, 2], []),
  claude('claude-fable-5-2', 1_000_000, 128_000, claudePrices(8, 40, 10, 16, 0.2), FIVE_EFFORTS),
  claude('claude-opus-5-5', 1_000_000, 128_000, claudePrices(4, 20, 5, 8, 0.2), FIVE_EFFORTS),
  claude('claude-sonnet-5-5', 1_000_000, 128_000, claudePrices(2, 10, 2.5, 4, 0.1), FIVE_EFFORTS),
  claude('claude-haiku-5-5', 1_000_000, 128_000, claudePrices(0.1, 0.5, 0.125, 0.2, 0.01), FIVE_EFFORTS, {
    fromTokens: 100_001,
    prices: claudePrices(0.5, 2.5, 0.625, 1, 0.05),
  }),
  // The vendor's table no longer lists cache prices of the older ones: 1.25, 2 and 0.1 times the input price.
  claude('claude-opus-5', 200_000, 64_000, claudePrices(5, 25, 6.25, 10, 0.5), THREE_EFFORTS),
  claude('claude-sonnet-5', 200_000, 64_000, claudePrices(2, 10, 2.5, 4, 0.2), THREE_EFFORTS),
  claude('claude-haiku-4-5', 200_000, 64_000, claudePrices(1, 5, 1.25, 2, 0.1), []),
];

const BY_ID: ReadonlyMap<string, ModelEntry> = new Map(ENTRIES.map((entry) => [entry.id, entry]));

/** Null for a model that the catalog does not know. */
export function findModel(model: string): ModelEntry | null {
  return BY_ID.get(model) ?? null;
}

export function listModels(): readonly ModelEntry[] {
  return ENTRIES;
}

function pricesFor(entry: ModelEntry, promptTokens: number): Prices {
  const { longPrompt } = entry;
  return longPrompt !== null && promptTokens >= longPrompt.fromTokens ? longPrompt.prices : entry.prices;
}

/**
 * What a call cost, in US dollars; null when the model's price is not known.
 * `cacheWrite1hTokens` is the part of `usage.cacheWriteTokens` that was written for an hour; all of it by default, which is
 * the dearer reading.
 */
export function costUsd(
  model: string,
  usage: ModelUsage,
  options: { cacheWrite1hTokens?: number } = {},
): number | null {
  const entry = findModel(model);
  if (entry === null) return null;
  const prices = pricesFor(entry, usage.inputTokens);
  const hourTokens = Math.min(usage.cacheWriteTokens, options.cacheWrite1hTokens ?? usage.cacheWriteTokens);
  const plainTokens = Math.max(0, usage.inputTokens - usage.cachedInputTokens - usage.cacheWriteTokens);
  const microUsd =
    plainTokens * prices.inputUsd +
    usage.cachedInputTokens * prices.cachedInputUsd +
    (usage.cacheWriteTokens - hourTokens) * (prices.cacheWrite5mUsd ?? prices.inputUsd) +
    hourTokens * (prices.cacheWrite1hUsd ?? prices.inputUsd) +
    usage.outputTokens * prices.outputUsd;
  return microUsd / 1e6;
}

/**
 * The most that a call can cost, in US dollars; null when the model's price is not known. No input is taken to be cached.
 * `cacheTtl` names the dearest cache mark on these tokens (default one hour); `promptTokens` is the whole prompt when
 * `inputTokens` is only a part of it, so that the price of long prompts is met.
 */
export function worstCaseUsd(
  model: string,
  inputTokens: number,
  maxOutputTokens: number,
  options: { cacheTtl?: '5m' | '1h' | 'none'; promptTokens?: number } = {},
): number | null {
  const entry = findModel(model);
  if (entry === null) return null;
  const prices = pricesFor(entry, options.promptTokens ?? inputTokens);
  const ttl = options.cacheTtl ?? '1h';
  const writeUsd = ttl === 'none' ? null : ttl === '5m' ? prices.cacheWrite5mUsd : prices.cacheWrite1hUsd;
  return (inputTokens * Math.max(prices.inputUsd, writeUsd ?? 0) + maxOutputTokens * prices.outputUsd) / 1e6;
}

/** The effort to send: the wanted one, the strongest the model takes below it, or null when none may be sent. */
export function effortFor(model: string, effort: Effort): Effort | null {
  const efforts = findModel(model)?.efforts ?? [];
  const wanted = FIVE_EFFORTS.indexOf(effort);
  return efforts.findLast((candidate) => FIVE_EFFORTS.indexOf(candidate) <= wanted) ?? null;
}

const BYTES_PER_TOKEN = 2.5;

/**
 * An upper estimate of the tokens of a text. English and code run at 3 to 4 bytes a token, and the newest tokenizers count
 * about 30 % more; 2.5 bytes stays above both.
 */
export const estimateTokens = (text: string): number => tokensOfBytes(Buffer.byteLength(text));

/** The same for the length of the text in UTF-8. */
export function tokensOfBytes(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}
