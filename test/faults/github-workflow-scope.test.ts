import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { createRepository } from '../../src/adapters/git/repository.ts';
import { createForge } from '../../src/adapters/github/forge.ts';
import { AppError } from '../../src/protocol/errors.ts';
import { startGithubStandIn } from '../../src/sandbox/github/stand-in.ts';
import { temporaryFolder } from '../../src/sandbox/github/test-support.ts';
import { wanted } from '../contracts/forge-harness.ts';

describe('a push of workflow files', () => {
  it('by a token without the scope says which one it lacks, and for which file', async () => {
    const { signal } = new AbortController();
    const folder = await temporaryFolder();
    const user = { login: 'ada', token: 'ghp_ada', association: 'MEMBER', scopes: ['repo'] } as const;
    const standIn = await startGithubStandIn({ dataDir: folder.path, runChecks: false, users: [user] });
    const repository = createRepository({ tempDir: () => folder.path });
    try {
      const owner = createForge({ token: standIn.token, apiUrl: standIn.apiUrl });
      const { cloneUrl } = await owner.ensureRepository(wanted, signal);
      const authorization = createForge({ token: user.token, apiUrl: standIn.apiUrl }).gitAuthorization();
      const { repoDir, baseCommit } = await repository.open(await mkdtemp(join(folder.path, 'work-')), signal);
      const files = [{ path: '.github/workflows/ci.yml', content: 'on: [push]\njobs: {}\n' }];
      const message = { subject: 'ci: checks', body: '', trailers: {} };
      const commit = await repository.commitFiles(repoDir, baseCommit, files, message);
      const push = (id: string, branch: string) =>
        repository.push(repoDir, cloneUrl, [{ commit: id, branch }], authorization, signal);
      await push(baseCommit, 'main');
      await assert.rejects(push(commit, 'ci'), (error: unknown) => {
        assert.ok(error instanceof AppError);
        assert.equal(error.code, 'auth', error.message);
        assert.match(error.userMessage, /GITHUB_TOKEN lacks the scope workflow, .* \.github\/workflows\/ci\.yml/);
        return true;
      });
    } finally {
      await repository.close();
      await standIn.close();
      await folder.remove();
    }
  });
});
