import assert from 'node:assert/strict';
import type { Repository } from '../../src/core/ports.ts';
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
  /** After a push. */
  let onPushed: (url: string, branch: string) => Promise<void>;
  const whose = (repository: Repository): Repository => ({
    ...repository,
    push: async (dir, url, refspecs, authorization, signal) => {
      await repository.push(dir, url, refspecs, authorization, signal);
      await onPushed(url, refspecs[0]?.branch ?? '');
    },
  });
  beforeEach(async () => {
    onPushed = async () => {};
    deployer = createFakeDeployer();
    let pages = 0;
    const turn = (_id: string, number: number) => {
      if (number > 0) return [finish()];
      pages += 1;
      return [write('a/index.html', `<p>${pages}</p>\n`), write(`a/page-${pages}.html`, '<p>new</p>\n')];
    };
    rig = await open(
      { plan: () => plan, turn },
      { adjust: ({ repository }) => ({ deployer, repository: whose(repository) }) },
    );
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

  it('tell a later plan what is there, and a database that is not the one with the data is asked for', async () => {
    const asked = () => rig.lead.requests.filter(({ purpose }) => purpose === 'plan').map(({ input }) => input);
    await build([title]);
    plan = { ...plan, deployment: { ...plan.deployment, databaseId: 'crew2', sites: [aSite('front', { path: 'a' })] } };
    // The first question does not wait for what other services say.
    const { places } = deployer;
    const earlier = rig.lead.requests.length;
    let questions = 0;
    deployer.places = (...given) => {
      questions = rig.lead.requests.length - earlier;
      return places(...given);
    };
    const runId = await rig.start({ brief });
    const view = await rig.settled(runId);
    assert.equal(questions, 1);
    assert.doesNotMatch(asked()[0] ?? '', /Deployed by earlier plans/);
    assert.match(asked()[1] ?? '', /# Deployed by earlier plans\n- database "crew"\n- site "web"\n/);
    assert.deepEqual([view.status, view.waiting[0]?.gate], ['waiting', 'deployment']);
    const words =
      /create database crew2 \(a new, empty one; the data of this project is in "crew",.* reject to deploy nothing/;
    assert.match(view.waiting[0]?.message ?? '', words);
    assert.match(view.preview?.changes.find(({ kind }) => kind === 'site')?.detail ?? '', /"web" of this project/);

    const before = deployer.actions.length;
    await rig.app.dispatch({ type: 'reject', runId, comment: 'Keep the data.' });
    const rejected = await rig.settled(runId);
    assert.deepEqual([rejected.status, rejected.waiting[0]?.gate], ['waiting', 'resume']);
    assert.match(rejected.waiting[0]?.message ?? '', /Nothing was deployed: .*"crew2".*asked again/);
    assert.deepEqual(deployer.actions.slice(before), []);

    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    assert.equal((await rig.settled(runId)).waiting[0]?.gate, 'deployment');
    await rig.app.dispatch({ type: 'approve', runId, gate: 'deployment' });
    assert.equal((await rig.settled(runId)).status, 'complete');
    assert.ok(deployer.actions.slice(before).includes('create database crew2'));
  });

  for (const decision of ['approve', 'reject'] as const) {
    it(`that have come to lose something since the preview are asked for in the run: ${decision}`, async () => {
      await build([title, done]);
      const { preview } = deployer;
      deployer.preview = async (...args) => {
        const changes = await preview(...args);
        deployer.addRow('crew', 'notes', { done: true });
        return changes;
      };
      const { runId, view } = await build([title]);
      deployer.preview = preview;
      assert.deepEqual([view.status, view.waiting[0]?.gate], ['waiting', 'deployment']);
      assert.match(view.waiting[0]?.message ?? '', /delete column crew\/notes\/done/);
      assert.deepEqual(names(view.preview?.changes), ['delete column crew/notes/done']);
      await rig.app.dispatch(
        decision === 'approve'
          ? { type: 'approve', runId, gate: 'deployment' }
          : { type: 'reject', runId, comment: 'Keep it.' },
      );
      const end = await rig.settled(runId);
      assert.deepEqual([end.status, end.waiting], ['complete', []]);
      const isDone = deployer.actions.includes('delete column crew/notes/done');
      assert.equal(isDone, decision === 'approve');
      const database = end.deployments.find(({ kind }) => kind === 'database');
      assert.deepEqual(names(database?.left), isDone ? [] : ['delete column crew/notes/done']);
    });
  }

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
    const was = await rig.app.snapshot(second.runId);
    assert.deepEqual([was?.status, was?.url, was?.rolledBack?.by], ['complete', null, runId]);
    assert.deepEqual(names(was?.rolledBack?.done), undone);
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

  it('are not undone twice at a time, and a revert that is still proposed is not proposed again', async () => {
    await build([title]);
    const second = await build([title, done]);
    deployer.addRow('crew', 'notes', { done: true });
    const undo = () => rig.app.dispatch({ type: 'rollback', runId: second.runId });
    const first = (await undo()).runId;
    await rig.settled(first);
    await assert.rejects(undo(), { code: 'usage', userMessage: new RegExp(`run ${first} rolls it back already`) });
    await rig.app.dispatch({ type: 'reject', runId: first, comment: 'Keep it.' });
    const { pullRequest } = await rig.settled(first);
    const again = (await undo()).runId;
    await rig.settled(again);
    await rig.app.dispatch({ type: 'approve', runId: again, gate: 'deployment' });
    const view = await rig.settled(again);
    assert.ok(names(view.rollback?.done).includes('delete column crew/notes/done'));
    assert.deepEqual(view.pullRequest, pullRequest);
    assert.deepEqual(ofType(again, 'branch.pushed'), []);
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

  for (const [what, name] of [
    ['database', 'applyDatabase'],
    ['site', 'deploySite'],
  ] as const) {
    it(`are undone also when the run was cancelled while it deployed the ${what}`, async () => {
      await build([title]);
      const begun = Promise.withResolvers<void>();
      const deploy = deployer[name] as (...args: unknown[]) => Promise<unknown>;
      const hanging = async (...args: unknown[]) => {
        await deploy(...args);
        begun.resolve();
        const signal = args.find((one) => one instanceof AbortSignal);
        await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
      };
      Object.assign(deployer, { [name]: hanging });
      plan = planOf([title, done]);
      const runId = await rig.start({ brief });
      await begun.promise;
      await rig.app.dispatch({ type: 'cancel', runId });
      Object.assign(deployer, { [name]: deploy });
      const view = await rig.settled(runId);
      assert.equal(view.status, 'cancelled');
      assert.deepEqual(
        view.unfinished.map(({ kind }) => kind),
        [what],
      );
      const undo = await rig.app.dispatch({ type: 'rollback', runId });
      const undone = await rig.settled(undo.runId);
      assert.deepEqual([undone.status, undone.waiting], ['complete', []]);
      assert.ok(names(undone.rollback?.done).includes('delete column crew/notes/done'));
      const isUp = names(undone.rollback?.done).some((one) => one.startsWith('change deployment web/'));
      assert.equal(isUp, what === 'site');
    });
  }

  it('are told as undone as a whole when rolling back needed several attempts', async () => {
    await build([title]);
    const { runId } = await build([title, done]);
    const { rollBack } = deployer;
    const failed = new Set<string>();
    deployer.rollBack = async (deployment, ...rest) => {
      const undone = await rollBack(deployment, ...rest);
      if (failed.has(deployment.kind)) return undone;
      failed.add(deployment.kind);
      throw new AppError({ code: 'server', message: 'gone after the effect' });
    };
    const undo = await rig.app.dispatch({ type: 'rollback', runId });
    for (const _ of ['site', 'database']) {
      assert.equal((await rig.settled(undo.runId)).waiting[0]?.code, 'server');
      await rig.app.dispatch({ type: 'resume', runId: undo.runId, budgetUsd: null });
    }
    const view = await rig.settled(undo.runId);
    const undone = names(view.rollback?.done);
    assert.deepEqual(undone, names(view.preview?.changes));
    assert.ok(undone.includes('delete column crew/notes/done') && undone.length > 1, undone.join());
  });

  it('have one revert when its push was cut after the effect and main has moved since', async () => {
    const { runId, view } = await build([title]);
    const { repository, forge } = rig.services;
    const signal = AbortSignal.timeout(30_000);
    onPushed = async (url, branch) => {
      if (!branch.includes('revert')) return;
      onPushed = async () => {};
      const message = { subject: 'theirs', body: '', trailers: {} };
      const files = [{ path: 'theirs.txt', content: 'theirs\n' }];
      const theirs = await repository.commitFiles(rig.workspaceDir, view.mergeCommit ?? '', files, message);
      const push = [{ commit: theirs, branch: 'main' }];
      await repository.push(rig.workspaceDir, url, push, forge.gitAuthorization(), signal);
      throw new AppError({ code: 'transport', message: 'cut' });
    };
    const undo = await rig.app.dispatch({ type: 'rollback', runId });
    for (let gate = (await rig.settled(undo.runId)).waiting[0]; gate?.gate === 'deployment'; ) {
      await rig.app.dispatch({ type: 'approve', runId: undo.runId, gate: 'deployment' });
      gate = (await rig.settled(undo.runId)).waiting[0];
    }
    assert.equal((await rig.settled(undo.runId)).waiting[0]?.code, 'transport');
    await rig.app.dispatch({ type: 'resume', runId: undo.runId, budgetUsd: null });
    const end = await rig.settled(undo.runId);
    assert.deepEqual([end.status, end.waiting, end.pullRequest?.number], ['complete', [], 2]);
    assert.deepEqual(ofType(undo.runId, 'branch.pushed').length, 1);
  });

  it('of an older run are undone only when a person says so, once a newer run has deployed to the same', async () => {
    await build([title]);
    const second = await build([title, done]);
    const third = await build([title, done]);
    const undo = await rig.app.dispatch({ type: 'rollback', runId: second.runId });
    const waiting = await rig.settled(undo.runId);
    assert.equal(waiting.waiting[0]?.gate, 'deployment');
    const column = waiting.preview?.changes.find(({ id }) => id === 'crew/notes/done');
    assert.deepEqual([column?.action, column?.destructive], ['delete', true]);
    assert.match(column?.detail ?? '', new RegExp(`run ${third.runId} has deployed to it since`));
    const before = deployer.actions.length;
    await rig.app.dispatch({ type: 'reject', runId: undo.runId, comment: 'Leave it.' });
    const view = await rig.settled(undo.runId);
    assert.equal(view.status, 'complete');
    assert.deepEqual([view.rollback?.done, deployer.actions.slice(before)], [[], []]);
    const left = await rig.app.snapshot(second.runId);
    assert.deepEqual([left?.url, left?.rolledBack?.kept], [second.view.url, view.rollback?.kept]);
    assert.ok(view.rollback?.kept.some((text) => text.includes(`run ${third.runId} has deployed to it since`)));
    const newest = await rig.app.dispatch({ type: 'rollback', runId: third.runId });
    assert.deepEqual((await rig.settled(newest.runId)).waiting, []);
    const again = await rig.app.dispatch({ type: 'rollback', runId: second.runId });
    const undone = await rig.settled(again.runId);
    assert.deepEqual(undone.waiting, []);
    assert.ok(names(undone.rollback?.done).includes('delete column crew/notes/done'));
  });

  it('that a person left out are not undone with the rest', async () => {
    const indexed = (type: 'string' | 'integer') => {
      plan = planOf([title]);
      const key = { key: 'rank', type, size: type === 'string' ? 20 : null, required: false };
      plan.deployment.tables = [
        aTable('notes', {
          columns: [title, key],
          indexes: [{ key: 'by_rank', type: 'key', columns: ['rank'], orders: [] }],
        }),
      ];
      return rig.start({ brief });
    };
    await rig.settled(await indexed('string'));
    deployer.addRow('crew', 'notes', { rank: 'first' });
    const runId = await indexed('integer');
    assert.equal((await rig.settled(runId)).waiting[0]?.gate, 'deployment');
    await rig.app.dispatch({ type: 'reject', runId, comment: 'Keep it.' });
    const database = (await rig.settled(runId)).deployments.find((one) => one.kind === 'database');
    assert.deepEqual(names(database?.changes), []);
    assert.ok(names(database?.left).includes('create index crew/notes/by_rank'));
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
    await assert.rejects(rig.app.dispatch({ type: 'deploy', runId: undo.runId }), {
      code: 'usage',
      userMessage: /it is a rollback/,
    });
  });
});
