import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Clock, Forge, ForgeRepository } from '../../core/ports.ts';
import { AppError, type ErrorCode } from '../../protocol/errors.ts';
import { createForge, type GithubForgeOptions } from './forge.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const LOOPBACK = 'http://127.0.0.1:9/api/v3';
const repository: ForgeRepository = {
  owner: 'ada',
  name: 'shop',
  cloneUrl: 'https://github.com/ada/shop.git',
  webUrl: 'https://github.com/ada/shop',
  defaultBranch: 'main',
  empty: false,
};
const signal = new AbortController().signal;
const COMMIT = 'a'.repeat(40);

interface Seen {
  method: string;
  path: string;
  body: unknown;
  authorization: string | null;
}

type Answer = { status: number; body?: unknown; headers?: Record<string, string> } | Error;

/** A fetch that gives the answers in turn; the last one stays. */
function answering(...answers: Answer[]): { fetch: typeof globalThis.fetch; seen: Seen[] } {
  const seen: Seen[] = [];
  const fake: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(String(input));
    const body: unknown = typeof init?.body === 'string' ? JSON.parse(init.body) : null;
    const authorization = new Headers(init?.headers).get('authorization');
    seen.push({ method: init?.method ?? 'GET', path: url.pathname + url.search, body, authorization });
    const answer = answers[Math.min(seen.length, answers.length) - 1];
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error('no answer');
    const headers = { 'content-type': 'application/json', ...answer.headers };
    return new Response(JSON.stringify(answer.body ?? {}), { status: answer.status, headers });
  };
  return { fetch: fake, seen };
}

function fakeClock(): Clock & { slept: number[] } {
  const slept: number[] = [];
  return {
    slept,
    now: () => NOW + slept.reduce((sum, ms) => sum + ms, 0),
    async sleep(ms) {
      slept.push(ms);
    },
  };
}

function forgeOver(fetch: typeof globalThis.fetch, more: Partial<GithubForgeOptions> = {}): Forge {
  const token = `ghp_${randomUUID().replaceAll('-', '')}`;
  return createForge({ token, apiUrl: LOOPBACK, fetch, clock: fakeClock(), retryBaseMs: 1, ...more });
}

