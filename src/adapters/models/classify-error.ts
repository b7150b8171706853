import * as z from 'zod';
import { AppError, type AppErrorInit, type ErrorCode } from '../../protocol/errors.ts';
import type { CallGuard } from './call-guard.ts';

/** What is known about a failed call apart from what was thrown. */
export interface FailedCall {
  /** Display name: `xAI`, `Anthropic`. */
  provider: string;
  model: string;
  /** Never shown: cut out of whatever the provider says. */
  apiKey: string;
  outer: AbortSignal;
  state: CallGuard['state'];
  /** Milliseconds since the epoch; reads HTTP dates in Retry-After. */
  nowMs: number;
}

/** The parts of both SDKs' errors; class names do not survive minification, so the shape decides. */
const SdkError = z.object({
  status: z.int().optional().catch(undefined),
  headers: z.instanceof(Headers).optional().catch(undefined),
  error: z.unknown().optional(),
  requestID: z.string().nullish().catch(undefined),
});

const ErrorFields = z.object({
  type: z.string().nullish().catch(null),
  code: z
    .union([z.string(), z.number().transform(String)])
    .nullish()
    .catch(null),
  message: z.string().nullish().catch(null),
  details: z
    .object({ error_code: z.string().nullish().catch(null) })
    .nullish()
    .catch(null),
});
/** `{code, error: "text"}` and `{error: {message, type, code, details}}`. */
const ErrorBody = z.object({
  code: z.string().nullish().catch(null),
  error: z.union([z.string(), ErrorFields]).nullish().catch(null),
});

interface Fault {
  status: number | null;
  /** Machine-readable names, lower case. */
  names: string[];
  text: string;
  requestId: string | null;
  retryAfterMs: number | null;
}

