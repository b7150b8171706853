import * as z from 'zod';
import { AppError, type AppErrorInit, type ErrorCode } from '../../protocol/errors.ts';

/** What is read from a failed request of Octokit, whatever class it is. */
const RequestFailure = z.object({
  status: z.number(),
  cause: z.unknown(),
  response: z.object({ headers: z.record(z.string(), z.unknown()), data: z.unknown() }).optional(),
});

const ErrorBody = z.object({
  message: z.string().optional(),
  errors: z.array(z.union([z.string(), z.object({ message: z.string() }), z.unknown()])).optional(),
});

/** Errors in the answer to a GraphQL query, which itself has the status 200. */
const GraphqlFailure = z.object({
  errors: z.array(z.object({ type: z.string().optional(), message: z.string() })).min(1),
  headers: z.record(z.string(), z.unknown()),
});

/** GitHub asks for a minute when it names no time (secondary limits). */
const DEFAULT_LIMIT_WAIT_MS = 60_000;

export interface FailedCall {
  /** What was being done, as the object of "while": `opening the pull request`. */
  doing: string;
  isWrite: boolean;
  nowMs: number;
}

/** HTTP status of GitHub's answer behind an AppError of this adapter; null when there was none. */
export function statusOf(error: unknown): number | null {
  const status = error instanceof AppError ? error.details?.status : null;
  return typeof status === 'number' ? status : null;
}

/** How long a `rate_limited` error of this adapter asks to wait; null for any other error. */
export function limitWaitMs(error: unknown): number | null {
  if (!(error instanceof AppError) || error.code !== 'rate_limited') return null;
  const waitMs = error.details?.waitMs;
  return typeof waitMs === 'number' ? waitMs : DEFAULT_LIMIT_WAIT_MS;
}

/** True when GitHub may have done what it was asked for: there was no answer, or only that something went wrong. */
export function isUncertain(error: unknown): boolean {
  return error instanceof AppError && ['server', 'transport', 'timeout'].includes(error.code);
}

/** What GitHub itself said in an error of this adapter; its message where it said nothing. */
export function wordsOf(error: AppError): string {
  const said = error.details?.said;
  return typeof said === 'string' ? said : error.message;
}

/** The error for a request that is not sent, because GitHub has asked to wait. */
export function restsUntil(nowMs: number, waitMs: number, doing: string): AppError {
  return new AppError({
    code: 'rate_limited',
    message: `GitHub's limit holds, before ${doing}`,
    ...limit(nowMs, waitMs),
  });
}

const limit = (nowMs: number, waitMs: number): Pick<AppErrorInit, 'userMessage' | 'details'> => {
  const resetAt = new Date(nowMs + waitMs).toISOString();
  return {
    userMessage: `GitHub's rate limit is used up until ${resetAt}. Continue then.`,
    details: { waitMs, resetAt },
  };
};

export function toForgeError(thrown: unknown, call: FailedCall): AppError {
  if (thrown instanceof AppError) return thrown;
  const graphql = GraphqlFailure.safeParse(thrown);
  if (graphql.success) return graphqlError(thrown, graphql.data, call);
  const parsed = RequestFailure.safeParse(thrown);
  if (!parsed.success || parsed.data.response === undefined) return unreachable(thrown, parsed.data?.cause, call);
  const { status, response } = parsed.data;
  const header = headerOf(response.headers);
  const said = messageOf(response.data);
  const make = (code: ErrorCode, userMessage: string, details: AppErrorInit['details'] = {}): AppError =>
    new AppError({
      code,
      message: `GitHub answered ${status} while ${call.doing}: ${said}`,
      userMessage,
      cause: thrown,
      details: { status, said, requestId: header('x-github-request-id'), ...details },
    });

  if (isLimit(status, said, header)) {
    const { userMessage = '', details } = limit(call.nowMs, limitTimeMs(header, call.nowMs));
    return make('rate_limited', userMessage, details);
  }
  if (status === 401) {
    return make(
      'auth',
      `GitHub refused the token while ${call.doing}. Set GITHUB_TOKEN to a token that has not expired or been revoked.`,
    );
  }
  if (status === 403 || status === 404) {
    const lack = missingRight(status, call.isWrite, header);
    if (lack !== null) return make('auth', `GITHUB_TOKEN ${lack}, which is needed for ${call.doing}.`, { lack });
  }
  if (status === 404) {
    return make(
      'not_found',
      `GitHub found nothing while ${call.doing}. Check the owner and the name, and that GITHUB_TOKEN may see it.`,
    );
  }
  if (status >= 500)
    return make('server', `GitHub has a problem of its own (${status}) while ${call.doing}. Try again.`);
  return make('forge_failed', `GitHub refused ${call.doing} (${status}): ${said}`);
}

