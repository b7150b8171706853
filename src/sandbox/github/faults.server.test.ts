import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startGithubStandIn } from './stand-in.ts';
import { OWNER, openRig, type Rig, refusalOf } from './test-rig.ts';
import { apiClient, temporaryFolder } from './test-support.ts';

const REPO = `/repos/${OWNER}/shop`;

describe('the GitHub stand-in, faults and counts', () => {
  let rig: Rig;

  beforeEach(async () => {
    rig = await openRig();
  });
  afterEach(() => rig.close());

  const get = () => rig.octokit.rest.repos.get(rig.place);
  const create = (title: string) => rig.octokit.rest.issues.create({ ...rig.place, title });
  const titles = async () => {
    const { data } = await rig.octokit.rest.issues.listForRepo({ ...rig.place, direction: 'asc' });
    return data.map((issue) => issue.title);
  };

  it('limits as GitHub does, at the call that was named', async () => {
    const at = { method: 'GET', path: REPO };
    rig.standIn.faults.add({ ...at, call: 2, kind: 'tooManyRequests', retryAfterSeconds: 3 });
    rig.standIn.faults.add({ ...at, call: 3, kind: 'secondaryLimit', retryAfterSeconds: 60 });
    rig.standIn.faults.add({ ...at, call: 4, kind: 'primaryLimit', resetSeconds: 90 });
    await get();
    const tooMany = await refusalOf(get());
    assert.deepEqual([tooMany.status, tooMany.headers['retry-after']], [429, '3']);
    const secondary = await refusalOf(get());
    assert.deepEqual([secondary.status, secondary.headers['retry-after']], [403, '60']);
    assert.match(secondary.message, /secondary rate limit/);
    const primary = await refusalOf(get());
    assert.deepEqual([primary.status, primary.headers['x-ratelimit-remaining']], [403, '0']);
    assert.ok(Number(primary.headers['x-ratelimit-reset']) * 1000 > Date.now());
    assert.equal((await get()).status, 200);
  });

  it('fails before the effect or after it', async () => {
    const at = { method: 'POST', path: `${REPO}/issues` };
    rig.standIn.faults.add({ ...at, kind: 'serverError' });
    assert.equal((await refusalOf(create('never'))).status, 500);
    rig.standIn.faults.add({ ...at, kind: 'badGatewayAfter' });
    assert.equal((await refusalOf(create('after 502'))).status, 502);
    rig.standIn.faults.add({ ...at, kind: 'cutBefore' });
    await assert.rejects(create('cut before'));
    rig.standIn.faults.add({ ...at, path: /\/issues$/, kind: 'cutAfter', times: 2 });
    await assert.rejects(create('cut after'));
    await assert.rejects(create('cut after again'));
    assert.deepEqual(await titles(), ['after 502', 'cut after', 'cut after again']);
    assert.equal(rig.standIn.requests.all().filter(({ status }) => status === 0).length, 3);
  });

  it('loses the answer to a push that took place', async () => {
    const path = `/${OWNER}/shop.git/git-receive-pack`;
    rig.standIn.faults.add({ method: 'POST', path, kind: 'cutBefore' });
    await assert.rejects(rig.pusher.push(rig.url, 'never', 'main', { 'a.txt': 'a\n' }));
    rig.standIn.faults.add({ method: 'POST', path, kind: 'cutAfter' });
    await assert.rejects(rig.pusher.push(rig.url, 'lost', 'main', { 'a.txt': 'a\n' }));
    const { data } = await rig.octokit.rest.repos.listBranches(rig.place);
    assert.deepEqual(
      data.map(({ name }) => name),
      ['lost', 'main'],
    );
  });

  it('counts no answer that says "not modified"', async () => {
    const api = apiClient(rig.standIn.apiUrl, rig.standIn.token);
    const first = await api.must(200, 'GET', REPO);
    const remaining = Number(first.headers.get('x-ratelimit-remaining'));
    rig.standIn.requests.clear();
    const etag = first.headers.get('etag') ?? '';
    const same = await api.call('GET', REPO, undefined, { 'if-none-match': etag });
    assert.deepEqual([same.status, Number(same.headers.get('x-ratelimit-remaining'))], [304, remaining]);
    assert.deepEqual([rig.standIn.requests.full(), rig.standIn.requests.notModified()], [0, 1]);
    const next = await api.must(200, 'GET', REPO);
    assert.equal(Number(next.headers.get('x-ratelimit-remaining')), remaining - 1);
  });
});

describe('the state file of the GitHub stand-in', () => {
  it('is read in its older shape, and goes on with what it has', async () => {
    const folder = await temporaryFolder();
    const file = join(folder.path, 'state.json');
    const at = '2026-01-31T12:00:00Z';
    const repo = { id: 1001, owner: OWNER, name: 'shop', private: false, description: null, homepage: null };
    const dates = { createdAt: at, updatedAt: at, pushedAt: at };
    const comment = { id: 1003, repoId: 1001, number: 1, body: 'Old', createdAt: at, updatedAt: at };
    writeFileSync(
      file,
      JSON.stringify({
        version: 1,
        token: 'ghp_old',
        lastId: 1003,
        owners: [{ id: 1, login: OWNER, type: 'User' }],
        repos: [{ ...repo, archived: false, defaultBranch: 'main', sizeKb: 0, ...dates, lastNumber: 1 }],
        pulls: [],
        comments: [comment],
        labels: [{ id: 1002, repoId: 1001, name: 'old', color: 'ededed' }],
        checkRuns: [],
        statuses: [],
      }),
    );
    const standIn = await startGithubStandIn({ dataDir: folder.path, runChecks: false });
    try {
      const api = apiClient(standIn.apiUrl, standIn.token);
      const { body } = await api.must<{ name: string }[]>(200, 'GET', `${REPO}/labels`);
      assert.deepEqual(
        body.map(({ name }) => name),
        ['old'],
      );
      assert.equal(JSON.parse(readFileSync(file, 'utf8')).version, 2);
    } finally {
      await standIn.close();
      await folder.remove();
    }
  });
});
