import { createHash } from 'node:crypto';
import type { Octokit } from '@octokit/rest';
import * as z from 'zod';
import type { Clock, Log } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import { type FailedCall, isUncertain, limitWaitMs, restsUntil, statusOf, toForgeError } from './errors.ts';
import { loadOctokit } from './octokit.ts';
import { type Budget, createTransport, restingMs, sharedState } from './transport.ts';

export interface GithubClientOptions {
  token: string;
  /** As `apiUrl` of `./api-url.ts` lets through. */
  baseUrl: URL;
  userAgent: string;
  clock: Clock;
  log: Log;
  fetch: typeof globalThis.fetch;
  /** First pause before a failed request is repeated; the second is four times as long. */
  retryBaseMs: number;
  /** First pause between two looks at something that goes on; grows to ten times as much. */
  pollMs: number;
}

/** An alias and not an interface: Octokit's parameters have an index signature. */
type RequestOptions = { request: { signal: AbortSignal; retries?: number } };

type Send = (octokit: Octokit, options: RequestOptions) => Promise<{ data: unknown }>;

interface Request<T> {
  /** What is being done, as the object of "while". */
  doing: string;
  kind: 'read' | 'write';
  schema: z.ZodType<T>;
}

export interface GithubClient {
  readonly clock: Clock;
  readonly log: Log;
  readonly pollMs: number;
  /**
   * One call, repeated after passing failures and short rate limits; its data as the schema reads it. Every failure is an
   * AppError; an answer of another shape is `malformed`.
   */
  call<T>(request: Request<T>, signal: AbortSignal, send: Send): Promise<T>;
  /** The same for a query or mutation; errors in its answer are failures. No variable may be called like an option of Octokit. */
  graphql<T>(request: Request<T>, signal: AbortSignal, query: string, variables: Record<string, unknown>): Promise<T>;
  /**
   * A call whose effect must not happen twice: when its answer is lost, `find` looks for the effect before it is sent again.
   * 422, which also stands for "exists already", is settled by looking too.
   */
  once<T>(request: Request<T>, signal: AbortSignal, send: Send, find: () => Promise<T | null>): Promise<T>;
  /** Login of the token's account; null for a token that belongs to no person. */
  login(signal: AbortSignal): Promise<string | null>;
}

/** A rate limit that ends within this is waited for; a longer one is the caller's to decide. */
const LIMIT_WAIT_MS = 60_000;
const LIMIT_ROUNDS = 2;
const ONCE_ATTEMPTS = 3;

const User = z.object({ login: z.string() });

export function createClient(options: GithubClientOptions): GithubClient {
  const { baseUrl, clock, log, pollMs, retryBaseMs, token } = options;
  const state = sharedState(createHash('sha256').update(`${baseUrl.href} ${token}`).digest('hex'));
  const fetch = createTransport(options.fetch, state);
  let loading: Promise<Octokit> | undefined;
  let login: string | null | undefined;

  const attempt = async (
    failed: Omit<FailedCall, 'nowMs'>,
    request: RequestOptions['request'],
    send: Send,
  ): Promise<unknown> => {
    const { signal } = request;
    try {
      loading ??= loadOctokit({ token, baseUrl, userAgent: options.userAgent, fetch, retryBaseMs });
      const octokit = await loading;
      return (await untilAborted(send(octokit, { request }), signal)).data;
    } catch (thrown) {
      if (signal.aborted) throw aborted(failed.doing, thrown);
      throw toForgeError(thrown, { ...failed, nowMs: clock.now() });
    }
  };

  const sendWithin = async <T>(
    budget: Budget,
    { doing, kind, schema }: Request<T>,
    request: RequestOptions['request'],
    send: Send,
  ): Promise<T> => {
    if (request.signal.aborted) throw aborted(doing, request.signal.reason);
    for (let round = 1; ; round += 1) {
      try {
        const resting = restingMs(state, budget, clock);
        // Another caller was told so: asking once more would only make the limit longer.
        if (resting > 0) throw restsUntil(clock.now(), resting, doing);
        return readAnswer(schema, await attempt({ doing, isWrite: kind === 'write' }, request, send), doing);
      } catch (error) {
        const waitMs = limitWaitMs(error);
        if (waitMs === null) throw error;
        state.waitUntil[budget] = Math.max(state.waitUntil[budget], clock.now() + waitMs);
        if (waitMs > LIMIT_WAIT_MS || round > LIMIT_ROUNDS) throw error;
        await clock.sleep(waitMs, request.signal);
      }
    }
  };

  const client: GithubClient = {
    clock,
    log,
    pollMs,
    call: (request, signal, send) => sendWithin('rest', request, { signal }, send),
    graphql: (request, signal, query, variables) =>
      sendWithin('graphql', request, { signal }, async (octokit, given) => ({
        data: await octokit.graphql(query, { ...variables, ...given }),
      })),
    async once(request, signal, send, find) {
      for (let round = 1; ; round += 1) {
        try {
          return await sendWithin('rest', request, { signal, retries: 0 }, send);
        } catch (error) {
          const isUnknown = isUncertain(error);
          if (!isUnknown && statusOf(error) !== 422) throw error;
          const found = await find();
          if (found !== null) return found;
          if (!isUnknown || round === ONCE_ATTEMPTS) throw error;
          await clock.sleep(retryBaseMs * round ** 2, signal);
        }
      }
    },
    async login(signal) {
      if (login !== undefined) return login;
      const request = { doing: 'asking whose token GITHUB_TOKEN is', kind: 'read', schema: User } as const;
      try {
        login = (await client.call(request, signal, (octokit, given) => octokit.rest.users.getAuthenticated(given)))
          .login;
      } catch (error) {
        // Tokens of apps and of workflows belong to nobody.
        if (statusOf(error) !== 403 || limitWaitMs(error) !== null) throw error;
        login = null;
      }
      return login;
    },
  };
  return client;
}

function readAnswer<T>(schema: z.ZodType<T>, data: unknown, doing: string): T {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new AppError({
    code: 'malformed',
    message: `GitHub's answer has another shape than described, while ${doing}: ${z.prettifyError(parsed.error)}`,
    userMessage: `The answer to ${doing} is not GitHub's. Check that the API URL is right and that no proxy answers instead.`,
    cause: parsed.error,
  });
}

const aborted = (doing: string, cause: unknown): AppError =>
  new AppError({ code: 'aborted', message: `Cancelled while ${doing}.`, userMessage: 'Cancelled.', cause });

/** The pauses of the retry plugin do not look at the signal. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => {};
  const cancelled = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, cancelled]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
