import assert from 'node:assert/strict';
import type { Forge } from '../../core/ports.ts';
import { answering, failure, forgeOver, type PlainAnswer, repository, routing, signal } from './test-support.ts';

describe('a repository of GitHub', () => {
  const create = (forge: Forge) =>
    forge.ensureRepository({ owner: null, name: 'shop', private: true, description: '' }, signal);
  const found = {
    id: 1,
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

  it('finds the one whose creation got a bad answer, and does not make it twice', async () => {
    const { fetch, asked } = routing({
      'GET /user': user,
      'GET /repos/ada/shop': [{ status: 404 }, { status: 200, body: found }],
      'POST /user/repos': { status: 502 },
      'GET /repos/ada/shop/branches': { status: 200, body: [] },
    });
    assert.equal((await create(forgeOver(fetch))).empty, true);
    assert.equal(asked().filter((name) => name === 'POST /user/repos').length, 1);
  });

  it('gives the name that the repository has now', async () => {
    // What GitHub answers after its redirect of the old name.
    const renamed = { ...found, name: 'store', html_url: 'https://github.com/ada/store' };
    const { fetch } = routing({
      'GET /user': user,
      'GET /repos/ada/shop': { status: 200, body: renamed },
      'GET /repos/ada/store/branches': { status: 200, body: [{}] },
    });
    assert.equal((await create(forgeOver(fetch))).name, 'store');
  });

  it('says whom to ask when an organization does not let its members create repositories', async () => {
    const inOrg = (answer: PlainAnswer) =>
      forgeOver(routing({ 'GET /user': user, 'POST /orgs/acme/repos': answer }).fetch).ensureRepository(
        { owner: 'acme', name: 'shop', private: true, description: '' },
        signal,
      );
    const said = { message: 'You need admin access to the organization before adding a repository to it.' };
    const error = await failure(inOrg({ status: 403, body: said }), 'auth');
    assert.match(error.userMessage, /may not create repositories in the organization acme .*You need admin access/);
    assert.match(error.userMessage, /Ask one of its owners to create acme\/shop/);
    assert.match((await failure(inOrg({ status: 404 }), 'auth')).userMessage, /no organization acme/);
  });
});
