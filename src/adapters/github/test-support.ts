import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Clock, Forge, ForgeRepository, Log, PullRequestRequest } from '../../core/ports.ts';
import { AppError, type ErrorCode } from '../../protocol/errors.ts';
import { createForge, type GithubForgeOptions } from './forge.ts';

/** For tests only: GitHub as a list of answers. */

export const NOW = Date.parse('2026-03-01T12:00:00Z');
export const LOOPBACK = 'http://127.0.0.1:9/api/v3';
export const COMMIT = 'a'.repeat(40);
export const signal = new AbortController().signal;

export const repository: ForgeRepository = {
  owner: 'ada',
  name: 'shop',
  cloneUrl: 'https://github.com/ada/shop.git',
  webUrl: 'https://github.com/ada/shop',
  defaultBranch: 'main',
  empty: false,
  id: 'github.com/1',
};

export const request: PullRequestRequest = {
  head: 'feature',
  base: 'main',
  title: 'Shop',
  body: '',
  draft: false,
  labels: [],
  reviewers: [],
  teamReviewers: [],
};

export const pull = (more: Record<string, unknown> = {}) => ({
  number: 7,
  node_id: 'PR_7',
  html_url: 'https://github.com/ada/shop/pull/7',
  state: 'open',
  merged_at: null,
  merge_commit_sha: 'f'.repeat(40),
  head: { ref: 'feature', sha: COMMIT },
  base: { ref: 'main' },
  mergeable: true,
  mergeable_state: 'clean',
  ...more,
});

export interface Seen {
  method: string;
  /** Without the prefix of the API. */
  path: string;
  body: unknown;
  headers: Headers;
}

export interface PlainAnswer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}
export type Answer = PlainAnswer | Error;

type Fetch = typeof globalThis.fetch;

function record(input: Parameters<Fetch>[0], init: Parameters<Fetch>[1], seen: Seen[]): Seen {
  const url = new URL(String(input));
  const body: unknown = typeof init?.body === 'string' ? JSON.parse(init.body) : null;
  const path = (url.pathname + url.search).replace(/^\/api(\/v3)?/, '');
  const one = { method: init?.method ?? 'GET', path, body, headers: new Headers(init?.headers) };
  seen.push(one);
  return one;
}

function reply(answer: Answer | undefined): Response {
  if (answer === undefined || answer instanceof Error) throw answer ?? new Error('no answer');
  const headers = { 'content-type': 'application/json', ...answer.headers };
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {});
  const hasBody = answer.status !== 204 && answer.status !== 304;
  return new Response(hasBody ? text : null, { status: answer.status, headers });
}

/** A fetch that gives the answers in turn; the last one stays. */
export function answering(...answers: Answer[]): { fetch: Fetch; seen: Seen[] } {
  const seen: Seen[] = [];
  return {
    seen,
    async fetch(input, init) {
      record(input, init, seen);
      return reply(answers[Math.min(seen.length, answers.length) - 1]);
    },
  };
}

type Routed = Answer | Answer[] | ((seen: Seen) => Answer);

/**
 * A fetch that answers by `METHOD /path` without the query; a list is given in turn and its last stays. A GraphQL request has the
 * path `graphql:` and the name of its first field. What is not listed is 404.
 */
export function routing(routes: Record<string, Routed>): { fetch: Fetch; seen: Seen[]; asked(): string[] } {
  const seen: Seen[] = [];
  const counts = new Map<string, number>();
  const nameOf = (one: Seen): string => {
    const text = typeof one.body === 'object' && one.body !== null && 'query' in one.body ? String(one.body.query) : '';
    const field =
      /(reviewThreads|timelineItems|mergeQueueEntry|viewerCanMergeAsAdmin|enqueuePullRequest|markPull\w+)/.exec(
        text,
      )?.[1];
    return field === undefined || !one.path.startsWith('/graphql')
      ? `${one.method} ${one.path.replace(/\?.*/, '')}`
      : `graphql:${/enqueuePullRequest|markPull\w+/.exec(text)?.[0] ?? field}`;
  };
  return {
    seen,
    asked: () => seen.map(nameOf),
    async fetch(input, init) {
      const one = record(input, init, seen);
      const name = nameOf(one);
      const route = routes[name];
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      if (route === undefined) return reply({ status: 404, body: { message: `Not Found: ${name}` } });
      if (typeof route === 'function') return reply(route(one));
      return reply(Array.isArray(route) ? route[Math.min(count, route.length) - 1] : route);
    },
  };
}

export const ok = (body: unknown): PlainAnswer => ({ status: 200, body });

export function fakeClock(): Clock & { slept: number[] } {
  const slept: number[] = [];
  return {
    slept,
    now: () => NOW + slept.reduce((sum, ms) => sum + ms, 0),
    async sleep(ms) {
      slept.push(ms);
    },
  };
}

export function warnings(): Log & { said: string[] } {
  const said: string[] = [];
  return { said, info() {}, warn: (message, fields) => void said.push(`${message} ${JSON.stringify(fields ?? {})}`) };
}

export function forgeOver(fetch: Fetch, more: Partial<GithubForgeOptions> = {}): Forge {
  const token = `ghp_${randomUUID().replaceAll('-', '')}`;
  return createForge({ token, apiUrl: LOOPBACK, fetch, clock: fakeClock(), retryBaseMs: 1, ...more });
}

export async function failure(work: Promise<unknown>, code: ErrorCode): Promise<AppError> {
  const error = await work.then(
    () => assert.fail('nothing was thrown'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof AppError, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}
