import * as z from 'zod';
import { AppError, type ErrorCode, type ErrorInfo } from './errors.ts';

/**
 * The parts of what the editor throws. Only errors of its own class keep a `code`, and only until they cross a process:
 * what a vendor throws while it streams arrives as a plain error with a name and a message.
 */
const Thrown = z.object({
  name: z.string().optional().catch(undefined),
  code: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
  cause: z.unknown().optional(),
});

const NAMES: Record<string, ErrorCode> = {
  NoPermissions: 'auth',
  Blocked: 'quota_exhausted',
  NotFound: 'not_found',
  ChatQuotaExceeded: 'quota_exhausted',
  ChatRateLimited: 'rate_limited',
  Canceled: 'aborted',
  AbortError: 'aborted',
};

/** Wordings of vendors, first match wins: nothing else tells these apart. */
const TEXTS: readonly [RegExp, ErrorCode][] = [
  [/off_topic|got filtered|content[ _-]?filter|responsible ai/i, 'refusal'],
  [/endpoint not found for model|model_not_(found|supported)|model not found/i, 'not_found'],
  [
    /exceeds (the )?token limit|prompt is too long|maximum (context|prompt) length|context (window|length)|max_prompt_tokens/i,
    'too_large',
  ],
  [/response too long/i, 'truncated'],
  [/invalid json for tool call/i, 'malformed'],
  [/quota|spending[ -]limit|out of credits/i, 'quota_exhausted'],
  [/rate[ -]?limit|too many requests/i, 'rate_limited'],
  [/overloaded/i, 'overloaded'],
  [/net::ERR_|ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|fetch failed|socket hang up/, 'transport'],
];

const STATUS_TEXT = /(?:request failed:?|http|status(?: code)?:?)\s*([45]\d\d)\b/i;

function kindOfStatus(status: number): ErrorCode {
  switch (status) {
    case 401:
    case 403:
      return 'auth';
    case 402:
      return 'quota_exhausted';
    case 408:
      return 'timeout';
    case 413:
      return 'too_large';
    case 429:
      return 'rate_limited';
    case 503:
    case 529:
      return 'overloaded';
    default:
      return status >= 500 ? 'server' : 'invalid_request';
  }
}

function kindOf(names: readonly string[], text: string): ErrorCode {
  for (const name of names) {
    const code = NAMES[name];
    if (code !== undefined) return code;
  }
  const worded = TEXTS.find(([pattern]) => pattern.test(text));
  if (worded !== undefined) return worded[1];
  const status = STATUS_TEXT.exec(text)?.[1];
  return status === undefined ? 'server' : kindOfStatus(Number(status));
}

const MAX_TEXT_CHARS = 500;

/** `text` is what the editor or the vendor said; it ends with a full stop. */
function wordsFor(code: ErrorCode, model: string, text: string): string {
  const who = `The editor's model ${model}`;
  switch (code) {
    case 'auth':
      return `The editor does not let this extension use ${model}. Allow it when the editor asks, or in the Accounts menu under "Manage Language Model Access", and be signed in with its vendor; then resume the run.`;
    case 'quota_exhausted':
      return `${who} is blocked for now, or its quota is used up: ${text} Wait or raise the quota with its vendor, then resume the run.`;
    case 'not_found':
      return `The editor no longer offers ${model}. Sign in with its vendor (or turn its extension on) and resume the run, or choose another model in the settings for a new run.`;
    case 'rate_limited':
      return `${who} limits the rate of requests at the moment. The call is repeated later by itself.`;
    case 'overloaded':
      return `${who} is overloaded at the moment. The call is repeated later by itself.`;
    case 'transport':
      return `${who} could not be reached, or the connection broke. Check the network, then resume the run.`;
    case 'timeout':
      return `${who} took too long; the call was given up.`;
    case 'refusal':
      return `${who} refused to answer: ${text}`;
    case 'too_large':
      return `${who} says that the request is larger than it takes. Choose a model with more room, or make the subtask smaller.`;
    case 'truncated':
      return `${who} ran out of room for its answer.`;
    case 'malformed':
      return `${who} gave an answer that cannot be read: ${text}`;
    case 'aborted':
      return 'Cancelled.';
    case 'invalid_request':
      return `${who} refused the request: ${text} Choose another model if this goes on.`;
    default:
      return `${who} failed: ${text} Resume the run later if this goes on.`;
  }
}

/**
 * What the editor's language model interface threw (a LanguageModelError, or whatever a vendor's extension let through) as
 * one of our errors. `model` is for the words.
 */
export function languageModelErrorInfo(thrown: unknown, model: string): ErrorInfo {
  if (thrown instanceof AppError) return thrown.toInfo();
  const names: string[] = [];
  const texts: string[] = [];
  let error: unknown = thrown;
  // The error that matters may be a cause; how deep is up to the vendor.
  for (let depth = 0; depth < 5; depth += 1) {
    const parsed = Thrown.safeParse(error).data;
    if (parsed === undefined) {
      if (typeof error === 'string') texts.push(error);
      break;
    }
    names.push(...[parsed.code, parsed.name].filter((name) => name !== undefined));
    if (parsed.message) texts.push(parsed.message);
    error = parsed.cause;
  }
  const all = texts.join(': ').slice(0, MAX_TEXT_CHARS);
  const code = kindOf(names, all);
  const sentence = (texts.at(-1) ?? 'no reason was given').slice(0, MAX_TEXT_CHARS).replace(/\.*\s*$/, '.');
  const message = `vscode ${model}: ${[names.join(' '), all].filter((part) => part !== '').join(' ')}`;
  return new AppError({ code, message, userMessage: wordsFor(code, model, sentence) }).toInfo();
}
