import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { createForge } from '../../src/adapters/github/forge.ts';
import type { Forge } from '../../src/core/ports.ts';
import { aBrief } from '../fakes/plan.ts';
import { changed, commitAll, event, moveMain, pushOn, replaceable } from './pull-request-people.ts';
import { holdForReview, IN_CI, type Opened, OpenPullRequest } from './pull-request-rig.ts';
import { finish, type Script, write } from './rig.ts';

describe('an open pull request', function () {
  this.timeout(120_000);
  const open = new OpenPullRequest();

  it('whose checks fail goes to an agent with the log, and is merged when they pass', async () => {
    await open.begin({ checks: [IN_CI], revision: { 'revision-checks-0': [write('fixed.txt', 'x\n')] } });
    const runId = await open.rig.start({ until: 'commit' });
    const view = await open.settledAs(runId, 'complete');
    const failed = open.ofType(runId, 'pull_request.checked').find(({ summary }) => summary.state === 'failed');
    assert.ok(failed, 'the checks failed first');
    const asked = open.rig.agent.requests.flatMap(({ messages }) =>
      messages.flatMap((m) => ('text' in m ? (m.text ?? '') : '')),
    );
    assert.ok(
      asked.some((text) => text.includes('Subtask: revision-checks-0') && text.includes(IN_CI)),
      'the log is told',
    );
    assert.doesNotMatch(open.rig.git('log', '--format=%B', view.mergeCommit ?? ''), /\$CI/, 'no log is in the history');
    assert.deepEqual(
      open.ofType(runId, 'pull_request.updated').map(({ reason, round }) => [reason, round]),
      [['checks', 1]],
    );
    assert.equal(view.forgeChecks?.state, 'passed');
    assert.ok((await open.mainFiles()).includes('fixed.txt'));
    assert.equal(
      open.rig.git('rev-parse', `${view.branch}^{tree}`),
      open.rig.git('rev-parse', `${view.mergeCommit}^{tree}`),
    );
  });

  it('whose failed checks an agent would silence by weakening a test is not pushed until the test is back', async () => {
    const sound = "import assert from 'node:assert';\nit('holds', () => assert.equal(sum(1, 2), 3));\n";
    const turns = [
      [write('fixed.txt', 'x\n'), write('test/sum.test.js', '\n')],
      [],
      [write('test/sum.test.js', sound)],
    ];
    const turn: Script['turn'] = (_id, index) => (turns[index]?.length ? turns[index] : [finish()]);
    const prepareWorkspace = (dir: string) => commitAll(dir, 'test', 'sum.test.js', sound);
    await open.begin({ checks: [IN_CI], turn }, undefined, { prepareWorkspace });
    const runId = await open.rig.start({ until: 'commit' });
    const view = await open.settledAs(runId, 'complete');
    const rounds = open.ofType(runId, 'subtask.checked').filter(({ subtaskId }) => subtaskId === 'revision-checks-0');
    assert.deepEqual(
      rounds.map(({ faults }) => faults.filter((fault) => fault.startsWith('test/sum.test.js')).length > 0),
      [true, false],
    );
    assert.equal(open.rig.git('show', `${view.mergeCommit}:test/sum.test.js`), sound);
  });

  it('whose checks go on failing waits after the configured rounds, with the work kept', async () => {
    await open.begin({ checks: [IN_CI], revision: { 'revision-checks-0': [write('other.txt', 'x\n')] } }, undefined, {
      adjust: (services) => ({ remote: { ...services.remote, revisionRounds: 1 } }),
    });
    const runId = await open.rig.start({ until: 'commit' });
    const view = await open.settledAs(runId, 'waiting');
    assert.deepEqual([view.waiting[0]?.gate, view.waiting[0]?.code], ['resume', 'checks_failed']);
    assert.equal(open.ofType(runId, 'pull_request.updated').length, 1);
    assert.equal(view.pullRequest?.state, 'open');
  });

  it('takes what a member asks for as a finding and answers it; a stranger is not heard', async () => {
    const asks: Opened = async (now, where, opened) => {
      holdForReview(now, where, opened);
      const at = { owner: where.owner, repo: where.name, pull_number: opened.number };
      await open.as('ghp_mira').rest.pulls.createReview({
        ...at,
        event: 'REQUEST_CHANGES',
        comments: [{ path: 'a/done.txt', line: 1, side: 'RIGHT', body: 'Say hello instead.' }],
      });
      await open.as(now.github.token).rest.issues.createComment({
        ...at,
        issue_number: opened.number,
        body: 'Our own words.',
      });
    };
    await open.begin({ revision: { 'revision-review-0': [write('a/done.txt', 'hello\n')] } }, asks);
    const runId = await open.rig.start({ until: 'commit' });
    await event(open.rig, runId, 'pull_request.updated');
    const [reviewed] = open.ofType(runId, 'pull_request.reviewed');
    assert.deepEqual(
      reviewed?.findings.map(({ file, line, message }) => [file, line, message]),
      [['a/done.txt', 1, 'mira: Say hello instead.']],
    );
    await event(open.rig, runId, 'pull_request.held');
    await open.approveAs('ghp_mira');
    const view = await open.settledAs(runId, 'complete');
    assert.equal(view.reviewFindings.length, 1);
    assert.equal(open.rig.git('show', `${view.mergeCommit}:a/done.txt`), 'hello\n');
  });

  it('shows a revision to the person before it is pushed', async () => {
    await open.begin({ checks: [IN_CI], revision: { 'revision-checks-0': [write('fixed.txt', 'x\n')] } });
    const runId = await open.rig.start({ until: 'commit', autoApprove: false });
    await open.settledAs(runId, 'waiting');
    await open.rig.app.dispatch({ type: 'approve', runId, gate: 'plan' });
    await open.settledAs(runId, 'waiting');
    await open.rig.app.dispatch({ type: 'approve', runId, gate: 'diff' });
    const again = await open.settledAs(runId, 'waiting');
    assert.equal(again.waiting[0]?.gate, 'diff');
    assert.ok(again.diff?.files.some((file) => file.path === 'fixed.txt'));
    assert.equal(open.ofType(runId, 'pull_request.updated').length, 0);
    await open.rig.app.dispatch({ type: 'approve', runId, gate: 'diff' });
    await open.settledAs(runId, 'complete');
  });

  it('is brought up to a main that has moved, and verified again, when nothing else is in the way', async () => {
    const looks = Promise.withResolvers<void>();
    let sinceMove = 0;
    const merge = (forge: Forge): Forge['merge'] => {
      return async (...args) => {
        const outcome = await forge.merge(...args);
        if (!args[2].holdsBase && sinceMove++ === 2) looks.resolve();
        return outcome;
      };
    };
    await open.begin({ checks: ['test -f a/done.txt'] }, holdForReview, {
      adjust: ({ forge }) => ({ forge: changed(forge, { merge: merge(forge) }) }),
    });
    const runId = await open.rig.start({ until: 'commit' });
    await event(open.rig, runId, 'pull_request.held');
    await moveMain(open.rig, open.repository, { 'theirs.txt': 'theirs\n' });
    await looks.promise;
    assert.equal(open.ofType(runId, 'pull_request.updated').length, 0, 'a push may cost approvals');
    await open.approveAs('ghp_mira');
    const view = await open.settledAs(runId, 'complete');
    assert.deepEqual(
      open.ofType(runId, 'pull_request.updated').map(({ reason }) => reason),
      ['base'],
    );
    const files = await open.mainFiles();
    assert.ok(files.includes('theirs.txt') && files.includes('a/done.txt'), files.join());
    const head = open.ofType(runId, 'pull_request.updated')[0]?.commit;
    assert.ok(
      open
        .ofType(runId, 'integration.checked')
        .some(({ evidence }) => evidence.some((entry) => entry.outcome === 'passed')),
    );
    assert.equal(open.rig.git('rev-parse', view.branch ?? '').trim(), head);
  });

  it('is joined by an agent where main conflicts, also while it waits for a review, and shown to the person', async () => {
    const turn: Script['turn'] = (id, index) =>
      index === 0 && id === 'merge-base-0:merge' ? [write('a/done.txt', 'x\ntheirs\n')] : [finish()];
    await open.begin({ checks: ['test -f a/done.txt'], turn }, holdForReview);
    const runId = await open.rig.start({ until: 'commit' });
    await event(open.rig, runId, 'pull_request.held');
    await moveMain(open.rig, open.repository, { 'a/done.txt': 'theirs\n' });
    await event(open.rig, runId, 'pull_request.updated');
    await open.approveAs('ghp_mira');
    const view = await open.settledAs(runId, 'complete');
    assert.equal(open.rig.git('show', `${view.mergeCommit}:a/done.txt`), 'x\ntheirs\n');
  });

  it('shows a revision without what came from main before it', async () => {
    const revision = { 'revision-review-1': [write('a/done.txt', 'hello\n')] };
    let isAsked = false;
    const merge = (forge: Forge): Forge['merge'] => {
      return async (...args) => {
        if (isAsked || !args[2].holdsBase) return forge.merge(...args);
        isAsked = true;
        await open.as('ghp_mira').rest.issues.createComment({
          ...open.place(),
          issue_number: open.pull.number,
          body: '/revise Say hello.',
        });
        return { held: 'not yet', state: 'waiting' };
      };
    };
    const moves: Opened = (now, where) => moveMain(now, where, { 'theirs.txt': 'theirs\n' });
    await open.begin({ revision }, moves, {
      adjust: ({ forge }) => ({ forge: changed(forge, { merge: merge(forge) }) }),
    });
    const runId = await open.rig.start({ until: 'commit' });
    const view = await open.settledAs(runId, 'complete');
    assert.deepEqual(
      open.ofType(runId, 'pull_request.updated').map(({ reason }) => reason),
      ['base', 'review'],
    );
    assert.equal(open.ofType(runId, 'diff.proposed').length, 2);
    assert.deepEqual(
      view.diff?.files.map((file) => file.path),
      ['a/done.txt', '.github/workflows/ci.yml'],
    );
  });

  it('takes in what somebody pushes to its branch, and is merged with it', async () => {
    await open.begin({ checks: [IN_CI] }, undefined, {
      adjust: (services) => ({ remote: { ...services.remote, revisionRounds: 0 } }),
    });
    const runId = await open.rig.start({ until: 'commit' });
    const waiting = await open.settledAs(runId, 'waiting');
    assert.match(waiting.waiting[0]?.message ?? '', /Mend it on the branch/);
    const theirs = await pushOn(open.rig, open.repository, open.pull.headBranch, { 'fixed.txt': 'x\n' });
    await open.rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    const view = await open.settledAs(runId, 'complete');
    assert.equal(
      open.rig.git('rev-parse', `${view.mergeCommit}^2`).trim(),
      theirs,
      'no commit of ours on top of theirs',
    );
    assert.equal(open.rig.git('rev-parse', view.branch ?? '').trim(), theirs);
  });

  it('is joined with what somebody has pushed while a revision was under way', async () => {
    const revision = { 'revision-checks-0': [write('fixed.txt', 'x\n')] };
    let theirs: Promise<string> | null = null;
    await open.begin({ checks: [IN_CI], revision }, undefined, {
      adjust: ({ forge }) => ({
        forge: changed(forge, {
          failedLogs: async (...args) => {
            theirs ??= pushOn(open.rig, open.repository, open.pull.headBranch, { 'theirs.txt': 'x\n' });
            await theirs;
            return forge.failedLogs(...args);
          },
        }),
      }),
    });
    await open.settledAs(await open.rig.start({ until: 'commit' }), 'complete');
    const files = await open.mainFiles();
    assert.ok(files.includes('theirs.txt') && files.includes('fixed.txt'), files.join());
  });

  it('that somebody merges with more on it waits for a word, and goes on with what was merged', async () => {
    await open.begin({}, async ({ github }, where, opened) => {
      await pushOn(open.rig, where, opened.headBranch, { 'theirs.txt': 'x\n' });
      github.setRules(where.owner, where.name, 'main', []);
      const at = { owner: where.owner, repo: where.name, pull_number: opened.number };
      await open.as('ghp_mira').rest.pulls.merge({ ...at, merge_method: 'squash' });
    });
    const runId = await open.rig.start({ until: 'commit' });
    const waiting = await open.settledAs(runId, 'waiting');
    assert.match(waiting.waiting[0]?.message ?? '', /Somebody merged the pull request .* Resume the run/);
    await open.rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    const view = await open.settledAs(runId, 'complete');
    const [merged] = open.ofType(runId, 'pull_request.merged');
    assert.equal(merged?.before, open.rig.git('rev-parse', `${view.mergeCommit}^`).trim());
  });

  it('whose branch somebody has rewritten waits, with the commit to put back', async () => {
    await open.begin({}, async (now, where, opened) => {
      const other = now.git('rev-parse', `${now.git('rev-parse', 'HEAD').trim()}^`).trim();
      const authorization = `http.extraHeader=Authorization: ${now.services.forge.gitAuthorization()}`;
      const target = `+${other}:refs/heads/${opened.headBranch}`;
      const push = ['-c', authorization, 'push', '--quiet', where.cloneUrl, target];
      await promisify(execFile)('git', push, { cwd: now.workspaceDir });
    });
    const runId = await open.rig.start({ until: 'commit' });
    const [wait] = (await open.settledAs(runId, 'waiting')).waiting;
    assert.equal(wait?.gate, 'resume');
    assert.match(wait?.message ?? '', /rewritten the branch .* Put it back/);
  });

  for (const method of ['squash', 'rebase', 'merge'] as const) {
    it(`that somebody merges (${method}) after main moved is told with where main was`, async () => {
      let theirs = '';
      await open.begin({}, async (now, where, opened) => {
        theirs = await moveMain(now, where, { 'theirs.txt': 'theirs\n' });
        const at = { owner: where.owner, repo: where.name, pull_number: opened.number };
        await open.as('ghp_mira').rest.pulls.merge({ ...at, merge_method: method });
      });
      const runId = await open.rig.start({ until: 'commit' });
      await open.settledAs(runId, 'complete');
      assert.equal(open.ofType(runId, 'pull_request.merged')[0]?.before, theirs);
    });
  }

  it('that went with its branch is opened anew when the run is resumed', async () => {
    await open.begin({}, async (now, { cloneUrl }, opened) => {
      if (opened.number > 1) return;
      const authorization = `http.extraHeader=Authorization: ${now.services.forge.gitAuthorization()}`;
      const remove = ['-c', authorization, 'push', '--quiet', cloneUrl, `:refs/heads/${opened.headBranch}`];
      await promisify(execFile)('git', remove, { cwd: now.workspaceDir });
    });
    const runId = await open.rig.start({ until: 'commit' });
    const waiting = await open.settledAs(runId, 'waiting');
    assert.match(waiting.waiting[0]?.message ?? '', /deleted the branch orchestrator\/sample/);
    await open.rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    const view = await open.settledAs(runId, 'complete');
    assert.equal(view.pullRequest?.number, 2);
    assert.ok((await open.mainFiles()).includes('a/done.txt'));
  });

  it('waits with its work kept when the token is revoked meanwhile, and goes on with a new one', async () => {
    let renewed: Forge | null = null;
    await open.begin({}, ({ github }) => renewed === null && github.revoke('ghp_first'), {
      github: { tokens: ['ghp_first', 'ghp_second'] },
      adjust: ({ forge }) => ({ forge: replaceable(forge, () => renewed) }),
    });
    const runId = await open.rig.start({ until: 'commit' });
    const waiting = await open.settledAs(runId, 'waiting');
    assert.deepEqual([waiting.waiting[0]?.gate, waiting.waiting[0]?.code], ['resume', 'auth']);
    assert.match(waiting.waiting[0]?.message ?? '', /GITHUB_TOKEN/);
    assert.equal(waiting.pullRequest?.state, 'open');
    renewed = createForge({ token: 'ghp_second', apiUrl: open.rig.github.apiUrl });
    await open.rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    const view = await open.settledAs(runId, 'complete');
    assert.equal(view.pullRequest?.number, 1);
    assert.ok((await open.mainFiles()).includes('a/done.txt'));
  });

  it('brings the plan as a workflow to a project that has none, and leaves a project that has one alone', async () => {
    await open.begin({});
    const view = await open.settledAs(await open.rig.start({ until: 'review' }), 'complete');
    assert.deepEqual(
      view.diff?.files.map((file) => file.path),
      ['a/done.txt', '.github/workflows/ci.yml'],
    );
    const prepareWorkspace = (dir: string) => commitAll(dir, '.github/workflows', 'own.yml', 'on: push\njobs: {}\n');
    await open.begin({}, undefined, { prepareWorkspace });
    const own = await open.settledAs(await open.rig.start({ until: 'review' }), 'complete');
    assert.deepEqual(
      own.diff?.files.map((file) => file.path),
      ['a/done.txt'],
    );
  });

  it('goes through the merge queue of its branch', async () => {
    await open.begin({}, ({ github }, { owner, name }) =>
      github.setRules(owner, name, 'main', [{ type: 'merge_queue' }]),
    );
    const runId = await open.rig.start({ until: 'commit' });
    await open.settledAs(runId, 'complete');
    assert.match(open.ofType(runId, 'pull_request.held')[0]?.reason ?? '', /merge queue/);
    assert.ok((await open.mainFiles()).includes('a/done.txt'));
  });

  it('is a draft with labels and reviewers when that is configured, and made ready for the merge', async () => {
    const pullRequest = { draft: true, labels: ['bot'], reviewers: ['mira'], teamReviewers: [] };
    let wasDraft: boolean | undefined;
    await open.begin(
      {},
      async (now, { owner, name }, { number }) => {
        const { data } = await open.as(now.github.token).rest.pulls.get({ owner, repo: name, pull_number: number });
        wasDraft = data.draft;
      },
      { adjust: (services) => ({ remote: { ...services.remote, pullRequest } }) },
    );
    await open.settledAs(await open.rig.start({ until: 'commit' }), 'complete');
    const { data } = await open.as(open.rig.github.token).rest.pulls.get(open.place());
    assert.deepEqual([wasDraft, data.draft, data.merged], [true, false, true]);
    assert.deepEqual(
      data.labels.map((label) => label.name),
      ['bot'],
    );
    assert.deepEqual(
      data.requested_reviewers?.map((user) => user.login),
      ['mira'],
    );
  });

  it('begins with the template of the project', async () => {
    const prepareWorkspace = (dir: string) =>
      commitAll(dir, '.github', 'pull_request_template.md', '## Checklist\n- [ ] told the team\n');
    await open.begin({}, undefined, { prepareWorkspace });
    await open.settledAs(await open.rig.start({ until: 'commit' }), 'complete');
    const { data } = await open.as(open.rig.github.token).rest.pulls.get(open.place());
    assert.match(data.body ?? '', /^## Checklist\n- \[ \] told the team\n\n---\n\n## What\n/);
    assert.match(data.body ?? '', /## Evidence\n/);
  });

  it('closes the issue that the run was started from, in the repository of that issue', async () => {
    await open.begin({});
    const { forge } = open.rig.services;
    const wanted = { owner: null, name: 'shop', private: true, description: '' };
    const shop = await forge.ensureRepository(wanted, AbortSignal.timeout(10_000));
    const at = { owner: shop.owner, repo: shop.name };
    const made = await open
      .as(open.rig.github.token)
      .rest.issues.create({ ...at, title: 'Sell shoes', body: 'All sizes' });
    const issue = {
      owner: shop.owner,
      name: shop.name,
      number: made.data.number,
      url: made.data.html_url,
      title: 'Sell shoes',
    };
    const view = await open.settledAs(
      await open.rig.start({ until: 'commit', issue, brief: aBrief({ name: 'Shoes' }) }),
      'complete',
    );
    assert.equal(open.repository.name, 'shop');
    assert.deepEqual(view.issue, issue);
    const { data } = await open.as(open.rig.github.token).rest.issues.get({ ...at, issue_number: made.data.number });
    assert.equal(data.state, 'closed');
  });

  it('of an issue whose repository has another history is refused before any model is asked', async () => {
    await open.begin({}, undefined, { prepareWorkspace: (dir) => commitAll(dir, '.', 'own.txt', 'x\n') });
    const { forge, repository: git } = open.rig.services;
    const signal = AbortSignal.timeout(20_000);
    const wanted = { owner: null, name: 'shop', private: true, description: '' };
    const shop = await forge.ensureRepository(wanted, signal);
    const other = execFileSync('git', ['mktree'], { cwd: open.rig.workspaceDir, input: '' }).toString().trim();
    const commit = await git.commitTree(open.rig.workspaceDir, other, [], { subject: 'other', body: '', trailers: {} });
    await git.push(
      open.rig.workspaceDir,
      shop.cloneUrl,
      [{ commit, branch: 'main' }],
      forge.gitAuthorization(),
      signal,
    );
    const issue = { owner: shop.owner, name: 'shop', number: 1, url: `${shop.webUrl}/issues/1`, title: 'Sell shoes' };
    const runId = await open.rig.start({ until: 'commit', issue });
    const view = await open.settledAs(runId, 'waiting');
    assert.match(view.waiting[0]?.message ?? '', /no history in common .* start it in a clone/);
    assert.equal(open.rig.agent.requests.length + open.rig.lead.requests.length, 0);
  });

  it('is followed by the configured workflow, and a failing one waits', async () => {
    await open.begin({ checks: ['test "$GITHUB_EVENT_NAME" != workflow_dispatch'] }, undefined, {
      adjust: (services) => ({ remote: { ...services.remote, workflow: 'ci.yml' } }),
    });
    const runId = await open.rig.start({ until: 'commit' });
    const view = await open.settledAs(runId, 'waiting');
    assert.deepEqual([view.waiting[0]?.gate, view.waiting[0]?.code], ['resume', 'checks_failed']);
    assert.equal(view.workflow?.state, 'failed');
    assert.notEqual(view.mergeCommit, null);
  });
});
