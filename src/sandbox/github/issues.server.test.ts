import assert from 'node:assert/strict';
import { openRig, type Rig, refusalOf } from './test-rig.ts';

describe('the GitHub stand-in, issues', () => {
  let rig: Rig;

  beforeEach(async () => {
    rig = await openRig({ users: [{ login: 'nobody', token: 'ghp_nobody', association: 'NONE' }] });
  });
  afterEach(() => rig.close());

  it('counts issues and pull requests together, and lists both as issues', async () => {
    const { issues } = rig.octokit.rest;
    const made = await issues.create({ ...rig.place, title: 'Broken', body: 'It is', labels: ['bug'] });
    const pull = await rig.openPull('feature', { 'a.txt': 'a\n' });
    assert.deepEqual([made.data.number, pull.number], [1, 2]);
    const all = (await issues.listForRepo(rig.place)).data;
    assert.deepEqual(
      all.map((issue) => [issue.number, issue.pull_request !== undefined]),
      [
        [2, true],
        [1, false],
      ],
    );
    const bugs = (await issues.listForRepo({ ...rig.place, labels: 'bug' })).data;
    assert.deepEqual(
      bugs.map((issue) => issue.title),
      ['Broken'],
    );
    const later = await issues.listForRepo({ ...rig.place, since: '2999-01-01T00:00:00Z' });
    assert.equal(later.data.length, 0);
  });

  it('closes, opens again and comments', async () => {
    const { issues } = rig.octokit.rest;
    const { number } = (await issues.create({ ...rig.place, title: 'Broken' })).data;
    const one = { ...rig.place, issue_number: number };
    await issues.createComment({ ...one, body: 'Seen' });
    const everywhere = (await issues.listCommentsForRepo(rig.place)).data;
    assert.deepEqual(
      everywhere.map((comment) => [comment.body, comment.html_url.includes('/issues/1#')]),
      [['Seen', true]],
    );
    const closed = (await issues.update({ ...one, state: 'closed', state_reason: 'not_planned' })).data;
    assert.deepEqual([closed.state, closed.state_reason, closed.comments], ['closed', 'not_planned', 1]);
    assert.equal((await issues.listForRepo(rig.place)).data.length, 0);
    assert.equal((await issues.update({ ...one, state: 'open' })).data.state_reason, 'reopened');
    const stranger = rig.as('ghp_nobody').rest.issues;
    assert.equal((await refusalOf(stranger.update({ ...one, title: 'Mine' }))).status, 403);
    assert.equal((await refusalOf(issues.get({ ...rig.place, issue_number: 99 }))).status, 404);
    const own = (await stranger.create({ ...rig.place, title: 'Please', labels: ['bug'] })).data;
    assert.deepEqual([own.author_association, own.labels], ['NONE', []]);
  });

  it('closes the issue that a merged pull request names', async () => {
    const { issues, pulls } = rig.octokit.rest;
    for (const title of ['First', 'Second', 'Third']) await issues.create({ ...rig.place, title });
    const body = 'Closes #1, fixes local-developer/shop#2.\n\nSee #3.';
    const { number } = await rig.openPull('feature', { 'a.txt': 'a\n' }, { body });
    await pulls.merge({ ...rig.place, pull_number: number });
    const { data } = await issues.listForRepo({ ...rig.place, state: 'all', direction: 'asc' });
    assert.deepEqual(
      data.slice(0, 3).map((issue) => [issue.state, issue.state_reason]),
      [
        ['closed', 'completed'],
        ['closed', 'completed'],
        ['open', null],
      ],
    );
  });
});