const headerOf =
  (headers: Record<string, unknown>): Header =>
  (name) => {
    const value = headers[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
  };

/** Types that GitHub gives its GraphQL errors; all others are refusals in words. */
const GRAPHQL_CODES: Record<string, ErrorCode> = {
  NOT_FOUND: 'not_found',
  FORBIDDEN: 'auth',
  INSUFFICIENT_SCOPES: 'auth',
  RATE_LIMITED: 'rate_limited',
  INTERNAL: 'server',
};

function graphqlError(
  thrown: unknown,
  { errors, headers }: z.infer<typeof GraphqlFailure>,
  call: FailedCall,
): AppError {
  const type = errors.find((error) => error.type !== undefined)?.type ?? '';
  const code = GRAPHQL_CODES[type] ?? 'forge_failed';
  const said = errors
    .map((error) => error.message)
    .join('; ')
    .slice(0, 500);
  const limited = code === 'rate_limited' ? limit(call.nowMs, limitTimeMs(headerOf(headers), call.nowMs)) : {};
  const what = code === 'auth' ? 'GITHUB_TOKEN may not do this' : 'GitHub refused';
  return new AppError({
    code,
    message: `GitHub answered ${type} while ${call.doing}: ${said}`,
    userMessage: `${what}, while ${call.doing}: ${said}`,
    cause: thrown,
    ...limited,
    details: { said, type, ...limited.details },
  });
}

function unreachable(thrown: unknown, cause: unknown, call: FailedCall): AppError {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const timedOut = [thrown, cause].some((error) => error instanceof Error && error.name === 'TimeoutError');
  const what = /certificate|issuer/i.test(reason)
    ? 'has a certificate that this computer does not trust. Start the program with NODE_EXTRA_CA_CERTS set to the file with the certificates of your network'
    : `${timedOut ? 'did not answer' : 'could not be reached'} while ${call.doing}. Check the network and any proxy, and try again`;
  return new AppError({
    code: timedOut ? 'timeout' : 'transport',
    message: `GitHub was not reached while ${call.doing}: ${reason}`,
    userMessage: `GitHub ${what}.`,
    cause: thrown,
  });
}

function messageOf(data: unknown): string {
  const body = ErrorBody.safeParse(data);
  if (!body.success) return 'no message';
  const parts = (body.data.errors ?? []).flatMap((entry) => {
    if (typeof entry === 'string') return [entry];
    const named = z.object({ message: z.string() }).safeParse(entry);
    if (named.success) return [named.data.message];
    const field = z.object({ field: z.string(), code: z.string() }).safeParse(entry);
    return field.success ? [`${field.data.field} is ${field.data.code}`] : [];
  });
  return [body.data.message ?? 'no message', ...parts].join('; ').slice(0, 500);
}

type Header = (name: string) => string | null;

function isLimit(status: number, said: string, header: Header): boolean {
  if (status === 429) return true;
  if (status !== 403) return false;
  if (header('x-ratelimit-remaining') === '0' || header('retry-after') !== null) return true;
  // A secondary limit may come without any header: only its text tells it from a refusal.
  return /secondary rate limit/i.test(said);
}

function limitTimeMs(header: Header, nowMs: number): number {
  const retryAfterSeconds = Number(header('retry-after') ?? Number.NaN);
  if (Number.isFinite(retryAfterSeconds)) return Math.max(0, retryAfterSeconds * 1000);
  const resetSeconds = Number(header('x-ratelimit-reset') ?? Number.NaN);
  // One second more, as the reset time is cut to seconds.
  const isUsedUp = header('x-ratelimit-remaining') === '0' && Number.isFinite(resetSeconds);
  return isUsedUp ? Math.max(0, resetSeconds * 1000 - nowMs) + 1000 : DEFAULT_LIMIT_WAIT_MS;
}

const words = (list: string | null): string[] =>
  (list ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/** What the token lacks, as the rest of a sentence; null when the headers do not say so. */
function missingRight(status: number, isWrite: boolean, header: Header): string | null {
  if (status === 403 && header('x-github-sso')?.startsWith('required') === true) {
    return 'is not authorized for the single sign-on of the organization';
  }
  const held = header('x-oauth-scopes');
  if (held !== null) {
    // A classic token: GitHub lists every scope that would do, the wider ones included.
    const accepted = words(header('x-accepted-oauth-scopes'));
    const holds = new Set(words(held));
    if (accepted.length === 0 || accepted.some((scope) => holds.has(scope))) return null;
    return `lacks the scope ${accepted.join(' or ')}`;
  }
  // A fine-grained token: the header comes with every answer, so a 404 of a read says nothing about rights.
  const permissions = header('x-accepted-github-permissions');
  if (permissions === null || permissions === '' || (status === 404 && !isWrite)) return null;
  return `lacks the permission ${permissions}`;
}
