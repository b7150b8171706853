import assert from 'node:assert/strict';
import { AppError } from '../../src/protocol/errors.ts';
import type { DomainEvent } from '../../src/protocol/events.ts';
import type { Plan } from '../../src/protocol/plan.ts';
import { createFakeDeployer, type FakeDeployer } from '../fakes/deployer.ts';
import { aBrief, aPlan, aSite, aSubtask, aTable } from '../fakes/plan.ts';
import { finish, type Rig, useRigs, write } from './rig.ts';

const WANTED = { target: 'appwrite' as const, autoSetup: true, database: true, functions: false };
const brief = aBrief({ deployment: WANTED });
const title = { key: 'title', type: 'string' as const, size: 20, required: false };
const done = { ...title, key: 'done', type: 'boolean' as const, size: null };

function planOf(columns: (typeof title | typeof done)[]): Plan {
  return aPlan([aSubtask('a', { checks: [{ name: 'test', command: 'test -f a/index.html' }] })], {
    deployment: {
      databaseId: 'crew',
      tables: [aTable('notes', { columns })],
      functions: [],
      sites: [aSite('web', { path: 'a' })],
      liveChecks: [],
    },
  });
}

describe('the changes of a deployment', function () {
  this.timeout(60_000);
  const open = useRigs();
  let rig: Rig;
  let deployer: FakeDeployer;
  let plan: Plan;
  beforeEach(async () => {
    deployer = createFakeDeployer();
    let pages = 0;
    const turn = (_id: string, number: number) => {
      if (number > 0) return [finish()];
      pages += 1;
      return [write('a/index.html', `<p>${pages}</p>\n`), write(`a/page-${pages}.html`, '<p>new</p>\n')];
    };
    rig = await open({ plan: () => plan, turn }, { adjust: () => ({ deployer }) });
  });
  const ofType = <T extends DomainEvent['type']>(runId: string, type: T) =>
    rig.eventsOf(runId).filter((event): event is Extract<DomainEvent, { type: T }> => event.type === type);
  const build = async (columns: (typeof title | typeof done)[]) => {
    plan = planOf(columns);
    const runId = await rig.start({ brief });
    return { runId, view: await rig.settled(runId) };
  };
  const names = (changes: { action: string; kind: string; id: string }[] | undefined) =>
    (changes ?? []).map(({ action, kind, id }) => `${action} ${kind} ${id}`);

  it('are told before they are made, and are nothing the second time', async () => {
    const first = await build([title]);
    assert.equal(first.view.status, 'complete');
    const order = rig.eventsOf(first.runId).map((event) => event.type);
    assert.ok(order.indexOf('deployment.previewed') < order.indexOf('deployment.started'));
    assert.ok(names(first.view.preview?.changes).includes('create table crew/notes'));
    const database = first.view.deployments.find((one) => one.kind === 'database');
    assert.deepEqual(
      names(database?.changes),
      names(first.view.preview?.changes).filter((name) => /crew/.test(name)),
    );
    const second = await build([title]);
    assert.equal(second.view.status, 'complete');
    assert.deepEqual(second.view.preview?.changes, []);
  });

  it('wait for a person when something would be lost, even in a run that approves everything; approving makes them', async () => {
    await build([title, done]);
    deployer.addRow('crew', 'notes', { done: true });
    const { runId, view } = await build([title]);
    assert.deepEqual([view.status, view.waiting[0]?.gate], ['waiting', 'deployment']);
    assert.match(view.waiting[0]?.message ?? '', /delete column crew\/notes\/done/);
    const before = deployer.actions.length;
    await rig.app.dispatch({ type: 'approve', runId, gate: 'deployment' });
    assert.equal((await rig.settled(runId)).status, 'complete');
    assert.ok(deployer.actions.slice(before).includes('delete column crew/notes/done'));
    assert.deepEqual(
      ofType(runId, 'deployment.approved').map((event) => event.destructive),
      [true],
    );
  });

  it('are left out when the person rejects them, and the rest is done', async () => {
    await build([title, done]);
    deployer.addRow('crew', 'notes', { done: true });
    const { runId } = await build([title]);
    const before = deployer.actions.length;
    await rig.app.dispatch({ type: 'reject', runId, comment: 'Keep it.' });
    const view = await rig.settled(runId);
    assert.equal(view.status, 'complete');
    const since = deployer.actions.slice(before);
    assert.ok(!since.some((action) => action.startsWith('delete')), since.join());
    assert.ok(since.some((action) => action.startsWith('upload site web')));
  });

  it('are undone in one action: what was before is active, what was added and is empty goes, a revert is proposed', async () => {
    const first = await build([title]);
    const second = await build([title, done]);
    const site = second.view.deployments.find((one) => one.kind === 'site');
    assert.ok(site?.previousDeploymentId);
    const { runId } = await rig.app.dispatch({ type: 'rollback', runId: second.runId });
    const view = await rig.settled(runId);
    assert.deepEqual([view.status, view.purpose, view.undoes], ['complete', 'rollback', second.runId]);
    assert.deepEqual(view.waiting, []);
    const undone = names(view.rollback?.done);
    assert.ok(undone.includes('delete column crew/notes/done'), undone.join());
    assert.ok(
      undone.some((name) => name.endsWith('deployment web') || name.startsWith('change')),
      undone.join(),
    );
    assert.match(view.pullRequest?.headBranch ?? '', /^orchestrator\/revert-sample-/);
    assert.equal(view.pullRequest?.state, 'open');
    const pushed = ofType(runId, 'branch.pushed')[0]?.commit ?? '';
    const tree = (commit: string | null) => rig.git('rev-parse', `${commit}^{tree}`).trim();
    assert.equal(tree(pushed), tree(first.view.mergeCommit));
    assert.equal(rig.git('rev-parse', `${pushed}^1`).trim(), second.view.mergeCommit);
  });

  it('are reverted once, also when the answer to the push was lost and main has moved since', async () => {
    await build([title]);
    const { runId, view } = await build([title, done]);
    const { repository, forge } = rig.services;
    const { push } = repository;
    let pushes = 0;
    repository.push = async (repoDir, url, refspecs, authorization, signal) => {
      await push(repoDir, url, refspecs, authorization, signal);
      pushes += 1;
      if (pushes > 1) return;
      const entries = [{ path: 'theirs.txt', content: 'x\n' }];
      const message = { subject: 'theirs', body: '', trailers: {} };
      const commit = await repository.commitFiles(repoDir, view.mergeCommit ?? '', entries, message);
      await push(repoDir, url, [{ commit, branch: 'main' }], forge.gitAuthorization(), signal);
      throw new AppError({ code: 'transport', message: 'the connection broke after the effect' });
    };
    const undo = await rig.app.dispatch({ type: 'rollback', runId });
    assert.equal((await rig.settled(undo.runId)).waiting[0]?.code, 'transport', 'it waits');
    await rig.app.dispatch({ type: 'resume', runId: undo.runId, budgetUsd: null });
    const undone = await rig.settled(undo.runId);
    assert.deepEqual([undone.status, undone.pullRequest?.state], ['complete', 'open'], JSON.stringify(undone.waiting));
  });

  it('are not undone where rows would be lost, unless a person says so', async () => {
    await build([title]);
    const second = await build([title, done]);
    deployer.addRow('crew', 'notes', { done: true });
    const { runId } = await rig.app.dispatch({ type: 'rollback', runId: second.runId });
    const waiting = await rig.settled(runId);
    assert.equal(waiting.waiting[0]?.gate, 'deployment');
    await rig.app.dispatch({ type: 'reject', runId, comment: 'Keep it.' });
    const view = await rig.settled(runId);
    assert.equal(view.status, 'complete');
    assert.ok(!names(view.rollback?.done).includes('delete column crew/notes/done'));
    assert.ok(
      view.rollback?.kept.some((text) => text.includes('done')),
      view.rollback?.kept.join(),
    );
  });

  it('are journalled and undone as a whole when the deployment needed several attempts', async () => {
    await build([title]);
    const apply = deployer.applyDatabase;
    let attempts = 0;
    deployer.applyDatabase = async (...args) => {
      const deployment = await apply(...args);
      attempts += 1;
      if (attempts === 1) throw new AppError({ code: 'server', message: 'gone after the effect' });
      return deployment;
    };
    const { runId, view } = await build([title, done]);
    assert.equal(view.waiting[0]?.code, 'server');
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    const whole = await rig.settled(runId);
    const database = whole.deployments.find((one) => one.kind === 'database');
    assert.deepEqual(names(database?.changes), ['create column crew/notes/done']);
    const undo = await rig.app.dispatch({ type: 'rollback', runId });
    assert.ok(names((await rig.settled(undo.runId)).rollback?.done).includes('delete column crew/notes/done'));
  });

  it('are refused to be undone with the reason: nothing deployed, still at work, or a rollback itself', async () => {
    const refused = (runId: string, userMessage: RegExp) =>
      assert.rejects(rig.app.dispatch({ type: 'rollback', runId }), { code: 'usage', userMessage });
    plan = planOf([title]);
    const early = await rig.start({ brief, until: 'build' });
    await rig.settled(early);
    await refused(early, /deployed nothing and merged nothing/);
    const { runId } = await build([title]);
    const undo = await rig.app.dispatch({ type: 'rollback', runId });
    await rig.settled(undo.runId);
    await refused(undo.runId, /is a rollback itself/);
  });
});
