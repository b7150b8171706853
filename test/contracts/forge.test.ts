import assert from 'node:assert/strict';
import { createForge } from '../../src/adapters/github/forge.ts';
import { startGithubStandIn } from '../../src/sandbox/github/stand-in.ts';
import { createGitPusher, temporaryFolder, until } from '../../src/sandbox/github/test-support.ts';
import { createFakeForge, type FakeCommit } from '../fakes/forge.ts';
import { useTraffic } from '../specs/traffic.ts';
import { forgeContract } from './forge-contract.ts';
import { mergeOf, pullRequest } from './forge-harness.ts';
import { startForgeHarness } from './forge-stand-in.ts';

describe('as GitHub describes itself', () => {
  const watch = useTraffic({ requests: 'all' });
  forgeContract('the GitHub adapter with the stand-in', async () => {
    const harness = await startForgeHarness();
    watch('github', harness.standIn.apiUrl);
    return harness;
  });
});

forgeContract('the fake', async () => {
  const forge = createFakeForge();
  const [reviewer, outsider] = ['grace', 'mallory'];
  forge.setReviewers([reviewer, 'core']);
  const by = { reviewer, outsider, own: 'fake-user' };
  const REVIEW = 'At least 1 approving review is required.';
  return {
    forge,
    stranger: forge.stranger(),
    reviewer,
    outsider,
    own: by.own,
    warnings: forge.warnings,
    async push(repository, branch, from, files) {
      const parent: FakeCommit | null = from === null ? null : forge.commitAt(repository, from);
      return forge.push(repository, branch, {
        parents: parent === null ? [] : [parent.id],
        files: { ...parent?.files, ...files },
      });
    },
    deleteBranch: async (repository, branch) => forge.deleteBranch(repository, branch),
    rename: async (repository, name) => forge.rename(repository, name),
    async tip(repository, branch) {
      const { id, parents, files } = forge.commitAt(repository, branch);
      return { commit: id, parents, paths: Object.keys(files).sort() };
    },
    extras: async (repository, number) => forge.extras(repository, number),
    async say(repository, number, who, words) {
      if (words.kind === 'approve') forge.hold(repository, 'main', null);
      if (words.kind === 'approve' && words.body === '') return '';
      const { file, line } = words.kind === 'remark' ? words : { file: '', line: 0 };
      const kind = words.kind === 'request_changes' || words.kind === 'remark' ? 'request' : 'talk';
      const trusted = who !== 'outsider';
      return forge.comment(repository, number, { author: by[who], trusted, kind, body: words.body, file, line });
    },
    canResolve: true,
    settle: async (repository, number, said) => forge.settle(repository, number, said),
    edit: async (repository, number, said, body) => forge.edit(repository, number, said, body),
    requireReview: async (repository, branch) => forge.hold(repository, branch, REVIEW),
    requireUpToDate: async (repository, branch) => forge.setStrict(repository, branch),
    useQueue: async (repository, branch) => forge.useQueue(repository, branch),
    runQueue: async (repository, branch) => void forge.runQueue(repository, branch),
    emptyQueue: async (repository, branch, by) => forge.emptyQueue(repository, branch, by),
    addIssue: async (repository, issue) => forge.addIssue(repository, issue).number,
    addWorkflow: async (repository, file, workflow) => forge.addWorkflow(repository, file, workflow),
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
      const pull = await forge.ensurePullRequest(repository, pullRequest, signal);
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
      const merged = await forge.merge(repository, pull.number, mergeOf(fixed, 'squash'), signal);
      assert.deepEqual(merged, { commit: (await pusher.tip(url, 'main')).commit });
    } finally {
      await standIn.close();
      await folder.remove();
    }
  });

  it('sees the one that fails of two workflows that name their jobs the same, with its log', async () => {
    const { signal } = new AbortController();
    const folder = await temporaryFolder();
    const standIn = await startGithubStandIn({ dataDir: folder.path });
    watch('github', standIn.apiUrl);
    try {
      const forge = createForge({ token: standIn.token, apiUrl: standIn.apiUrl });
      const wanted = { owner: null, name: 'shop', private: true, description: '' };
      const repository = await forge.ensureRepository(wanted, signal);
      const pusher = createGitPusher(folder, forge.gitAuthorization());
      const workflow = (name: string, command: string) =>
        `name: ${name}\non: [pull_request]\njobs: { test: { runs-on: x, steps: [{ run: ${command} }] } }\n`;
      await pusher.push(repository.cloneUrl, 'main', null, { 'README.md': 'shop\n' });
      const head = await pusher.push(repository.cloneUrl, 'feature', 'main', {
        '.github/workflows/a.yml': workflow('Unit', 'echo no shop && exit 3'),
        '.github/workflows/b.yml': workflow('Pages', 'echo fine'),
      });
      const required = { required_status_checks: [{ context: 'test' }] };
      const rules = [{ type: 'required_status_checks' as const, parameters: required }];
      standIn.setRules(repository.owner, repository.name, 'main', rules);
      const pull = await forge.ensurePullRequest(repository, pullRequest, signal);
      const summary = await until(async () => {
        const found = await forge.checks(repository, head, signal);
        return found.runs.length === 2 && found.runs.every(({ state }) => state !== 'pending') ? found : null;
      });
      const states = summary.runs.map(({ name, state }) => `${name}: ${state}`);
      assert.deepEqual(states.toSorted(), ['Pages / test: passed', 'Unit / test: failed']);
      const [log, ...more] = await forge.failedLogs(repository, summary, signal);
      assert.equal(log?.name, 'Unit / test');
      assert.match(log?.log ?? '', /no shop/);
      assert.equal(more.length, 0);
      assert.equal((await forge.pullRequest(repository, pull.number, signal)).mergeable, 'blocked');
    } finally {
      await standIn.close();
      await folder.remove();
    }
  });
});
