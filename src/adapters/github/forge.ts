import { systemClock } from '../../core/clock.ts';
import { latePort } from '../../core/late-port.ts';
import type { Clock, Forge, Log } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import { checkedUrl } from './api-url.ts';
import type { ForgeCalls } from './calls.ts';
import { recognise } from './recognise.ts';

export interface GithubForgeOptions {
  token: string;
  /** `https://api.github.com`, or `…/api/v3` of another server; http only on loopback. */
  apiUrl: string;
  userAgent?: string;
  /** Pauses between attempts, and the age of rate limits. Default: the system's. */
  clock?: Clock;
  /** Reviewers that were left out, and the like. Default: nowhere. */
  log?: Log;
  fetch?: typeof globalThis.fetch;
  /** First pause before a failed request is repeated. Default 1,000. */
  retryBaseMs?: number;
  /** First pause between two looks at a run of a workflow. Default 1,000; grows to ten times as much. */
  pollMs?: number;
}

const CALLS: Record<keyof ForgeCalls, true> = {
  findRepository: true,
  ensureRepository: true,
  ensurePullRequest: true,
  pullRequest: true,
  reviewComments: true,
  failedLogs: true,
  issue: true,
  issues: true,
  workflowRuns: true,
  runWorkflow: true,
  checks: true,
  merge: true,
};

const NO_LOG: Log = { info() {}, warn() {} };

/**
 * GitHub. What calls it is loaded with the first call. Errors: `auth` (token, scope or permission), `rate_limited` (with `resetAt`
 * and `waitMs` in the details; up to a minute is waited for), `not_found`, `forge_failed`, `server`, `transport`, `timeout`,
 * `aborted`, and `configuration` for an unusable `apiUrl` or token. `details.status` is GitHub's HTTP status.
 */
export function createForge(options: GithubForgeOptions): Forge {
  const { token, apiUrl, clock = systemClock } = options;
  // Header values cannot hold these; fetch would name the value in its error.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new AppError({
      code: 'configuration',
      message: 'The GitHub token is empty or has characters that no token has.',
      userMessage: 'GITHUB_TOKEN is empty or has a space or line break in it. Copy the token again.',
    });
  }
  const baseUrl = checkedUrl(apiUrl);
  const calls = latePort<ForgeCalls>(CALLS, async () => {
    const { createForgeCalls } = await import('./calls.ts');
    return createForgeCalls({
      token,
      baseUrl,
      clock,
      userAgent: options.userAgent ?? 'ai-development-orchestrator',
      // Looked up at each call, so that a replaced global fetch (proxy, tracing) is used.
      fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
      log: options.log ?? NO_LOG,
      retryBaseMs: options.retryBaseMs ?? 1_000,
      pollMs: options.pollMs ?? 1_000,
    });
  });
  return {
    ...calls,
    gitAuthorization: () => `Basic ${Buffer.from(`x-access-token:${token}`, 'utf8').toString('base64')}`,
    recognise: (remoteUrl) => recognise(apiUrl, remoteUrl),
  };
}
