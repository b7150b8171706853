import assert from 'node:assert/strict';
import { OWNER, openRig, type Rig, refusalOf } from './test-rig.ts';

describe('the GitHub stand-in, contents and places', () => {
  let rig: Rig;

  beforeEach(async () => {
    const users = [
      { login: 'mira', token: 'ghp_mira', association: 'MEMBER' },
      { login: 'nobody', token: 'ghp_nobody', association: 'NONE' },
    ] as const;
    rig = await openRig({ users, organizations: [{ login: 'acme', membersCreateRepositories: false }] });
  });
  afterEach(() => rig.close());

  it('gives files, folders and what was there before', async () => {
    const { repos } = rig.octokit.rest;
    const first = (await rig.pusher.tip(rig.url, 'main')).commit;
    await rig.pusher.push(rig.url, 'main', 'main', { 'README.md': 'new\n', 'docs/a b.md': 'ä\n' });
    const file = (await repos.getContent({ ...rig.place, path: 'docs/a b.md' })).data;
    assert.ok(!Array.isArray(file) && file.type === 'file');
    assert.equal(Buffer.from(file.content, 'base64').toString('utf8'), 'ä\n');
    const folder = (await repos.getContent({ ...rig.place, path: '' })).data;
    assert.ok(Array.isArray(folder));
    assert.deepEqual(
      folder.map((entry) => [entry.name, entry.type]),
      [
        ['README.md', 'file'],
        ['docs', 'dir'],
      ],
    );
    const before = (await repos.getContent({ ...rig.place, path: 'README.md', ref: first })).data;
    assert.ok(!Array.isArray(before) && before.type === 'file');
    assert.equal(Buffer.from(before.content, 'base64').toString('utf8'), 'one\ntwo\nthree\n');
    for (const path of ['none', 'docs/none', '../state.json']) {
      assert.equal((await refusalOf(repos.getContent({ ...rig.place, path }))).status, 404);
    }
    assert.equal((await refusalOf(repos.getContent({ ...rig.place, path: 'docs', ref: 'none' }))).status, 404);
  });

  it('compares two refs', async () => {
    const { repos } = rig.octokit.rest;
    const base = (await rig.pusher.tip(rig.url, 'main')).commit;
    await rig.pusher.push(rig.url, 'feature', 'main', { 'a.txt': 'a\n' });
    await rig.pusher.push(rig.url, 'main', 'main', { 'm.txt': 'm\n' });
    const compare = async (basehead: string) =>
      (await repos.compareCommitsWithBasehead({ ...rig.place, basehead })).data;
    const found = await compare('main...feature');
    assert.deepEqual(
      [found.status, found.ahead_by, found.behind_by, found.merge_base_commit.sha, found.files?.[0]?.filename],
      ['diverged', 1, 1, base, 'a.txt'],
    );
    assert.equal((await compare(`${base}...main`)).status, 'ahead');
    assert.equal((await compare(`main...${base}`)).status, 'behind');
    assert.equal((await compare('main...main')).status, 'identical');
    assert.equal((await refusalOf(compare('main...none'))).status, 404);
    const commit = (await repos.getCommit({ ...rig.place, ref: 'feature' })).data;
    assert.deepEqual([commit.stats?.additions, commit.files?.[0]?.status], [1, 'added']);
  });

  it('leads from the old name of a repository to the new one', async () => {
    await rig.standIn.rename(OWNER, 'shop', 'store');
    const moved = await fetch(`${rig.standIn.apiUrl}/repos/${OWNER}/shop/branches`, {
      headers: { authorization: `Bearer ${rig.standIn.token}` },
      redirect: 'manual',
    });
    assert.equal(moved.status, 301);
    assert.match(moved.headers.get('location') ?? '', /\/api\/v3\/repositories\/\d+\/branches$/);
    assert.equal((await rig.octokit.rest.repos.get(rig.place)).data.name, 'store');
    const made = await rig.octokit.rest.issues.create({ ...rig.place, title: 'By the old name' });
    assert.match(made.data.url, /\/repos\/local-developer\/store\/issues\/1$/);
    await rig.pusher.push(rig.url, 'feature', 'main', { 'a.txt': 'a\n' });
    const tip = await rig.pusher.tip(rig.url.replace('shop', 'store'), 'feature');
    assert.ok(tip.paths.includes('a.txt'));
  });

  it('lets those make repositories in an organization who may', async () => {
    assert.equal((await rig.octokit.rest.orgs.get({ org: 'acme' })).data.login, 'acme');
    assert.equal((await refusalOf(rig.octokit.rest.orgs.get({ org: 'none' }))).status, 404);
    const create = (token: string, org = 'acme') => rig.as(token).rest.repos.createInOrg({ org, name: 'site' });
    assert.equal((await refusalOf(create(rig.standIn.token, 'none'))).status, 404);
    assert.match((await refusalOf(create('ghp_nobody'))).message, /^You need admin access to the organization/);
    assert.equal((await refusalOf(create('ghp_mira'))).status, 403);
    assert.equal((await create(rig.standIn.token)).data.full_name, 'acme/site');
  });

  it('deletes a branch', async () => {
    await rig.pusher.push(rig.url, 'feature', 'main', { 'a.txt': 'a\n' });
    await rig.octokit.rest.git.deleteRef({ ...rig.place, ref: 'heads/feature' });
    const again = rig.octokit.rest.git.deleteRef({ ...rig.place, ref: 'heads/feature' });
    assert.equal((await refusalOf(again)).message, 'Reference does not exist');
  });
});