async function failure(work: Promise<unknown>, code: ErrorCode): Promise<AppError> {
  const error = await work.then(
    () => assert.fail('nothing was thrown'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof AppError, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}

const merge = (forge: Forge) => forge.merge(repository, 7, { commit: COMMIT, method: 'squash', title: 'Shop' }, signal);
const create = (forge: Forge) =>
  forge.ensureRepository({ owner: null, name: 'shop', private: true, description: '' }, signal);
const checks = (forge: Forge) => forge.checks(repository, COMMIT, signal);

const pull = (more: Record<string, unknown> = {}) => ({
  number: 7,
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

describe('the GitHub adapter', () => {
  describe('rate limits', () => {
    const limited = (seconds: number): Answer => ({
      status: 403,
      headers: { 'retry-after': String(seconds), 'x-ratelimit-remaining': '4000' },
      body: { message: 'You have exceeded a secondary rate limit.' },
    });

    it('waits for a short one and goes on', async () => {
      const clock = fakeClock();
      const { fetch, seen } = answering(limited(30), { status: 200, body: { sha: 'b'.repeat(40) } });
      assert.deepEqual(await merge(forgeOver(fetch, { clock })), { commit: 'b'.repeat(40) });
      assert.deepEqual(clock.slept, [30_000]);
      assert.equal(seen.length, 2);
    });

    it('tells when a long one ends instead of waiting, with the pacing of github.com too', async () => {
      const clock = fakeClock();
      const reset = NOW / 1000 + 1800;
      const { fetch, seen } = answering({
        status: 403,
        headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) },
        body: { message: 'API rate limit exceeded' },
      });
      const error = await failure(
        checks(forgeOver(fetch, { clock, apiUrl: 'https://api.github.com' })),
        'rate_limited',
      );
      assert.equal(error.details?.resetAt, '2026-03-01T12:30:01.000Z');
      assert.equal(error.details?.waitMs, 1_801_000);
      assert.equal(error.retry, true);
      assert.deepEqual(clock.slept, []);
      assert.equal(seen.length, 1);
    });

    it('gives up after waiting twice', async () => {
      const clock = fakeClock();
      const { fetch, seen } = answering({ ...limited(10), status: 429 });
      await failure(merge(forgeOver(fetch, { clock })), 'rate_limited');
      assert.deepEqual(clock.slept, [10_000, 10_000]);
      assert.equal(seen.length, 3);
    });
  });

  describe('rights', () => {
    const refused = (status: number, headers: Record<string, string>, message = 'Resource not accessible'): Answer => ({
      status,
      headers,
      body: { message },
    });

    it('names GITHUB_TOKEN when the token is refused, and never its value', async () => {
      const token = `ghp_${'s'.repeat(36)}`;
      const { fetch, seen } = answering({ status: 401, body: { message: 'Bad credentials' } });
      const error = await failure(checks(forgeOver(fetch, { token })), 'auth');
      assert.match(error.userMessage, /GITHUB_TOKEN/);
      assert.ok(!JSON.stringify(error.toInfo()).includes(token));
      assert.equal(seen[0]?.authorization, `token ${token}`);
    });

    it('names the scope that a classic token lacks', async () => {
      const headers = { 'x-oauth-scopes': 'gist, read:org', 'x-accepted-oauth-scopes': 'public_repo, repo' };
      for (const status of [403, 404]) {
        const error = await failure(merge(forgeOver(answering(refused(status, headers)).fetch)), 'auth');
        assert.match(error.userMessage, /lacks the scope public_repo or repo/);
      }
    });

    it('takes 404 for what it says when the scope is there', async () => {
      const headers = { 'x-oauth-scopes': 'repo', 'x-accepted-oauth-scopes': 'repo' };
      await failure(merge(forgeOver(answering(refused(404, headers)).fetch)), 'not_found');
      await failure(merge(forgeOver(answering(refused(403, headers)).fetch)), 'forge_failed');
    });

    it('names the permission that a fine-grained token lacks, and does not guess at a read', async () => {
      const headers = { 'x-accepted-github-permissions': 'contents=write' };
      const error = await failure(merge(forgeOver(answering(refused(403, headers)).fetch)), 'auth');
      assert.match(error.userMessage, /lacks the permission contents=write/);
      await failure(merge(forgeOver(answering(refused(404, headers)).fetch)), 'auth');
      await failure(checks(forgeOver(answering(refused(404, headers)).fetch)), 'not_found');
    });

    it('names single sign-on when the organization asks for it', async () => {
      const headers = { 'x-github-sso': 'required; url=https://github.com/orgs/acme/sso', 'x-oauth-scopes': 'repo' };
      const error = await failure(checks(forgeOver(answering(refused(403, headers)).fetch)), 'auth');
      assert.match(error.userMessage, /single sign-on/);
    });

    it('refuses a token that no header can hold, and an API that is not encrypted', () => {
      for (const token of ['', 'ghp_a b', 'ghp_a\n']) {
        assert.throws(() => createForge({ token, apiUrl: LOOPBACK }), { code: 'configuration' });
      }
      for (const apiUrl of ['http://github.example/api/v3', 'github.example', 'file:///etc']) {
        assert.throws(() => createForge({ token: 'ghp_a', apiUrl }), { code: 'configuration' });
      }
    });

    it('gives git the token as the password of x-access-token', () => {
      const value = createForge({ token: 'ghp_a', apiUrl: LOOPBACK }).gitAuthorization() ?? '';
      assert.equal(value, `Basic ${Buffer.from('x-access-token:ghp_a').toString('base64')}`);
    });
  });

  describe('passing failures', () => {
    const network = (): Error => new TypeError('fetch failed', { cause: new Error('ECONNRESET') });

    it('repeats a request that did not reach GitHub, or that GitHub failed at', async () => {
      const { fetch, seen } = answering(network(), { status: 502 }, { status: 200, body: { sha: COMMIT } });
      assert.deepEqual(await merge(forgeOver(fetch)), { commit: COMMIT });
      assert.equal(seen.length, 3);
    });

    it('gives up after three attempts and says what kind of failure it was', async () => {
      const unreachable = answering(network());
      assert.equal((await failure(merge(forgeOver(unreachable.fetch)), 'transport')).retry, true);
      assert.equal(unreachable.seen.length, 3);
      await failure(merge(forgeOver(answering({ status: 503 }).fetch)), 'server');
      await failure(merge(forgeOver(answering(new DOMException('late', 'TimeoutError')).fetch)), 'timeout');
    });

    it('stops at once when it is cancelled during a pause', async () => {
      const controller = new AbortController();
      const { fetch, seen } = answering(network());
      const watched: typeof globalThis.fetch = (...args) => {
        queueMicrotask(() => controller.abort());
        return fetch(...args);
      };
      const forge = forgeOver(watched, { retryBaseMs: 500 });
      await failure(forge.checks(repository, COMMIT, controller.signal), 'aborted');
      assert.equal(seen.length, 1);
    });

    it('does not take an answer of another shape for one of GitHub', async () => {
      await failure(merge(forgeOver(answering({ status: 200, body: { hello: 'proxy' } }).fetch)), 'malformed');
    });
  });

  describe('find or create', () => {
    const found = {
      name: 'shop',
      owner: { login: 'ada' },
      clone_url: repository.cloneUrl,
      html_url: repository.webUrl,
      default_branch: 'main',
    };
    const user = { status: 200, body: { login: 'ada' } };

    it('takes the repository that somebody else made in the meantime', async () => {
      const { fetch } = answering(
        user,
        { status: 404 },
        { status: 422, body: { message: 'Repository creation failed.', errors: [{ message: 'name already exists' }] } },
        { status: 200, body: found },
        { status: 200, body: [{ name: 'main' }] },
      );
      assert.deepEqual(await create(forgeOver(fetch)), repository);
    });

    it('gives the words of GitHub when a repository cannot be made', async () => {
      const { fetch } = answering(
        user,
        { status: 404 },
        { status: 422, body: { message: 'No', errors: ['too long'] } },
        {
          status: 404,
        },
      );
      assert.match((await failure(create(forgeOver(fetch)), 'forge_failed')).userMessage, /No; too long/);
    });

    it('refuses an archived repository', async () => {
      const { fetch } = answering(user, { status: 200, body: { ...found, archived: true } });
      assert.match((await failure(create(forgeOver(fetch)), 'forge_failed')).userMessage, /archived/);
    });

    it('takes the pull request that an attempt with a lost answer has opened', async () => {
      const { fetch, seen } = answering(
        { status: 200, body: [] },
        { status: 502 },
        { status: 422, body: { message: 'Validation Failed', errors: [{ message: 'A pull request already exists' }] } },
        { status: 200, body: [pull()] },
      );
      const request = { head: 'feature', base: 'main', title: 'Shop', body: '' };
      const opened = await forgeOver(fetch).ensurePullRequest(repository, request, signal);
      assert.equal(opened.number, 7);
      assert.deepEqual(
        seen.map(({ method }) => method),
        ['GET', 'POST', 'POST', 'GET'],
      );
    });

    it('opens a new pull request when the former one was rejected', async () => {
      const { fetch } = answering(
        { status: 200, body: [pull({ number: 3, state: 'closed' })] },
        { status: 201, body: pull() },
      );
      const request = { head: 'feature', base: 'main', title: 'Shop', body: '' };
      assert.equal((await forgeOver(fetch).ensurePullRequest(repository, request, signal)).number, 7);
    });
  });

  describe('merging', () => {
    const notMergeable = { status: 405, body: { message: 'Pull Request is not mergeable' } };

    it('asks again while GitHub is still finding out whether it merges', async () => {
      const clock = fakeClock();
      const { fetch } = answering(
        notMergeable,
        { status: 200, body: pull({ mergeable: null, mergeable_state: 'unknown' }) },
        { status: 200, body: { sha: 'b'.repeat(40) } },
      );
      assert.deepEqual(await merge(forgeOver(fetch, { clock })), { commit: 'b'.repeat(40) });
      assert.deepEqual(clock.slept, [2_000]);
    });

    it('finds the merge whose answer was lost', async () => {
      const merged = pull({ state: 'closed', merged_at: '2026-03-01T12:00:00Z', merge_commit_sha: 'c'.repeat(40) });
      const { fetch } = answering(new TypeError('fetch failed'), notMergeable, { status: 200, body: merged });
      assert.deepEqual(await merge(forgeOver(fetch)), { commit: 'c'.repeat(40) });
    });

    it('gives the words of GitHub at once when a rule of the branch forbids it', async () => {
      const rule = { status: 405, body: { message: 'Required status check "test" is expected.' } };
      const clock = fakeClock();
      const { fetch } = answering(rule, { status: 200, body: pull({ mergeable_state: 'blocked' }) });
      const error = await failure(merge(forgeOver(fetch, { clock })), 'forge_failed');
      assert.match(error.userMessage, /Required status check "test" is expected/);
      assert.deepEqual(clock.slept, []);
    });

    it('says so when the pull request was closed or merged at another commit', async () => {
      const closed = answering(notMergeable, { status: 200, body: pull({ state: 'closed' }) });
      assert.equal((await failure(merge(forgeOver(closed.fetch)), 'forge_failed')).details?.reason, 'closed');
      const other = {
        state: 'closed',
        merged_at: '2026-03-01T12:00:00Z',
        head: { ref: 'feature', sha: 'd'.repeat(40) },
      };
      const elsewhere = answering(notMergeable, { status: 200, body: pull(other) });
      const error = await failure(merge(forgeOver(elsewhere.fetch)), 'forge_failed');
      assert.equal(error.details?.reason, 'merged_elsewhere');
    });
  });

  describe('checks', () => {
    const run = (name: string, status: string, conclusion: string | null, title: string | null = null) => ({
      name,
      status,
      conclusion,
      html_url: `https://github.com/ada/shop/runs/${name}`,
      output: { title, summary: null },
    });
    const answers = (runs: unknown[], statuses: unknown[], state = 'pending') =>
      answering({ status: 200, body: { check_runs: runs } }, { status: 200, body: { state, statuses } });
    const status = (context: string, state: string) => ({ context, state, description: 'said', target_url: null });

    it('knows none where GitHub combines nothing into pending', async () => {
      assert.deepEqual(await checks(forgeOver(answers([], []).fetch)), { state: 'none', runs: [] });
    });

    it('takes skipped and neutral runs for passed ones', async () => {
      const runs = ['success', 'neutral', 'skipped'].map((conclusion) => run(conclusion, 'completed', conclusion));
      const summary = await checks(forgeOver(answers(runs, [status('ci', 'success')]).fetch));
      assert.equal(summary.state, 'passed');
      assert.deepEqual(summary.runs[3], { name: 'ci', state: 'passed', url: null, summary: 'said' });
    });

    it('waits for what is queued or waiting, in runs and in statuses', async () => {
      const done = run('a', 'completed', 'success');
      assert.equal((await checks(forgeOver(answers([done, run('b', 'queued', null)], []).fetch))).state, 'pending');
      assert.equal((await checks(forgeOver(answers([done], [status('ci', 'pending')]).fetch))).state, 'pending');
    });

    it('has failed as soon as one has, whatever the others do', async () => {
      for (const conclusion of ['failure', 'timed_out', 'cancelled', 'action_required', 'stale', 'startup_failure']) {
        const runs = [run('a', 'completed', conclusion, 'Broken'), run('b', 'in_progress', null)];
        const summary = await checks(forgeOver(answers(runs, []).fetch));
        assert.equal(summary.state, 'failed', conclusion);
        assert.equal(summary.runs[0]?.summary, 'Broken');
      }
      assert.equal((await checks(forgeOver(answers([], [status('ci', 'error')]).fetch))).state, 'failed');
    });

    it('reads every page', async () => {
      const many = Array.from({ length: 100 }, (_, at) => run(`run-${at}`, 'completed', 'success'));
      const { fetch, seen } = answering(
        { status: 200, body: { check_runs: many } },
        { status: 200, body: { check_runs: [run('last', 'completed', 'failure')] } },
        { status: 200, body: { statuses: [] } },
      );
      const summary = await checks(forgeOver(fetch));
      assert.equal(summary.runs.length, 101);
      assert.equal(summary.state, 'failed');
      assert.match(seen[1]?.path ?? '', /page=2/);
    });
  });
});
