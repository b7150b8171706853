import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { Octokit } from '@octokit/rest';
import { createForge } from '../../src/adapters/github/forge.ts';
import type { Forge, ForgeRepository } from '../../src/core/ports.ts';
import type { DomainEvent } from '../../src/protocol/events.ts';
import type { PullRequest } from '../../src/protocol/work.ts';
import { aBrief, aPlan, aSubtask } from '../fakes/plan.ts';
import {
  changed,
  commitAll,
  event,
  moveMain,
  observed,
  pushOn,
  replaceable,
  reviewRule,
} from './pull-request-people.ts';
import { type Call, finish, type Rig, type RigOptions, type Script, useRigs, write } from './rig.ts';

const USERS = [
  { login: 'mira', token: 'ghp_mira', association: 'MEMBER' as const },
  { login: 'stranger', token: 'ghp_stranger', association: 'NONE' as const },
];
/** The work passes everywhere, except on GitHub without `fixed.txt`. */
const IN_CI = 'test "$CI" != true -o -f fixed.txt';

type Opened = (rig: Rig, repository: ForgeRepository, pull: PullRequest) => unknown;

describe('an open pull request', function () {
  this.timeout(120_000);
  const open = useRigs();
  let rig: Rig;
  let repository: ForgeRepository;
  let pull: PullRequest;

  /** `onOpened` runs before the run sees that its pull request is there. */
  const begin = async (
    script: { revision?: Record<string, Call[]>; checks?: string[]; turn?: Script['turn'] },
    onOpened: Opened = () => {},
    options: RigOptions = {},
  ): Promise<Rig> => {
    const plan = aPlan([aSubtask('a', { checks: [{ name: 't', command: 'test -f a/done.txt' }] })], {
      integrationChecks: (script.checks ?? []).map((command) => ({ name: 'all', command })),
    });
    const turn: Script['turn'] = (id, index, request) => {
      if (script.turn !== undefined && id !== 'a') return script.turn(id, index, request);
      const work = id === 'a' ? [write('a/done.txt', 'x\n')] : (script.revision?.[id] ?? []);
      return index === 0 && work.length > 0 ? work : [finish()];
    };
    rig = await open(
      { plan, turn },
      {
        ...options,
        ciWorkflow: true,
        github: { users: USERS, ...options.github },
        adjust: (services) => ({
          ...options.adjust?.(services),
          forge: observed(options.adjust?.(services).forge ?? services.forge, async (where, opened) => {
            repository = where;
            pull = opened;
            await onOpened(rig, where, opened);
          }),
        }),
      },
    );
    return rig;
  };
  const as = (token: string) => new Octokit({ auth: token, baseUrl: rig.github.apiUrl });
  const place = () => ({ owner: repository.owner, repo: repository.name, pull_number: pull.number });
  const holdForReview: Opened = ({ github }, { owner, name }) => github.setRules(owner, name, 'main', [reviewRule]);
  const approveAs = (token: string) => as(token).rest.pulls.createReview({ ...place(), event: 'APPROVE' });
  const ofType = <T extends DomainEvent['type']>(runId: string, type: T) =>
    rig.eventsOf(runId).filter((event): event is Extract<DomainEvent, { type: T }> => event.type === type);
  const settledAs = async (runId: string, status: string) => {
    const view = await rig.settled(runId);
    assert.equal(view.status, status, JSON.stringify(view.waiting.map((wait) => wait.message)));
    return view;
  };
  const mainFiles = async () => {
    const { forge, repository: git } = rig.services;
    const signal = AbortSignal.timeout(20_000);
    const tip = await git.fetch(rig.workspaceDir, repository.cloneUrl, 'main', forge.gitAuthorization(), signal);
    return rig.git('ls-tree', '-r', '--name-only', tip).trim().split('\n');
  };

  it('whose checks fail goes to an agent with the log, and is merged when they pass', async () => {
    await begin({ checks: [IN_CI], revision: { 'revision-checks-0': [write('fixed.txt', 'x\n')] } });
    const runId = await rig.start({ until: 'commit' });
    const view = await settledAs(runId, 'complete');
    const failed = ofType(runId, 'pull_request.checked').find(({ summary }) => summary.state === 'failed');
    assert.ok(failed, 'the checks failed first');
    const asked = rig.agent.requests.flatMap(({ messages }) =>
      messages.flatMap((m) => ('text' in m ? (m.text ?? '') : '')),
    );
    assert.ok(
      asked.some((text) => text.includes('Subtask: revision-checks-0') && text.includes(IN_CI)),
      'the log is told',
    );
    assert.doesNotMatch(rig.git('log', '--format=%B', view.mergeCommit ?? ''), /\$CI/, 'no log is in the history');
    assert.deepEqual(
      ofType(runId, 'pull_request.updated').map(({ reason, round }) => [reason, round]),
      [['checks', 1]],
    );
    assert.equal(view.forgeChecks?.state, 'passed');
    assert.ok((await mainFiles()).includes('fixed.txt'));
    assert.equal(rig.git('rev-parse', `${view.branch}^{tree}`), rig.git('rev-parse', `${view.mergeCommit}^{tree}`));
  });

  it('whose checks go on failing waits after the configured rounds, with the work kept', async () => {
    await begin({ checks: [IN_CI], revision: { 'revision-checks-0': [write('other.txt', 'x\n')] } }, undefined, {
      adjust: (services) => ({ remote: { ...services.remote, revisionRounds: 1 } }),
    });
    const runId = await rig.start({ until: 'commit' });
    const view = await settledAs(runId, 'waiting');
    assert.deepEqual([view.waiting[0]?.gate, view.waiting[0]?.code], ['resume', 'checks_failed']);
    assert.equal(ofType(runId, 'pull_request.updated').length, 1);
    assert.equal(view.pullRequest?.state, 'open');
  });

  it('takes what a member asks for as a finding and answers it; a stranger is not heard', async () => {
    const asks: Opened = async (now, where, opened) => {
      holdForReview(now, where, opened);
      const at = { owner: where.owner, repo: where.name, pull_number: opened.number };
      await as('ghp_mira').rest.pulls.createReview({
        ...at,
        event: 'REQUEST_CHANGES',
        comments: [{ path: 'a/done.txt', line: 1, side: 'RIGHT', body: 'Say hello instead.' }],
      });
      await as(now.github.token).rest.issues.createComment({
        ...at,
        issue_number: opened.number,
        body: 'Our own words.',
      });
    };
    await begin({ revision: { 'revision-review-0': [write('a/done.txt', 'hello\n')] } }, asks);
    const runId = await rig.start({ until: 'commit' });
    await event(rig, runId, 'pull_request.updated');
    const [reviewed] = ofType(runId, 'pull_request.reviewed');
    assert.deepEqual(
      reviewed?.findings.map(({ file, line, message }) => [file, line, message]),
      [['a/done.txt', 1, 'mira: Say hello instead.']],
    );
    await event(rig, runId, 'pull_request.held');
    await approveAs('ghp_mira');
    const view = await settledAs(runId, 'complete');
    assert.equal(view.reviewFindings.length, 1);
    assert.equal(rig.git('show', `${view.mergeCommit}:a/done.txt`), 'hello\n');
  });

  it('shows a revision to the person before it is pushed', async () => {
    await begin({ checks: [IN_CI], revision: { 'revision-checks-0': [write('fixed.txt', 'x\n')] } });
    const runId = await rig.start({ until: 'commit', autoApprove: false });
    await settledAs(runId, 'waiting');
    await rig.app.dispatch({ type: 'approve', runId, gate: 'plan' });
    await settledAs(runId, 'waiting');
    await rig.app.dispatch({ type: 'approve', runId, gate: 'diff' });
    const again = await settledAs(runId, 'waiting');
    assert.equal(again.waiting[0]?.gate, 'diff');
    assert.ok(again.diff?.files.some((file) => file.path === 'fixed.txt'));
    assert.equal(ofType(runId, 'pull_request.updated').length, 0);
    await rig.app.dispatch({ type: 'approve', runId, gate: 'diff' });
    await settledAs(runId, 'complete');
  });

  it('is brought up to a main that has moved, and verified again', async () => {
    await begin({ checks: ['test -f a/done.txt'] }, holdForReview);
    const runId = await rig.start({ until: 'commit' });
    await event(rig, runId, 'pull_request.held');
    await moveMain(rig, repository, { 'theirs.txt': 'theirs\n' });
    await event(rig, runId, 'pull_request.updated');
    await approveAs('ghp_mira');
    const view = await settledAs(runId, 'complete');
    assert.equal(ofType(runId, 'pull_request.updated')[0]?.reason, 'base');
    const files = await mainFiles();
    assert.ok(files.includes('theirs.txt') && files.includes('a/done.txt'), files.join());
    const head = ofType(runId, 'pull_request.updated')[0]?.commit;
    assert.ok(
      ofType(runId, 'integration.checked').some(({ evidence }) => evidence.some((entry) => entry.outcome === 'passed')),
    );
    assert.equal(rig.git('rev-parse', view.branch ?? '').trim(), head);
  });

  it('is joined by an agent where main conflicts, and shown to the person', async () => {
    const turn: Script['turn'] = (id, index) =>
      index === 0 && id === 'merge-base-0:merge' ? [write('a/done.txt', 'x\ntheirs\n')] : [finish()];
    await begin({ checks: ['test -f a/done.txt'], turn }, holdForReview);
    const runId = await rig.start({ until: 'commit' });
    await event(rig, runId, 'pull_request.held');
    await moveMain(rig, repository, { 'a/done.txt': 'theirs\n' });
    await event(rig, runId, 'pull_request.updated');
    await approveAs('ghp_mira');
    const view = await settledAs(runId, 'complete');
    assert.equal(rig.git('show', `${view.mergeCommit}:a/done.txt`), 'x\ntheirs\n');
  });

  it('shows a revision without what came from main before it', async () => {
    const revision = { 'revision-review-1': [write('a/done.txt', 'hello\n')] };
    await begin({ revision }, holdForReview);
    const runId = await rig.start({ until: 'commit' });
    await event(rig, runId, 'pull_request.held');
    await moveMain(rig, repository, { 'theirs.txt': 'theirs\n' });
    await event(rig, runId, 'pull_request.updated');
    await as('ghp_mira').rest.issues.createComment({ ...place(), issue_number: pull.number, body: 'Say hello.' });
    await event(rig, runId, 'pull_request.reviewed');
    await approveAs('ghp_mira');
    const view = await settledAs(runId, 'complete');
    assert.equal(ofType(runId, 'diff.proposed').length, 2);
    assert.deepEqual(
      view.diff?.files.map((file) => file.path),
      ['.github/workflows/ci.yml', 'a/done.txt'],
    );
  });

  it('takes in what somebody pushes to its branch, and is merged with it', async () => {
    await begin({ checks: [IN_CI] }, undefined, {
      adjust: (services) => ({ remote: { ...services.remote, revisionRounds: 0 } }),
    });
    const runId = await rig.start({ until: 'commit' });
    const waiting = await settledAs(runId, 'waiting');
    assert.match(waiting.waiting[0]?.message ?? '', /Mend it on the branch/);
    const theirs = await pushOn(rig, repository, pull.headBranch, { 'fixed.txt': 'x\n' });
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    const view = await settledAs(runId, 'complete');
    assert.equal(rig.git('rev-parse', `${view.mergeCommit}^2`).trim(), theirs, 'no commit of ours on top of theirs');
    assert.equal(rig.git('rev-parse', view.branch ?? '').trim(), theirs);
  });

  it('is joined with what somebody has pushed while a revision was under way', async () => {
    const revision = { 'revision-checks-0': [write('fixed.txt', 'x\n')] };
    let theirs: Promise<string> | null = null;
    await begin({ checks: [IN_CI], revision }, undefined, {
      adjust: ({ forge }) => ({
        forge: changed(forge, {
          failedLogs: async (...args) => {
            theirs ??= pushOn(rig, repository, pull.headBranch, { 'theirs.txt': 'x\n' });
            await theirs;
            return forge.failedLogs(...args);
          },
        }),
      }),
    });
    await settledAs(await rig.start({ until: 'commit' }), 'complete');
    const files = await mainFiles();
    assert.ok(files.includes('theirs.txt') && files.includes('fixed.txt'), files.join());
  });

  it('that somebody merges with more on it waits for a word, and goes on with what was merged', async () => {
    await begin({}, async ({ github }, where, opened) => {
      await pushOn(rig, where, opened.headBranch, { 'theirs.txt': 'x\n' });
      github.setRules(where.owner, where.name, 'main', []);
      const at = { owner: where.owner, repo: where.name, pull_number: opened.number };
      await as('ghp_mira').rest.pulls.merge({ ...at, merge_method: 'squash' });
    });
    const runId = await rig.start({ until: 'commit' });
    const waiting = await settledAs(runId, 'waiting');
    assert.match(waiting.waiting[0]?.message ?? '', /Somebody merged the pull request .* Resume the run/);
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    const view = await settledAs(runId, 'complete');
    const [merged] = ofType(runId, 'pull_request.merged');
    assert.equal(merged?.before, rig.git('rev-parse', `${view.mergeCommit}^`).trim());
  });

  it('whose branch somebody has rewritten waits, with the commit to put back', async () => {
    await begin({}, async (now, where, opened) => {
      const other = now.git('rev-parse', `${now.git('rev-parse', 'HEAD').trim()}^`).trim();
      const authorization = `http.extraHeader=Authorization: ${now.services.forge.gitAuthorization()}`;
      const target = `+${other}:refs/heads/${opened.headBranch}`;
      const push = ['-c', authorization, 'push', '--quiet', where.cloneUrl, target];
      await promisify(execFile)('git', push, { cwd: now.workspaceDir });
    });
    const runId = await rig.start({ until: 'commit' });
    const [wait] = (await settledAs(runId, 'waiting')).waiting;
    assert.equal(wait?.gate, 'resume');
    assert.match(wait?.message ?? '', /rewritten the branch .* Put it back/);
  });

  for (const method of ['squash', 'rebase', 'merge'] as const) {
    it(`that somebody merges (${method}) after main moved is told with where main was`, async () => {
      let theirs = '';
      await begin({}, async (now, where, opened) => {
        theirs = await moveMain(now, where, { 'theirs.txt': 'theirs\n' });
        now.github.setRules(where.owner, where.name, 'main', []);
        const at = { owner: where.owner, repo: where.name, pull_number: opened.number };
        await as('ghp_mira').rest.pulls.merge({ ...at, merge_method: method });
      });
      const runId = await rig.start({ until: 'commit' });
      await settledAs(runId, 'complete');
      assert.equal(ofType(runId, 'pull_request.merged')[0]?.before, theirs);
    });
  }

  it('that went with its branch is opened anew when the run is resumed', async () => {
    await begin({}, async (now, { cloneUrl }, opened) => {
      if (opened.number > 1) return;
      const authorization = `http.extraHeader=Authorization: ${now.services.forge.gitAuthorization()}`;
      const remove = ['-c', authorization, 'push', '--quiet', cloneUrl, `:refs/heads/${opened.headBranch}`];
      await promisify(execFile)('git', remove, { cwd: now.workspaceDir });
    });
    const runId = await rig.start({ until: 'commit' });
    const waiting = await settledAs(runId, 'waiting');
    assert.match(waiting.waiting[0]?.message ?? '', /deleted the branch orchestrator\/sample/);
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    const view = await settledAs(runId, 'complete');
    assert.equal(view.pullRequest?.number, 2);
    assert.ok((await mainFiles()).includes('a/done.txt'));
  });

  it('waits with its work kept when the token is revoked meanwhile, and goes on with a new one', async () => {
    let renewed: Forge | null = null;
    await begin({}, ({ github }) => renewed === null && github.revoke('ghp_first'), {
      github: { tokens: ['ghp_first', 'ghp_second'] },
      adjust: ({ forge }) => ({ forge: replaceable(forge, () => renewed) }),
    });
    const runId = await rig.start({ until: 'commit' });
    const waiting = await settledAs(runId, 'waiting');
    assert.deepEqual([waiting.waiting[0]?.gate, waiting.waiting[0]?.code], ['resume', 'auth']);
    assert.match(waiting.waiting[0]?.message ?? '', /GITHUB_TOKEN/);
    assert.equal(waiting.pullRequest?.state, 'open');
    renewed = createForge({ token: 'ghp_second', apiUrl: rig.github.apiUrl });
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    const view = await settledAs(runId, 'complete');
    assert.equal(view.pullRequest?.number, 1);
    assert.ok((await mainFiles()).includes('a/done.txt'));
  });

  it('brings the plan as a workflow to a project that has none, and leaves a project that has one alone', async () => {
    await begin({});
    const view = await settledAs(await rig.start({ until: 'review' }), 'complete');
    assert.deepEqual(
      view.diff?.files.map((file) => file.path),
      ['.github/workflows/ci.yml', 'a/done.txt'],
    );
    const prepareWorkspace = (dir: string) => commitAll(dir, '.github/workflows', 'own.yml', 'on: push\njobs: {}\n');
    await begin({}, undefined, { prepareWorkspace });
    const own = await settledAs(await rig.start({ until: 'review' }), 'complete');
    assert.deepEqual(
      own.diff?.files.map((file) => file.path),
      ['a/done.txt'],
    );
  });

  it('goes through the merge queue of its branch', async () => {
    await begin({}, ({ github }, { owner, name }) => github.setRules(owner, name, 'main', [{ type: 'merge_queue' }]));
    const runId = await rig.start({ until: 'commit' });
    await settledAs(runId, 'complete');
    assert.match(ofType(runId, 'pull_request.held')[0]?.reason ?? '', /merge queue/);
    assert.ok((await mainFiles()).includes('a/done.txt'));
  });

  it('is a draft with labels and reviewers when that is configured, and made ready for the merge', async () => {
    const pullRequest = { draft: true, labels: ['bot'], reviewers: ['mira'], teamReviewers: [] };
    let wasDraft: boolean | undefined;
    await begin(
      {},
      async (now, { owner, name }, { number }) => {
        const { data } = await as(now.github.token).rest.pulls.get({ owner, repo: name, pull_number: number });
        wasDraft = data.draft;
      },
      { adjust: (services) => ({ remote: { ...services.remote, pullRequest } }) },
    );
    await settledAs(await rig.start({ until: 'commit' }), 'complete');
    const { data } = await as(rig.github.token).rest.pulls.get(place());
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
    await begin({}, undefined, { prepareWorkspace });
    await settledAs(await rig.start({ until: 'commit' }), 'complete');
    const { data } = await as(rig.github.token).rest.pulls.get(place());
    assert.match(data.body ?? '', /^## Checklist\n- \[ \] told the team\n\n---\n\n## What\n/);
    assert.match(data.body ?? '', /## Evidence\n/);
  });

  it('closes the issue that the run was started from, in the repository of that issue', async () => {
    await begin({});
    const { forge } = rig.services;
    const wanted = { owner: null, name: 'shop', private: true, description: '' };
    const shop = await forge.ensureRepository(wanted, AbortSignal.timeout(10_000));
    const at = { owner: shop.owner, repo: shop.name };
    const made = await as(rig.github.token).rest.issues.create({ ...at, title: 'Sell shoes', body: 'All sizes' });
    const issue = {
      owner: shop.owner,
      name: shop.name,
      number: made.data.number,
      url: made.data.html_url,
      title: 'Sell shoes',
    };
    const view = await settledAs(
      await rig.start({ until: 'commit', issue, brief: aBrief({ name: 'Shoes' }) }),
      'complete',
    );
    assert.equal(repository.name, 'shop');
    assert.deepEqual(view.issue, issue);
    const { data } = await as(rig.github.token).rest.issues.get({ ...at, issue_number: made.data.number });
    assert.equal(data.state, 'closed');
  });

  it('of an issue whose repository has another history is refused before any model is asked', async () => {
    await begin({}, undefined, { prepareWorkspace: (dir) => commitAll(dir, '.', 'own.txt', 'x\n') });
    const { forge, repository: git } = rig.services;
    const signal = AbortSignal.timeout(20_000);
    const wanted = { owner: null, name: 'shop', private: true, description: '' };
    const shop = await forge.ensureRepository(wanted, signal);
    const other = execFileSync('git', ['mktree'], { cwd: rig.workspaceDir, input: '' }).toString().trim();
    const commit = await git.commitTree(rig.workspaceDir, other, [], { subject: 'other', body: '', trailers: {} });
    await git.push(rig.workspaceDir, shop.cloneUrl, [{ commit, branch: 'main' }], forge.gitAuthorization(), signal);
    const issue = { owner: shop.owner, name: 'shop', number: 1, url: `${shop.webUrl}/issues/1`, title: 'Sell shoes' };
    const runId = await rig.start({ until: 'commit', issue });
    const view = await settledAs(runId, 'waiting');
    assert.match(view.waiting[0]?.message ?? '', /no history in common .* start it in a clone/);
    assert.equal(rig.agent.requests.length + rig.lead.requests.length, 0);
  });

  it('is followed by the configured workflow, and a failing one waits', async () => {
    await begin({ checks: ['test "$GITHUB_EVENT_NAME" != workflow_dispatch'] }, undefined, {
      adjust: (services) => ({ remote: { ...services.remote, workflow: 'ci.yml' } }),
    });
    const runId = await rig.start({ until: 'commit' });
    const view = await settledAs(runId, 'waiting');
    assert.deepEqual([view.waiting[0]?.gate, view.waiting[0]?.code], ['resume', 'checks_failed']);
    assert.equal(view.workflow?.state, 'failed');
    assert.notEqual(view.mergeCommit, null);
  });
});
