import { createHash } from 'node:crypto';
import type { Octokit } from '@octokit/rest';
import { isLoopback } from './api-url.ts';

export interface OctokitOptions {
  token: string;
  baseUrl: URL;
  userAgent: string;
  fetch: typeof globalThis.fetch;
  /** First pause before a failed request is repeated; the second is four times as long. */
  retryBaseMs: number;
}

/** Times that a request which may be repeated is. */
const RETRIES = 2;
/** Answers that a repetition does not change; 405 and 409 are settled by looking at the pull request. */
const FINAL_STATUSES = [400, 401, 403, 404, 405, 409, 410, 422, 429, 451];

/** Octokit with GitHub's pacing, which all instances with one token share, and repetition of what failed in passing. */
export async function loadOctokit(options: OctokitOptions): Promise<Octokit> {
  const [rest, { retry }, { throttling }] = await Promise.all([
    import('@octokit/rest'),
    import('@octokit/plugin-retry'),
    import('@octokit/plugin-throttling'),
  ]);
  const Client = rest.Octokit.plugin(retry, throttling);
  // The plugin spaces writes out (1 s, 3 s where people are notified), as GitHub asks; on loopback nobody is spared by it.
  // Its own waiting for a limit cannot be cancelled, so `call` does that and the plugin never repeats.
  const throttle = isLoopback(options.baseUrl)
    ? { enabled: false as const }
    : {
        id: createHash('sha256').update(options.token).digest('hex'),
        onRateLimit: () => {},
        onSecondaryRateLimit: () => {},
      };
  return new Client({
    auth: options.token,
    baseUrl: options.baseUrl.href.replace(/\/$/, ''),
    userAgent: options.userAgent,
    request: { fetch: options.fetch },
    retry: { retries: RETRIES, retryAfterBaseValue: options.retryBaseMs, doNotRetry: FINAL_STATUSES },
    throttle,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
}
