import assert from 'node:assert/strict';
import { createForge } from '../../src/adapters/github/forge.ts';
import { startGithubStandIn } from '../../src/sandbox/github/stand-in.ts';
import { createGitPusher, temporaryFolder, until } from '../../src/sandbox/github/test-support.ts';
import { createFakeForge, type FakeCommit } from '../fakes/forge.ts';
import { useTraffic } from '../specs/traffic.ts';
import { forgeContract } from './forge-contract.ts';

describe('as GitHub describes itself', () => {
  const watch = useTraffic({ requests: 'all' });
  forgeContract('the GitHub adapter with the stand-in', async () => {
    const folder = await temporaryFolder();
    const standIn = await startGithubStandIn({ dataDir: folder.path, runChecks: false });
    watch('github', standIn.apiUrl);
    const forge = createForge({ token: standIn.token, apiUrl: standIn.apiUrl });
    const pusher = createGitPusher(folder, forge.gitAuthorization());
    return {
      forge,
      stranger: createForge({ token: 'ghp_unknown', apiUrl: standIn.apiUrl }),
      push: ({ cloneUrl }, branch, from, files) => pusher.push(cloneUrl, branch, from, files),
      deleteBranch: ({ cloneUrl }, branch) => pusher.deleteBranch(cloneUrl, branch),
      tip: ({ cloneUrl }, branch) => pusher.tip(cloneUrl, branch),
      async close() {
        await standIn.close();
        await folder.remove();
      },
    };
  });
});

forgeContract('the fake', async () => {
  const forge = createFakeForge();
  return {
    forge,
    stranger: forge.stranger(),
    async push(repository, branch, from, files) {
      const parent: FakeCommit | null = from === null ? null : forge.commitAt(repository, from);
      return forge.push(repository, branch, {
        parents: parent === null ? [] : [parent.id],
        files: { ...parent?.files, ...files },
      });
    },
    deleteBranch: async (repository, branch) => forge.deleteBranch(repository, branch),
    async tip(repository, branch) {
      const { id, parents, files } = forge.commitAt(repository, branch);
      return { commit: id, parents, paths: Object.keys(files).sort() };
    },
    close: async () => {},
  };
});

describe('the GitHub adapter with checks that run', () => {
  const watch = useTraffic({ requests: 'all' });

  it('sees the checks of a pull request fail, and pass after the next push', async () => {
    const { signal } = new AbortController();
    const folder = await temporaryFolder();
    const standIn = await startGithubStandIn({ dataDir: folder.path });
    watch('github', standIn.apiUrl);
    try {
      const forge = createForge({ token: standIn.token, apiUrl: standIn.apiUrl });
      const wanted = { owner: null, name: 'shop', private: true, description: '' };
      const repository = await forge.ensureRepository(wanted, signal);
      const pusher = createGitPusher(folder, forge.gitAuthorization());
      const url = repository.cloneUrl;
      await pusher.push(url, 'main', null, { 'README.md': 'shop\n' });
      const test = JSON.stringify({ scripts: { test: 'node check.js' } });
      const files = { 'package.json': test, 'check.js': 'console.log("no shop"); process.exit(3)' };
      const broken = await pusher.push(url, 'feature', 'main', files);
      const request = { head: 'feature', base: 'main', title: 'Shop', body: '' };
      const pull = await forge.ensurePullRequest(repository, request, signal);
      const settled = (commit: string) =>
        until(async () => {
          const summary = await forge.checks(repository, commit, signal);
          assert.notEqual(summary.state, 'none');
          return summary.state === 'pending' ? null : summary;
        });
      const failed = await settled(broken);
      assert.equal(failed.state, 'failed');
      assert.match(failed.runs[0]?.summary ?? '', /no shop/);
      const fixed = await pusher.push(url, 'feature', 'feature', { 'check.js': '' });
      assert.equal((await settled(fixed)).state, 'passed');
      const landing = { commit: fixed, method: 'squash', title: 'Shop' } as const;
      const { commit } = await forge.merge(repository, pull.number, landing, signal);
      assert.equal((await pusher.tip(url, 'main')).commit, commit);
    } finally {
      await standIn.close();
      await folder.remove();
    }
  });
});
