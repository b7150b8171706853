import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Repository } from '../../src/core/ports.ts';
import { git, message, type RepositoryFixture, signal, withRepository } from './repository-support.ts';

const SECRET = 'Basic c2VjcmV0OnRva2Vu';

function makeBare(fixture: RepositoryFixture): string {
  const bare = path.join(fixture.root, 'remote repo.git');
  git(fixture.root, 'init', '-q', '--bare', '-b', 'main', bare);
  return bare;
}

/** A server that answers every request with one status, and keeps the headers it saw. */
async function withServer(status: number, use: (url: string, seen: IncomingHttpHeaders[]) => Promise<void>) {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    const headers = status === 401 ? { 'WWW-Authenticate': 'Basic realm="git"' } : {};
    response.writeHead(status, headers).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/owner/name.git`, seen);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function httpContract(make: () => Repository): void {
  for (const [status, code] of [
    [401, 'auth'],
    [403, 'auth'],
    [404, 'not_found'],
    [503, 'server'],
  ] as const) {
    it(`gives ${code} for ${status}, sends the authorization to the server and shows it to nobody`, () =>
      withRepository(make, ({ repository, repoDir, base }) =>
        withServer(status, async (url, seen) => {
          // As a checkout in a build service leaves it; two such headers would be refused.
          git(repoDir, 'config', 'http.extraHeader', 'Authorization: Basic b3RoZXI=');
          const calls = [
            () => repository.push(repoDir, url, [{ commit: base, branch: 'main' }], SECRET, signal),
            () => repository.fetch(repoDir, url, 'main', SECRET, signal),
          ];
          for (const call of calls) {
            await assert.rejects(call(), (error: { code?: string; message: string; userMessage?: string }) => {
              assert.equal(error.code, code);
              assert.ok(!JSON.stringify([error, error.message, error.userMessage]).includes('c2VjcmV0'));
              return true;
            });
          }
          assert.ok(seen.length >= 2);
          for (const headers of seen) assert.equal(headers.authorization, SECRET);
        }),
      ));
  }

  it('gives transport when nobody listens', () =>
    withRepository(make, async ({ repository, repoDir, base }) => {
      let gone = '';
      await withServer(200, async (url) => {
        gone = url;
      });
      const call = repository.push(repoDir, gone, [{ commit: base, branch: 'main' }], null, signal);
      await assert.rejects(call, { code: 'transport', retry: true });
    }));

  it('refuses to send credentials over plain http to another machine', () =>
    withRepository(make, async ({ repository, repoDir }) => {
      const call = repository.fetch(repoDir, 'http://git.example.test/x.git', 'main', SECRET, signal);
      await assert.rejects(call, { code: 'configuration' });
    }));

  it('ends a push that is cancelled while the server is silent', () =>
    withRepository(make, async ({ repository, repoDir, base }) => {
      const controller = new AbortController();
      const server = createServer(() => controller.abort());
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      try {
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.git`;
        const call = repository.push(repoDir, url, [{ commit: base, branch: 'main' }], null, controller.signal);
        await assert.rejects(call, { code: 'aborted' });
      } finally {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    }));
}

export function remotesContract(make: () => Repository): void {
  describe('push and fetch', () => {
    it('pushes several branches, again without effect, and fetches one of them', () =>
      withRepository(make, async (fixture) => {
        const { repository, repoDir, base } = fixture;
        const bare = makeBare(fixture);
        const commit = await repository.commitFiles(repoDir, base, [{ path: 'n', content: 'n' }], message('n'));
        const refspecs = [
          { commit: base, branch: 'main' },
          { commit, branch: 'run/one' },
        ];
        await repository.push(repoDir, bare, refspecs, SECRET, signal);
        await repository.push(repoDir, bare, refspecs, null, signal);
        assert.equal(git(bare, 'rev-parse', 'main'), base);
        assert.equal(git(bare, 'rev-parse', 'run/one'), commit);

        const other = path.join(fixture.root, 'other');
        const state = await repository.open(other, signal);
        assert.equal(await repository.fetch(state.repoDir, bare, 'run/one', null, signal), commit);
        assert.equal(await repository.readFile(state.repoDir, commit, 'n'), 'n');
        await assert.rejects(repository.fetch(other, bare, 'absent', null, signal), { code: 'not_found' });
      }));

    it('never overwrites a remote branch, and says so', () =>
      withRepository(make, async (fixture) => {
        const { repository, repoDir, base } = fixture;
        const bare = makeBare(fixture);
        const [ours = '', theirs = ''] = await Promise.all(
          ['ours', 'theirs'].map((name) =>
            repository.commitFiles(repoDir, base, [{ path: name, content: name }], message(name)),
          ),
        );
        await repository.push(repoDir, bare, [{ commit: theirs, branch: 'main' }], null, signal);
        const call = repository.push(repoDir, bare, [{ commit: ours, branch: 'main' }], null, signal);
        await assert.rejects(call, (error: { code?: string; userMessage?: string }) => {
          assert.equal(error.code, 'git_failed');
          assert.match(error.userMessage ?? '', /Branch main .* was not overwritten/);
          return true;
        });
        assert.equal(git(bare, 'rev-parse', 'main'), theirs);
      }));

    it('gives not_found for a path without a repository', () =>
      withRepository(make, async ({ repository, root, repoDir, base }) => {
        const nowhere = path.join(root, 'nowhere.git');
        const call = repository.push(repoDir, nowhere, [{ commit: base, branch: 'main' }], null, signal);
        await assert.rejects(call, { code: 'not_found' });
      }));

    httpContract(make);
  });
}
