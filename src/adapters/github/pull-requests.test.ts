import assert from 'node:assert/strict';
import {
  failure,
  forgeOver,
  ok,
  pull,
  repository,
  request,
  routing,
  type Seen,
  signal,
  warnings,
} from './test-support.ts';

const LIST = 'GET /repos/ada/shop/pulls';
const CREATE = 'POST /repos/ada/shop/pulls';
const ASK = 'POST /repos/ada/shop/pulls/7/requested_reviewers';

describe('a pull request on GitHub', () => {
  const opening = (routes: Parameters<typeof routing>[0], more: Partial<typeof request> = {}) => {
    const log = warnings();
    const { fetch, asked, seen } = routing({ [LIST]: ok([]), [CREATE]: ok(pull()), ...routes });
    const opened = forgeOver(fetch, { log }).ensurePullRequest(repository, { ...request, ...more }, signal);
    return { opened, log, seen, count: (name: string) => asked().filter((entry) => entry === name).length };
  };
  const refusal = (message: string) => ({ status: 422, body: { message: 'Validation Failed', errors: [{ message }] } });

  it('is found when the answer to its opening was lost, or somebody else was first', async () => {
    for (const answer of [{ status: 502 }, refusal('A pull request already exists')]) {
      const { opened, count } = opening({ [LIST]: [ok([]), ok([pull()])], [CREATE]: answer });
      assert.equal((await opened).number, 7);
      assert.equal(count(CREATE), 1);
    }
  });

  it('is opened anew when the former one was rejected', async () => {
    const { opened } = opening({ [LIST]: ok([pull({ number: 3, state: 'closed' })]) });
    assert.equal((await opened).number, 7);
  });

  it('is no draft where there are none, with a warning; other refusals stay', async () => {
    const none = refusal('Draft pull requests are not supported in this repository.');
    const { opened, log, seen } = opening({ [CREATE]: [none, ok(pull())] }, { draft: true });
    await opened;
    const drafts = seen.filter(({ method }) => method === 'POST').map(({ body }) => Object(body).draft);
    assert.deepEqual(drafts, [true, false]);
    assert.equal(log.said.length, 1);
    await failure(opening({ [CREATE]: refusal('No commits between') }, { draft: true }).opened, 'forge_failed');
  });

  it('asks those who can review when one of them cannot, and not its author', async () => {
    const refused = (one: Seen) => (JSON.stringify(one.body).includes('mallory') ? refusal('no collaborator') : ok({}));
    const routes = { [ASK]: refused, 'GET /repos/ada/shop/pulls/7/reviews': ok([]) };
    const people = { reviewers: ['grace', 'mallory', 'Ada'], teamReviewers: ['core'] };
    const byAda = { [CREATE]: ok(pull({ user: { login: 'ada' } })) };
    const { opened, log, seen } = opening({ ...routes, ...byAda }, people);
    await opened;
    const asked = seen.filter(({ path }) => path.endsWith('requested_reviewers')).map(({ body }) => body);
    assert.deepEqual(asked.slice(1), [
      { reviewers: ['grace'], team_reviewers: [] },
      { reviewers: ['mallory'], team_reviewers: [] },
      { reviewers: [], team_reviewers: ['core'] },
    ]);
    assert.equal(log.said.length, 2);
    assert.match(log.said.join(), /Ada.*mallory/);
  });

  it('does not go on without reviewers when GitHub cannot be asked', async () => {
    const routes = { [ASK]: { status: 401 }, 'GET /repos/ada/shop/pulls/7/reviews': ok([]) };
    await failure(opening(routes, { reviewers: ['grace'] }).opened, 'auth');
  });
});