export function retryAfterMs(headers: Headers | undefined, nowMs: number): number | null {
  const exact = Number(headers?.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(exact) && exact >= 0) return exact;
  const value = headers?.get('retry-after');
  if (value === null || value === undefined || value === '') return null;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

function parseJson(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function readFault(thrown: unknown, call: FailedCall): Fault {
  const sdk = SdkError.safeParse(thrown).data;
  const raw = parseJson(call.state.errorBody) ?? sdk?.error ?? null;
  // An error event inside a stream reaches us as the inner object (openai) or as the whole body (Anthropic).
  const body = ErrorBody.safeParse(raw).data;
  const inner = typeof body?.error === 'object' ? body.error : null;
  const fields = inner ?? ErrorFields.safeParse(raw).data ?? null;
  const text =
    typeof body?.error === 'string' ? body.error : (fields?.message ?? (thrown instanceof Error ? thrown.message : ''));
  const names = [body?.code, fields?.type, fields?.code, fields?.details?.error_code];
  return {
    status: sdk?.status ?? null,
    names: names.filter((name) => typeof name === 'string').map((name) => name.toLowerCase()),
    text: redact(text, call.apiKey),
    requestId: sdk?.requestID ?? sdk?.headers?.get('x-request-id') ?? sdk?.headers?.get('request-id') ?? null,
    retryAfterMs: retryAfterMs(sdk?.headers, call.nowMs),
  };
}

function redact(text: string, apiKey: string): string {
  const cut = text.slice(0, 500);
  return apiKey.length < 4 ? cut : cut.replaceAll(apiKey, '[key]');
}

// xAI names neither a type nor a code for these three; only its wording tells them apart.
const QUOTA_TEXT = /\bcredits?\b|spending[ -]limit|spend limit|credit balance|billing/i;
const KEY_TEXT = /api[ -]?key/i;
const LENGTH_TEXT = /prompt is too long|maximum (context|prompt) length|context window/i;

function isQuota(fault: Fault): boolean {
  return fault.names.some(
    (name) => name.endsWith('spend_limit_reached') || name === 'billing_error' || name === 'insufficient_quota',
  );
}

function kindOfStatus(status: number, fault: Fault): ErrorCode {
  if (fault.names.includes('no_recording')) return 'no_recording';
  if (isQuota(fault)) return 'quota_exhausted';
  switch (status) {
    case 400:
      if (fault.names.includes('context_length_exceeded') || LENGTH_TEXT.test(fault.text)) return 'too_large';
      if (KEY_TEXT.test(fault.text)) return 'auth';
      return QUOTA_TEXT.test(fault.text) ? 'quota_exhausted' : 'invalid_request';
    case 401:
      return 'auth';
    case 402:
      return 'quota_exhausted';
    case 403:
      return QUOTA_TEXT.test(fault.text) ? 'quota_exhausted' : 'auth';
    case 408:
      return 'timeout';
    case 413:
      return 'too_large';
    case 429:
      return fault.retryAfterMs === null && QUOTA_TEXT.test(fault.text) ? 'quota_exhausted' : 'rate_limited';
    case 503:
    case 529:
      return 'overloaded';
    default:
      return status >= 500 ? 'server' : 'invalid_request';
  }
}

const STREAM_ERRORS: Record<string, ErrorCode> = {
  overloaded_error: 'overloaded',
  rate_limit_error: 'rate_limited',
  rate_limit_exceeded: 'rate_limited',
  authentication_error: 'auth',
  permission_error: 'auth',
  billing_error: 'quota_exhausted',
  insufficient_quota: 'quota_exhausted',
  invalid_request_error: 'invalid_request',
  invalid_prompt: 'invalid_request',
  not_found_error: 'invalid_request',
  request_too_large: 'too_large',
  timeout_error: 'timeout',
  api_error: 'server',
  server_error: 'server',
  no_recording: 'no_recording',
};

/** Kind of an error that came inside a stream or a failed response, by its machine-readable names. */
function kindOfNames(names: readonly string[]): ErrorCode | null {
  for (const name of names) {
    const kind = STREAM_ERRORS[name];
    if (kind !== undefined) return kind;
  }
  return null;
}

const ADVICE: Partial<Record<ErrorCode, string>> = {
  auth: 'did not accept the API key. Set a valid key, then resume the run.',
  quota_exhausted: 'says that the credit or the spending limit is used up. Raise it there, then resume the run.',
  rate_limited: 'limits the rate of requests at the moment. The call is repeated later by itself.',
  overloaded: 'is overloaded at the moment. The call is repeated later by itself.',
  server: 'had an error of its own. Resume the run later if this goes on.',
  transport: 'could not be reached, or the connection broke. Check the network, then resume the run.',
  invalid_request: 'refused the request. Check the model id in the settings; report the request id if it is right.',
  too_large: 'says that the request is larger than the model takes. Make the subtask smaller.',
};

function kindOf(thrown: unknown, fault: Fault): ErrorCode {
  if (fault.status !== null) return kindOfStatus(fault.status, fault);
  if (thrown instanceof z.ZodError) return 'malformed';
  if (isQuota(fault)) return 'quota_exhausted';
  // Nothing with a name came: the connection failed, or broke in the middle of an answer (cut JSON included).
  return kindOfNames(fault.names) ?? (fault.names.length > 0 ? 'server' : 'transport');
}

/** Codes of connections that were never made, so that nothing can have been charged. */
const NEVER_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function neverConnected(thrown: unknown): boolean {
  for (let error: unknown = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth += 1) {
    if ('code' in error && typeof error.code === 'string' && NEVER_CONNECTED.has(error.code)) return true;
  }
  return false;
}

/** Whether a failed call was charged: `no`, or `unknown` when the provider may have begun to work. */
function chargedOf(thrown: unknown, fault: Fault, call: FailedCall): 'no' | 'unknown' {
  if (!call.state.sent || fault.status !== null || neverConnected(thrown)) return 'no';
  return 'unknown';
}

/** What was thrown by either SDK as an AppError of the model kinds. Details hold no prompt, answer or key. */
export function classifyModelError(thrown: unknown, call: FailedCall): AppError {
  if (thrown instanceof AppError) return thrown;
  const fault = readFault(thrown, call);
  const { provider, model } = call;
  const charged = chargedOf(thrown, fault, call);
  const details: NonNullable<AppErrorInit['details']> = { provider, model, charged };
  if (fault.status !== null) details.status = fault.status;
  if (fault.requestId !== null) details.requestId = fault.requestId;
  if (fault.retryAfterMs !== null) details.retryAfterMs = fault.retryAfterMs;
  const init = (code: ErrorCode, message: string, userMessage: string): AppErrorInit => ({
    code,
    message: `${provider} ${model}: ${message}`,
    userMessage,
    cause: withoutSecrets(thrown, fault),
    details,
  });
  if (call.outer.aborted) return new AppError(init('aborted', 'cancelled', 'Cancelled.'));
  if (call.state.timedOut !== null) {
    const what = call.state.timedOut === 'idle' ? 'fell silent' : 'took too long';
    return new AppError(init('timeout', `call ${what}`, `${provider} ${what}; the call was given up.`));
  }
  const code = kindOf(thrown, fault);
  const status = fault.status === null ? '' : `HTTP ${fault.status} `;
  const message = `${status}${fault.names.join(' ')} ${fault.text}`.trim();
  if (code === 'no_recording') return new AppError(init(code, message, fault.text));
  const reference = fault.requestId === null ? '' : ` (request ${fault.requestId})`;
  return new AppError(
    init(code, message, `${provider} (${model}) ${ADVICE[code] ?? `failed: ${fault.text}`}${reference}`),
  );
}

/** The SDKs' errors carry headers and bodies; the chain of causes keeps the redacted text and the stack only. */
function withoutSecrets(thrown: unknown, fault: Fault): Error {
  const plain = new Error(fault.text);
  if (thrown instanceof Error && thrown.stack !== undefined) {
    plain.stack = thrown.stack
      .split('\n')
      .filter((line) => line.startsWith('    at '))
      .join('\n');
  }
  return plain;
}
