import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Octokit } from '@octokit/rest';
import * as z from 'zod';
import type { Clock } from '../../core/ports.ts';
import { AppError, toAppError } from '../../protocol/errors.ts';
import { type FailedCall, limitWaitMs, toForgeError } from './errors.ts';

export interface GithubClientOptions {
  token: string;
  /** `https://api.github.com`, `https://host/api/v3`, or http on a loopback address. */
  apiUrl: string;
  userAgent: string;
  clock: Clock;
  fetch: typeof globalThis.fetch;
  /** First pause before a failed request is repeated; the second is four times as long. */
  retryBaseMs: number;
}

/** An alias and not an interface: Octokit's parameters have an index signature. */
type RequestOptions = { request: { signal: AbortSignal } };

type Send = (octokit: Octokit, options: RequestOptions) => Promise<{ data: unknown }>;

export interface GithubClient {
  readonly clock: Clock;
  /**
   * One call, repeated after passing failures and short rate limits; its data as the schema reads it. Every failure is an
   * AppError; an answer of another shape is `malformed`.
   */
  call<T>(
    request: { doing: string; kind: 'read' | 'write'; schema: z.ZodType<T> },
    signal: AbortSignal,
    send: Send,
  ): Promise<T>;
}

const REQUEST_LIMIT_MS = 30_000;
const RETRIES = 2;
/** A rate limit that ends within this is waited for; a longer one is the caller's to decide. */
const LIMIT_WAIT_MS = 60_000;
const LIMIT_ROUNDS = 2;
/** Answers that a repetition does not change; 405 and 409 are settled by looking at the pull request. */
const FINAL_STATUSES = [400, 401, 403, 404, 405, 409, 410, 422, 429, 451];

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    try {
      await wait(ms, undefined, { signal });
    } catch (error) {
      throw toAppError(error);
    }
  },
};

export function createClient(options: GithubClientOptions): GithubClient {
  const { clock } = options;
  const baseUrl = checkedUrl(options.apiUrl);
  let loading: Promise<Octokit> | undefined;

  const once = async (failed: Omit<FailedCall, 'nowMs'>, signal: AbortSignal, send: Send): Promise<unknown> => {
    try {
      loading ??= loadOctokit(options, baseUrl);
      const octokit = await loading;
      return (await untilAborted(send(octokit, { request: { signal } }), signal)).data;
    } catch (thrown) {
      if (signal.aborted) throw aborted(failed.doing, thrown);
      throw toForgeError(thrown, { ...failed, nowMs: clock.now() });
    }
  };

  return {
    clock,
    async call({ doing, kind, schema }, signal, send) {
      if (signal.aborted) throw aborted(doing, signal.reason);
      for (let round = 1; ; round += 1) {
        try {
          return readAnswer(schema, await once({ doing, isWrite: kind === 'write' }, signal, send), doing);
        } catch (error) {
          const waitMs = limitWaitMs(error);
          if (waitMs === null || waitMs > LIMIT_WAIT_MS || round > LIMIT_ROUNDS) throw error;
          await clock.sleep(waitMs, signal);
        }
      }
    },
  };
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

async function loadOctokit(options: GithubClientOptions, baseUrl: URL): Promise<Octokit> {
  const [rest, { retry }, { throttling }] = await Promise.all([
    import('@octokit/rest'),
    import('@octokit/plugin-retry'),
    import('@octokit/plugin-throttling'),
  ]);
  const Client = rest.Octokit.plugin(retry, throttling);
  const limited: typeof globalThis.fetch = (input, init) => {
    const limit = AbortSignal.timeout(REQUEST_LIMIT_MS);
    const given = init?.signal;
    return options.fetch(input, { ...init, signal: given ? AbortSignal.any([given, limit]) : limit });
  };
  // The plugin spaces writes out (1 s, 3 s where people are notified), as GitHub asks; on loopback nobody is spared by it.
  // Its own waiting for a limit cannot be cancelled, so `call` does that and the plugin never repeats.
  const throttle = isLoopback(baseUrl)
    ? { enabled: false as const }
    : {
        id: createHash('sha256').update(options.token).digest('hex'),
        onRateLimit: () => {},
        onSecondaryRateLimit: () => {},
      };
  return new Client({
    auth: options.token,
    baseUrl: baseUrl.href.replace(/\/$/, ''),
    userAgent: options.userAgent,
    request: { fetch: limited },
    retry: { retries: RETRIES, retryAfterBaseValue: options.retryBaseMs, doNotRetry: FINAL_STATUSES },
    throttle,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
}

function checkedUrl(apiUrl: string): URL {
  const url = URL.parse(apiUrl);
  const isUsable = url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)));
  if (isUsable) return url;
  throw new AppError({
    code: 'configuration',
    message: `The GitHub API URL ${apiUrl} is not an https URL.`,
    userMessage: `${apiUrl} cannot be used as the GitHub API: the token must not travel unencrypted. Use an https URL.`,
  });
}

const isLoopback = (url: URL): boolean => ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);

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
