import assert from 'node:assert/strict';
import type { Forge } from '../../core/ports.ts';
import { createForge } from './forge.ts';
import {
  type Answer,
  answering,
  COMMIT,
  failure,
  fakeClock,
  forgeOver,
  LOOPBACK,
  NOW,
  ok,
  repository,
  signal,
} from './test-support.ts';

const checks = (forge: Forge) => forge.checks(repository, COMMIT, signal);
const issue = (forge: Forge) => forge.issue({ owner: 'ada', name: 'shop', number: 3 }, signal);
/** The simplest write: a repository that is not there yet. */
const create = (forge: Forge) =>
  forge.ensureRepository({ owner: null, name: 'shop', private: true, description: '' }, signal);
const user = ok({ login: 'ada' });
const missing: Answer = { status: 404 };
const made = ok({
  id: 1,
  name: 'shop',
  owner: { login: 'ada' },
  clone_url: repository.cloneUrl,
  html_url: repository.webUrl,
  default_branch: 'main',
});

describe('the GitHub client', () => {
  describe('rate limits', () => {
    const limited = (seconds: number): Answer => ({
      status: 403,
      headers: { 'retry-after': String(seconds), 'x-ratelimit-remaining': '4000' },
      body: { message: 'You have exceeded a secondary rate limit.' },
    });

    it('waits for a short one and goes on', async () => {
      const clock = fakeClock();
      const { fetch, seen } = answering(user, missing, limited(30), made);
      assert.equal((await create(forgeOver(fetch, { clock }))).empty, true);
      assert.deepEqual(clock.slept, [30_000]);
      assert.deepEqual(
        seen.map(({ method }) => method),
        ['GET', 'GET', 'POST', 'POST'],
      );
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
      await failure(issue(forgeOver(fetch, { clock })), 'rate_limited');
      assert.deepEqual(clock.slept, [10_000, 10_000]);
      assert.equal(seen.length, 3);
    });

    it('is one for all callers with a token: the next one does not ask GitHub before it has ended', async () => {
      const clock = fakeClock();
      const token = `ghp_shared${NOW}`;
      const first = answering(limited(600));
      await failure(issue(forgeOver(first.fetch, { clock, token })), 'rate_limited');
      const second = answering(ok({}));
      const error = await failure(issue(forgeOver(second.fetch, { clock, token })), 'rate_limited');
      assert.equal(error.details?.waitMs, 600_000);
      assert.equal(second.seen.length, 0);
      await clock.sleep(600_000, signal);
      await failure(issue(forgeOver(second.fetch, { clock, token })), 'malformed');
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
      assert.equal(seen[0]?.headers.get('authorization'), `token ${token}`);
    });

    it('names the scope that a classic token lacks', async () => {
      const headers = { 'x-oauth-scopes': 'gist, read:org', 'x-accepted-oauth-scopes': 'public_repo, repo' };
      for (const status of [403, 404]) {
        const error = await failure(
          create(forgeOver(answering(user, missing, refused(status, headers)).fetch)),
          'auth',
        );
        assert.match(error.userMessage, /lacks the scope public_repo or repo/);
      }
    });

    it('takes 404 for what it says when the scope is there', async () => {
      const headers = { 'x-oauth-scopes': 'repo', 'x-accepted-oauth-scopes': 'repo' };
      await failure(issue(forgeOver(answering(refused(404, headers)).fetch)), 'not_found');
      await failure(issue(forgeOver(answering(refused(403, headers)).fetch)), 'forge_failed');
    });

    it('names the permission that a fine-grained token lacks, and does not guess at a read', async () => {
      const headers = { 'x-accepted-github-permissions': 'contents=write' };
      const writing = (status: number) => create(forgeOver(answering(user, missing, refused(status, headers)).fetch));
      const error = await failure(writing(403), 'auth');
      assert.match(error.userMessage, /lacks the permission contents=write/);
      await failure(writing(404), 'auth');
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
      const { fetch, seen } = answering(network(), { status: 502 }, ok({ check_runs: [] }), ok({ statuses: [] }));
      assert.deepEqual(await checks(forgeOver(fetch)), { state: 'none', runs: [] });
      assert.equal(seen.length, 4);
    });

    it('gives up after three attempts and says what kind of failure it was', async () => {
      const unreachable = answering(network());
      assert.equal((await failure(issue(forgeOver(unreachable.fetch)), 'transport')).retry, true);
      assert.equal(unreachable.seen.length, 3);
      await failure(issue(forgeOver(answering({ status: 503 }).fetch)), 'server');
      await failure(issue(forgeOver(answering(new DOMException('late', 'TimeoutError')).fetch)), 'timeout');
    });

    it('names the variable for certificates when the one of the server is not trusted', async () => {
      const untrusted = new TypeError('fetch failed', { cause: new Error('self-signed certificate in chain') });
      const error = await failure(issue(forgeOver(answering(untrusted).fetch)), 'transport');
      assert.match(error.userMessage, /NODE_EXTRA_CA_CERTS/);
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
      await failure(issue(forgeOver(answering({ status: 200, body: { hello: 'proxy' } }).fetch)), 'malformed');
    });
  });

  describe('what was read before', () => {
    const answer = (title: string, etag: string): Answer => ({
      ...ok({
        number: 3,
        title,
        body: null,
        html_url: 'https://github.com/ada/shop/issues/3',
        state: 'open',
        labels: [],
      }),
      headers: { etag },
    });

    it('is only confirmed by GitHub, for every caller with the token, until it changes', async () => {
      const token = `ghp_etag${NOW}`;
      const { fetch, seen } = answering(answer('One', '"1"'), { status: 304 }, answer('Two', '"2"'), { status: 304 });
      const titles: string[] = [];
      for (let at = 0; at < 4; at += 1) titles.push((await issue(forgeOver(fetch, { token }))).title);
      assert.deepEqual(titles, ['One', 'One', 'Two', 'Two']);
      const conditions = seen.map(({ headers }) => headers.get('if-none-match'));
      assert.deepEqual(conditions, [null, '"1"', '"1"', '"2"']);
    });

    it('is no other address, no other token, and no failure', async () => {
      const { fetch, seen } = answering(
        answer('One', '"1"'),
        { ...missing, headers: { etag: '"9"' } },
        answer('One', '"1"'),
      );
      await issue(forgeOver(fetch));
      const forge = forgeOver(fetch);
      await failure(issue(forge), 'not_found');
      await issue(forge);
      assert.deepEqual(
        seen.map(({ headers }) => headers.get('if-none-match')),
        [null, null, null],
      );
    });
  });

  it('asks for few things at a time, and leaves the line when it is cancelled', async () => {
    let under = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    const fetch: typeof globalThis.fetch = async () => {
      under += 1;
      most = Math.max(most, under);
      await new Promise<void>((resolve) => waiting.push(resolve));
      under -= 1;
      return new Response('{}', { status: 404, headers: { 'content-type': 'application/json' } });
    };
    const forge = forgeOver(fetch);
    const given = new AbortController();
    const calls = Array.from({ length: 12 }, (_, at) =>
      forge.issue({ owner: 'ada', name: 'shop', number: at + 1 }, at === 11 ? given.signal : signal),
    );
    const outcomes = Promise.allSettled(calls);
    while (waiting.length < 8) await new Promise((resolve) => setImmediate(resolve));
    given.abort();
    await failure(calls[11] ?? Promise.resolve(), 'aborted');
    const answered = outcomes.then(() => true);
    while (!(await Promise.race([answered, new Promise((resolve) => setImmediate(() => resolve(false)))]))) {
      waiting.shift()?.();
    }
    assert.equal(most, 8);
  });
});
