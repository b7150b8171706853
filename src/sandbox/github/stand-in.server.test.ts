import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { useTraffic } from '../../../test/specs/traffic.ts';
import type { CheckRunJson, CheckSuiteJson, CommentJson, CommitJson, RefJson } from './shapes.ts';
import type { IssueJson } from './shapes-issues.ts';
import type { FileJson, PullJson } from './shapes-pulls.ts';
import type { RepositoryJson } from './shapes-repository.ts';
import { type GithubStandIn, startGithubStandIn } from './stand-in.ts';
import { basic } from './test-rig.ts';
import {
  type ApiAnswer,
  apiClient,
  createGitPusher,
  runGit,
  type TemporaryFolder,
  temporaryFolder,
  until,
} from './test-support.ts';

const manifest = (test: string): string => JSON.stringify({ name: 'shop', version: '1.0.0', scripts: { test } });

describe('the GitHub stand-in', () => {
  let folder: TemporaryFolder;
  let standIn: GithubStandIn;
  let api: ReturnType<typeof apiClient>;
  let pusher: ReturnType<typeof createGitPusher>;

  const start = async (runChecks: boolean): Promise<void> => {
    standIn = await startGithubStandIn({ dataDir: join(folder.path, 'data'), runChecks });
    watch('github', standIn.apiUrl);
    api = apiClient(standIn.apiUrl, standIn.token);
    pusher = createGitPusher(folder, basic(standIn.token));
  };
  const cloneUrl = (): string => `${standIn.url}/local-developer/shop.git`;
  const repo = '/repos/local-developer/shop';
  const openPull = async (files: Record<string, string>): Promise<string> => {
    await api.must(201, 'POST', '/user/repos', { name: 'shop' });
    await pusher.push(cloneUrl(), 'main', null, { 'README.md': 'shop\n' });
    const head = await pusher.push(cloneUrl(), 'feature', 'main', files);
    await api.must(201, 'POST', `${repo}/pulls`, { title: 'Feature', head: 'feature', base: 'main' });
    return head;
  };
  const completedRun = (sha: string) =>
    until(async () => {
      const { body } = await api.must<{ check_runs: CheckRunJson[] }>(200, 'GET', `${repo}/commits/${sha}/check-runs`);
      const run = body.check_runs[0];
      return run?.status === 'completed' ? run : null;
    });

  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    await standIn.close();
    await folder.remove();
  });
  // After the hook that closes: mocha leaves out the hooks that follow a failed one.
  const watch = useTraffic();

  describe('git over HTTP', () => {
    beforeEach(() => start(false));

    it('asks for credentials and refuses unknown ones', async () => {
      await api.must(201, 'POST', '/user/repos', { name: 'shop' });
      const answer = await fetch(`${cloneUrl()}/info/refs?service=git-upload-pack`);
      assert.equal(answer.status, 401);
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic /);
      for (const authorization of [null, basic('wrong')]) {
        const clone = await runGit(folder.path, ['clone', cloneUrl(), 'refused'], authorization);
        assert.notEqual(clone.exitCode, 0);
      }
      const clone = await runGit(folder.path, ['clone', '--quiet', cloneUrl(), 'bearer'], `Bearer ${standIn.token}`);
      assert.equal(clone.exitCode, 0, clone.stderr);
    });

    it('says that a repository is not there', async () => {
      const clone = await runGit(folder.path, ['clone', cloneUrl()], basic(standIn.token));
      assert.match(clone.stderr, /not found/);
    });

    it('takes a push that is larger than git sends in one piece', async () => {
      await api.must(201, 'POST', '/user/repos', { name: 'shop' });
      const large = randomBytes(3 * 1024 * 1024).toString('hex');
      const commit = await pusher.push(cloneUrl(), 'main', null, { 'large.txt': large });
      assert.equal((await pusher.tip(cloneUrl(), 'main')).commit, commit);
      const { body } = await api.must<RepositoryJson>(200, 'GET', repo);
      assert.ok(body.size > 2000, `size is ${body.size} KB`);
    });

    it('makes the first branch that is pushed the default one', async () => {
      await api.must(201, 'POST', '/user/repos', { name: 'shop' });
      await pusher.push(cloneUrl(), 'trunk', null, { 'a.txt': 'a' });
      assert.equal((await api.must<RepositoryJson>(200, 'GET', repo)).body.default_branch, 'trunk');
    });

    it('keeps refs/pull to itself', async () => {
      const head = await openPull({ 'a.txt': 'a' });
      await runGit(folder.path, ['clone', '--quiet', cloneUrl(), 'clone'], basic(standIn.token));
      const clone = join(folder.path, 'clone');
      const fetched = await runGit(clone, ['fetch', 'origin', 'refs/pull/1/head'], basic(standIn.token));
      assert.equal(fetched.exitCode, 0, fetched.stderr);
      assert.equal((await runGit(clone, ['rev-parse', 'FETCH_HEAD'], null)).stdout, head);
      const pushed = await runGit(clone, ['push', 'origin', '+HEAD:refs/pull/1/head'], basic(standIn.token));
      assert.notEqual(pushed.exitCode, 0);
    });
  });

  describe('REST', () => {
    beforeEach(() => start(false));

    it('answers in the shape of GitHub when it refuses', async () => {
      const anonymous = await fetch(`${standIn.apiUrl}/user`);
      assert.equal(anonymous.status, 401);
      const unknown = await api.call('GET', '/repos/local-developer/none');
      assert.equal(unknown.status, 404);
      assert.deepEqual(Object.keys(unknown.body), ['message', 'documentation_url', 'status']);
      const wrong = await api.call('POST', '/user/repos', {});
      assert.equal(wrong.status, 422);
      assert.deepEqual(wrong.body.errors, [{ resource: 'Repository', field: 'name', code: 'missing_field' }]);
      assert.equal((await apiClient(standIn.apiUrl, 'wrong').call('GET', '/user')).body.message, 'Bad credentials');
      assert.equal((await api.call('GET', '/no/such/route')).status, 404);
    });

    it('does not answer to another host name', async () => {
      const { request } = await import('node:http');
      const status = await new Promise((resolve, reject) => {
        const call = request(`${standIn.apiUrl}/meta`, { headers: { host: 'evil.example' } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        call.once('error', reject);
        call.end();
      });
      assert.equal(status, 421);
    });

    it('counts requests and tells of it', async () => {
      const first = await api.must(200, 'GET', '/user');
      const second = await api.must<{ rate: { remaining: number } }>(200, 'GET', '/rate_limit');
      assert.equal(first.headers.get('x-ratelimit-limit'), '5000');
      assert.equal(second.body.rate.remaining, 4999);
    });

    it('answers 304 to the etag of what has not changed', async () => {
      await api.must(201, 'POST', '/user/repos', { name: 'shop' });
      const etag = (await api.must(200, 'GET', repo)).headers.get('etag') ?? '';
      assert.equal((await api.call('GET', repo, undefined, { 'if-none-match': etag })).status, 304);
      await api.must(200, 'PATCH', repo, { description: 'Other' });
      assert.equal((await api.call('GET', repo, undefined, { 'if-none-match': etag })).status, 200);
    });

    it('pages lists with links', async () => {
      const head = await openPull({ 'a.txt': 'a' });
      for (const name of ['one', 'two', 'three']) {
        await api.must(201, 'POST', `${repo}/git/refs`, { ref: `refs/heads/${name}`, sha: head });
      }
      const names: string[] = [];
      let next: string | null = `${repo}/branches?per_page=2`;
      while (next !== null) {
        const page: ApiAnswer<{ name: string }[]> = await api.must(200, 'GET', next);
        names.push(...page.body.map((branch) => branch.name));
        const link = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1];
        next = link === undefined ? null : link.slice(standIn.apiUrl.length);
      }
      assert.deepEqual(names, ['feature', 'main', 'one', 'three', 'two']);
    });

    it('refuses what GitHub refuses of refs', async () => {
      const sha = await openPull({ 'a.txt': 'a' });
      const create = (ref: string, id: string) => api.call('POST', `${repo}/git/refs`, { ref, sha: id });
      assert.equal((await create('refs/heads/main', sha)).body.message, 'Reference already exists');
      assert.equal((await create('refs/heads/new', '1'.repeat(40))).body.message, 'Object does not exist');
      assert.equal((await create('refs/heads/a..b', sha)).body.message, 'Reference name is not valid');
      assert.equal((await api.must<RefJson>(200, 'GET', `${repo}/git/ref/heads/feature`)).body.object.sha, sha);
      assert.equal((await api.call('GET', `${repo}/git/ref/heads/feat`)).status, 404);
    });

    it('makes a repository with a first commit when asked to', async () => {
      await api.must(201, 'POST', '/user/repos', { name: 'shop', auto_init: true });
      const { body } = await api.must<CommitJson>(200, 'GET', `${repo}/commits/main`);
      assert.equal(body.commit.message, 'Initial commit');
      assert.deepEqual((await pusher.tip(cloneUrl(), 'main')).paths, ['README.md']);
    });

    it('keeps comments and labels of a pull request', async () => {
      await openPull({ 'a.txt': 'a' });
      const { body: comment } = await api.must<CommentJson>(201, 'POST', `${repo}/issues/1/comments`, {
        body: 'Looks good',
      });
      await api.must(200, 'PATCH', `${repo}/issues/comments/${comment.id}`, { body: 'Looks very good' });
      await api.must(200, 'POST', `${repo}/issues/1/labels`, { labels: ['ready', 'shop'] });
      await api.must(200, 'DELETE', `${repo}/issues/1/labels/ready`);
      const { body: issue } = await api.must<IssueJson>(200, 'GET', `${repo}/issues/1`);
      assert.equal(issue.comments, 1);
      assert.deepEqual(
        issue.labels.map((label) => (typeof label === 'string' ? label : label.name)),
        ['shop'],
      );
      const { body: comments } = await api.must<CommentJson[]>(200, 'GET', `${repo}/issues/1/comments`);
      assert.equal(comments[0]?.body, 'Looks very good');
    });
  });

  describe('pull requests', () => {
    beforeEach(() => start(false));

    it('describes files, renames and binary files included', async () => {
      await api.must(201, 'POST', '/user/repos', { name: 'shop' });
      const text = 'one\ntwo\nthree\nfour\nfive\n';
      await pusher.push(cloneUrl(), 'main', null, { 'old name.txt': text, 'gone.txt': 'gone\n' });
      await pusher.push(cloneUrl(), 'feature', 'main', { 'new.txt': text, 'raw.bin': 'a\0b' }, [
        'old name.txt',
        'gone.txt',
      ]);
      await api.must(201, 'POST', `${repo}/pulls`, { title: 'Feature', head: 'feature', base: 'main' });
      const { body } = await api.must<FileJson[]>(200, 'GET', `${repo}/pulls/1/files`);
      const seen = body.map((file) => [file.filename, file.status, file.changes]);
      assert.deepEqual(seen, [
        ['gone.txt', 'removed', 1],
        ['new.txt', 'renamed', 0],
        ['raw.bin', 'added', 0],
      ]);
      assert.equal(body[1]?.previous_filename, 'old name.txt');
      assert.equal(body[0]?.patch, '@@ -1 +0,0 @@\n-gone');
      assert.equal(body[2]?.patch, undefined);
    });

    it('knows whether it merges, and follows what is pushed', async () => {
      const head = await openPull({ 'a.txt': 'a\n' });
      const pull = async () => (await api.must<PullJson>(200, 'GET', `${repo}/pulls/1`)).body;
      assert.deepEqual(
        (({ mergeable, mergeable_state, commits, additions, head: { sha } }) => [
          mergeable,
          mergeable_state,
          commits,
          additions,
          sha,
        ])(await pull()),
        [true, 'clean', 1, 1, head],
      );
      await pusher.push(cloneUrl(), 'main', 'main', { 'a.txt': 'b\n' });
      assert.deepEqual((({ mergeable, mergeable_state }) => [mergeable, mergeable_state])(await pull()), [
        false,
        'dirty',
      ]);
      const next = await pusher.push(cloneUrl(), 'feature', 'feature', { 'b.txt': 'b\n' });
      assert.equal((await pull()).head.sha, next);
      const refused = await api.call('PUT', `${repo}/pulls/1/merge`, { sha: next });
      assert.equal(refused.status, 405);
      assert.equal((await api.call('PUT', `${repo}/pulls/1/merge`, { sha: head })).status, 409);
    });

    it('refuses a second one of the branch, and one without commits', async () => {
      await openPull({ 'a.txt': 'a' });
      const open = (head: string) => api.call('POST', `${repo}/pulls`, { title: 'Again', head, base: 'main' });
      const messageOf = async (head: string) => (await open(head)).body.errors?.[0]?.message;
      assert.equal(await messageOf('feature'), 'A pull request already exists for local-developer:feature.');
      assert.equal(await messageOf('main'), 'No commits between main and main');
      assert.deepEqual((await open('nowhere')).body.errors, [
        { resource: 'PullRequest', field: 'head', code: 'invalid' },
      ]);
    });

    it('counts one as merged whose head is pushed into the base, and as closed whose branch is deleted', async () => {
      const head = await openPull({ 'a.txt': 'a' });
      await pusher.push(cloneUrl(), 'other', 'main', { 'o.txt': 'o' });
      await api.must(201, 'POST', `${repo}/pulls`, { title: 'Other', head: 'other', base: 'main' });
      await pusher.deleteBranch(cloneUrl(), 'other');
      await pusher.push(cloneUrl(), 'main', 'feature', { 'later.txt': 'l' });
      const first = (await api.must<PullJson>(200, 'GET', `${repo}/pulls/1`)).body;
      assert.deepEqual([first.state, first.merged, first.head.sha], ['closed', true, head]);
      const second = (await api.must<PullJson>(200, 'GET', `${repo}/pulls/2`)).body;
      assert.deepEqual([second.state, second.merged], ['closed', false]);
      const closed = await api.must<PullJson[]>(200, 'GET', `${repo}/pulls?state=closed&head=local-developer:feature`);
      assert.equal(closed.body.length, 1);
      assert.equal((await api.must<PullJson[]>(200, 'GET', `${repo}/pulls`)).body.length, 0);
    });

    it('rebases every commit on the base, with its author, and drops what the base has', async () => {
      await openPull({ 'a.txt': 'a\n' });
      const head = await pusher.push(cloneUrl(), 'feature', 'feature', { 'b.txt': 'b\n' });
      await pusher.push(cloneUrl(), 'main', 'main', { 'a.txt': 'a\n' });
      const { body } = await api.must<{ sha: string }>(200, 'PUT', `${repo}/pulls/1/merge`, {
        sha: head,
        merge_method: 'rebase',
      });
      const { body: commits } = await api.must<CommitJson[]>(200, 'GET', `${repo}/commits?sha=main`);
      assert.equal(commits[0]?.sha, body.sha);
      assert.deepEqual(
        commits.map((entry) => entry.commit.message),
        ['Change b.txt', 'Change a.txt', 'Change README.md'],
      );
      assert.equal(commits[0]?.commit.author?.name, 'Tester');
      assert.equal(commits[0]?.commit.committer?.name, 'Local Developer');
    });

    it('shows a page of it with every text escaped', async () => {
      await openPull({ 'a.txt': '<script>alert(1)</script>\n' });
      await api.must(200, 'PATCH', `${repo}/pulls/1`, { title: '<b>bold</b>', body: '"quoted" & <i>' });
      const { body } = await api.must<PullJson>(200, 'GET', `${repo}/pulls/1`);
      const page = await fetch(body.html_url);
      const html = await page.text();
      assert.equal(page.status, 200);
      assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/);
      assert.ok(!html.includes('<script') && !html.includes('<b>') && !html.includes('<i>'));
      assert.match(html, /&lt;b&gt;bold&lt;\/b&gt; #1/);
      assert.match(html, /&quot;quoted&quot; &amp; &lt;i&gt;/);
      const repositoryPage = await (await fetch(`${standIn.url}/local-developer/shop`)).text();
      assert.match(repositoryPage, /#1 &lt;b&gt;/);
      assert.equal((await fetch(`${standIn.url}/local-developer/none`)).status, 404);
      assert.equal((await fetch(`${standIn.url}/%ff`)).status, 404);
    });
  });

  describe('checks', () => {
    beforeEach(() => start(true));

    it('passes a head whose npm test passes, with the running node and no secret around', async () => {
      const script = 'node -e "console.log(process.execPath, Object.keys(process.env).join())"';
      process.env.GITHUB_TOKEN = 'ghp_secret';
      process.env.NODE_TEST_CONTEXT = 'child-v8';
      try {
        const sha = await openPull({ 'package.json': manifest(script) });
        const run = await completedRun(sha);
        assert.equal(run.conclusion, 'success', run.output.summary ?? '');
        assert.match(run.output.summary ?? '', new RegExp(dirname(process.execPath)));
        assert.doesNotMatch(run.output.summary ?? '', /TOKEN|NODE_TEST_CONTEXT|NODE_OPTIONS/);
        const { body } = await api.must<{ check_suites: CheckSuiteJson[] }>(
          200,
          'GET',
          `${repo}/commits/${sha}/check-suites`,
        );
        assert.equal(body.check_suites[0]?.conclusion, 'success');
        assert.equal((await fetch(run.html_url ?? '')).status, 200);
      } finally {
        delete process.env.GITHUB_TOKEN;
        delete process.env.NODE_TEST_CONTEXT;
      }
    });

    it('fails a head whose npm test fails, and passes it when the fix is pushed', async () => {
      const test = 'node check.js';
      const sha = await openPull({ 'package.json': manifest(test), 'check.js': 'throw new Error("broken shop")' });
      const run = await completedRun(sha);
      assert.equal(run.conclusion, 'failure');
      assert.match(run.output.summary ?? '', /broken shop/);
      assert.equal((await api.must<PullJson>(200, 'GET', `${repo}/pulls/1`)).body.mergeable_state, 'unstable');
      const fixed = await pusher.push(cloneUrl(), 'feature', 'feature', { 'check.js': '' });
      assert.equal((await completedRun(fixed)).conclusion, 'success');
    });

    it('passes a head that has no npm test', async () => {
      const sha = await openPull({ 'package.json': '{}' });
      const run = await completedRun(sha);
      assert.equal(run.conclusion, 'success');
      assert.equal(run.output.summary, 'no checks configured');
    });

    it('leaves no process when it is closed, and runs the check again after the next start', async () => {
      const note = join(folder.path, 'pids');
      const started = join(folder.path, 'started');
      const check = `
        const { spawn } = require('node:child_process');
        const { existsSync, writeFileSync } = require('node:fs');
        if (!existsSync(${JSON.stringify(started)})) {
          const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
          writeFileSync(${JSON.stringify(started)}, '');
          writeFileSync(${JSON.stringify(note)}, process.pid + ' ' + child.pid + ' .');
          setInterval(() => {}, 1000);
        }`;
      const sha = await openPull({ 'package.json': manifest('node check.js'), 'check.js': check });
      const pids = await until(async () => {
        const parts = existsSync(note) ? readFileSync(note, 'utf8').split(' ') : [];
        return parts.length === 3 ? parts.slice(0, 2).map(Number) : null;
      });
      await standIn.close();
      for (const pid of pids) {
        // The killed process may be a zombie until its new parent has read its end.
        await until(async () => (isRunning(pid) ? null : true));
      }
      await start(true);
      assert.equal((await completedRun(sha)).conclusion, 'success');
    });
  });

  it('goes on after a restart with everything it had', async () => {
    await start(false);
    const { token } = standIn;
    const head = await openPull({ 'a.txt': 'a' });
    await api.must(201, 'POST', `${repo}/statuses/${head}`, { state: 'success', context: 'ci' });
    await api.must(201, 'POST', `${repo}/issues/1/comments`, { body: 'Kept' });
    const before = (await api.must<PullJson>(200, 'GET', `${repo}/pulls/1`)).body;
    await standIn.close();
    await standIn.close();
    await assert.rejects(fetch(`${standIn.url}/`));
    await start(false);
    assert.equal(standIn.token, token);
    const after = (await api.must<PullJson>(200, 'GET', `${repo}/pulls/1`)).body;
    assert.deepEqual(
      [after.id, after.head.sha, after.comments, after.created_at],
      [before.id, before.head.sha, 1, before.created_at],
    );
    assert.equal(
      (await api.must<{ state: string }>(200, 'GET', `${repo}/commits/${head}/status`)).body.state,
      'success',
    );
    assert.equal((await pusher.tip(cloneUrl(), 'feature')).commit, head);
  });

  it('starts although a repository was damaged, and says which', async () => {
    await start(false);
    await openPull({ 'a.txt': 'a' });
    await api.must(201, 'POST', '/user/repos', { name: 'other' });
    await standIn.close();
    rmSync(join(folder.path, 'data', 'repos', 'local-developer', 'shop.git'), { recursive: true });
    const warned: unknown[] = [];
    const log = {
      info: () => {},
      warn: (_: string, fields?: Record<string, unknown>) => void warned.push(fields?.name),
    };
    standIn = await startGithubStandIn({ dataDir: join(folder.path, 'data'), runChecks: false, log });
    assert.deepEqual(warned, ['shop']);
    const other = await fetch(`${standIn.apiUrl}/repos/local-developer/other/branches`, {
      headers: { authorization: `Bearer ${standIn.token}` },
    });
    assert.equal(other.status, 200);
  });
});

/** False for a process that is gone, and for one that has ended and is not yet collected. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/^\d+ \(.*\) [ZX] /.test(readFileSync(stat, 'utf8'));
}
