import assert from 'node:assert/strict';
import type { DomainEvent } from '../../src/protocol/events.ts';
import { createFakeDeployer, type FakeDeployer } from '../fakes/deployer.ts';
import { aPlan, aSite, aSubtask } from '../fakes/plan.ts';
import { finish, openRig, type Rig, type Script, write } from './rig.ts';

const site = aSite('web', { name: 'Web', path: 'a' });
const plan = aPlan([aSubtask('a', { checks: [{ name: 'test', command: 'test -f a/index.html' }] })], {
  deployment: { databaseId: null, tables: [], functions: [], sites: [site], liveChecks: [] },
});
const types = (events: DomainEvent[]) => events.map((event) => event.type);

describe('deploying what an earlier run has merged', function () {
  this.timeout(60_000);
  let rig: Rig;
  let deployer: FakeDeployer;
  beforeEach(async () => {
    deployer = createFakeDeployer();
    let pages = 0;
    const turn: Script['turn'] = (_id, number) => {
      if (number > 0) return [finish()];
      pages += 1;
      return [write('a/index.html', '<p>live</p>\n'), write(`a/page-${pages}.html`, '<p>new</p>\n')];
    };
    rig = await openRig({ plan, turn }, { adjust: () => ({ deployer }) });
  });
  afterEach(() => rig.close());

  it('is a run of its own, with the same brief and plan and no model call', async () => {
    const runId = await rig.start({ until: 'commit' });
    const merged = await rig.settled(runId);
    assert.equal(merged.stoppedAfter, 'commit');
    assert.deepEqual(deployer.actions, []);
    const calls = rig.lead.requests.length + rig.agent.requests.length;

    const second = (await rig.app.dispatch({ type: 'deploy', runId })).runId;
    assert.match(second, /^sample-\w{6}$/);
    assert.notEqual(second, runId);
    const view = await rig.settled(second);
    assert.deepEqual([view.status, view.stoppedAfter, view.error], ['complete', 'deploy', null]);
    assert.deepEqual([view.brief, view.plan, view.workspaceDir], [merged.brief, merged.plan, merged.workspaceDir]);
    assert.equal(view.deployments[0]?.status, 'ready');
    assert.ok(view.url);
    assert.deepEqual(
      types(rig.eventsOf(second)).filter((type, index, all) => all.indexOf(type) === index),
      [
        'run.started',
        'stage.entered',
        'workspace.opened',
        'plan.proposed',
        'plan.approved',
        'deployment.previewed',
        'deployment.changing',
        'deployment.started',
        'deployment.finished',
        'live.verified',
        'run.completed',
      ],
    );
    assert.equal(rig.lead.requests.length + rig.agent.requests.length, calls);
    assert.equal((await rig.app.snapshot(runId))?.stoppedAfter, 'commit');
    assert.equal((await rig.app.list()).length, 2);
  });

  it('goes where a whole run of the same project goes', async () => {
    const first = await rig.start();
    await rig.settled(first);
    const [, place] = /upload site (\S+)/.exec(deployer.actions.join('\n')) ?? [];
    assert.ok(place);
    const runId = await rig.start({ until: 'commit' });
    assert.equal((await rig.settled(runId)).stoppedAfter, 'commit');
    const before = deployer.actions.length;
    await rig.settled((await rig.app.dispatch({ type: 'deploy', runId })).runId);
    assert.match(deployer.actions.slice(before).join('\n'), new RegExp(`upload site ${place} `));
  });

  it('goes to the same place when the repository was renamed meanwhile', async () => {
    await rig.settled(await rig.start());
    const [, place] = /upload site (\S+)/.exec(deployer.actions.join('\n')) ?? [];
    const { owner, name } = await rig.services.forge.ensureRepository(
      { owner: null, name: 'sample', private: true, description: '' },
      AbortSignal.timeout(10_000),
    );
    await rig.github.rename(owner, name, 'another-name');
    const before = deployer.actions.length;
    const view = await rig.settled(await rig.start());
    assert.deepEqual([view.status, view.waiting], ['complete', []]);
    assert.match(view.pullRequest?.url ?? '', /\/another-name\//);
    assert.match(deployer.actions.slice(before).join('\n'), new RegExp(`upload site ${place} `));
  });

  it('waits for an outside condition and goes on, as every run', async () => {
    const runId = await rig.start({ until: 'commit' });
    await rig.settled(runId);
    deployer.failBuild('web', 'no such file');
    const second = (await rig.app.dispatch({ type: 'deploy', runId })).runId;
    const waiting = await rig.settled(second);
    assert.equal(waiting.waiting[0]?.code, 'deployment_failed');
    await rig.app.dispatch({ type: 'resume', runId: second, budgetUsd: null });
    assert.equal((await rig.settled(second)).status, 'complete');
  });

  it('is refused with the reason for a run without merged work, and for one that has deployed', async () => {
    const refused = (runId: string, userMessage: RegExp) =>
      assert.rejects(rig.app.dispatch({ type: 'deploy', runId }), { code: 'usage', userMessage });
    const early = await rig.start({ until: 'build' });
    await rig.settled(early);
    await refused(early, /stopped after build, so nothing of it is merged/);
    const whole = await rig.start();
    await rig.settled(whole);
    await refused(whole, /has deployed already/);
    const asked = await rig.start({ autoApprove: false });
    await rig.settled(asked);
    await refused(asked, /it is waiting/);
    assert.equal((await rig.app.list()).length, 3);
  });
});
