import assert from 'node:assert/strict';
import type { DomainEvent } from './events.ts';
import { emptyView, fold, type RunView } from './view.ts';
import type { Deployment, DeploymentChange } from './work.ts';

const at = (seq: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seq)).toISOString();
const viewOf = (events: DomainEvent[], from: RunView = emptyView('run')): RunView =>
  events.reduce(
    (view, event) => fold(view, { v: 1, runId: 'run', seq: view.seq + 1, at: at(view.seq + 1), event }),
    from,
  );

const created = (kind: DeploymentChange['kind'], id: string): DeploymentChange => ({
  ...{ action: 'create', kind, id, detail: '', destructive: false },
});
const web = created('site', 'web');
const [taken, domain] = [created('domain', 'web/a.example'), created('domain', 'web/b.example')];
const begun = (...changes: DeploymentChange[]): DomainEvent => ({
  ...{ type: 'deployment.changing', kind: 'site', id: 'web', mark: 'p/web', changes },
});
const upload = (deploymentId: string | null): DomainEvent => ({
  ...{ type: 'deployment.changing', kind: 'site', id: 'web', mark: 'p/web', changes: [] },
  ...{ deploymentId, previousDeploymentId: 'old' },
});
const finished = (change: Partial<Deployment>): DomainEvent => ({
  type: 'deployment.finished',
  deployment: {
    ...{ kind: 'site', id: 'web', mark: 'p/web', deploymentId: 'new', previousDeploymentId: 'old', status: 'ready' },
    ...{ url: 'https://web.example', logTail: '', durationMs: 1, changes: [], domains: [] },
    ...change,
  },
});

describe('deployments in the view', () => {
  it('hold what was begun as long as they have not finished, each change once', () => {
    const view = viewOf([begun(web), begun(web, domain), upload(null), upload('new')]);
    assert.deepEqual(view.deployments, []);
    const [one, ...others] = view.unfinished;
    assert.deepEqual(others, []);
    assert.deepEqual([one?.changes, one?.mark], [[web, domain], 'p/web']);
    assert.deepEqual([one?.deploymentId, one?.previousDeploymentId, one?.status], ['new', 'old', 'failed']);
    assert.deepEqual(viewOf([{ type: 'run.cancelled' }], view).unfinished, view.unfinished);
  });

  it('leave out what did not come about', () => {
    const refused: DomainEvent = { ...(begun() as Extract<DomainEvent, { mark: string }>), notMade: [taken] };
    const view = viewOf([begun(taken), refused, begun(domain)]);
    assert.deepEqual(view.unfinished[0]?.changes, [domain]);
  });

  it('have, when they finish, what earlier tries began and the last one did not find undone', () => {
    const left = created('column', 'web/x');
    const view = viewOf([begun(web, left), begun(domain), finished({ changes: [domain], left: [left] })]);
    assert.deepEqual(view.unfinished, []);
    assert.deepEqual(view.deployments[0]?.changes, [web, domain]);
  });

  it('are not live any more when another run has taken them out, and are when it left them', () => {
    const live: DomainEvent = { type: 'live.verified', results: [], url: 'https://web.example' };
    const done = viewOf([finished({}), live]);
    assert.equal(done.url, 'https://web.example');
    const undone = (changes: DeploymentChange[]) =>
      viewOf([{ type: 'run.rolled_back', by: 'other', done: changes, kept: ['rows'] }], done);
    const gone: DeploymentChange = { ...web, action: 'delete' };
    const back: DeploymentChange = { ...created('deployment', 'web/old'), action: 'change' };
    for (const change of [gone, back]) assert.equal(undone([change]).url, null);
    const setting: DeploymentChange = { ...web, action: 'change', detail: 'timeout: 1 -> 2' };
    for (const changes of [[], [setting]]) assert.equal(undone(changes).url, 'https://web.example');
    assert.deepEqual(undone([gone]).rolledBack, { by: 'other', at: at(3), done: [gone], kept: ['rows'] });
  });

  it('are apart by kind and id', () => {
    const api: DomainEvent = { ...(begun(web) as Extract<DomainEvent, { mark: string }>), kind: 'function' };
    const view = viewOf([begun(web), api, finished({})]);
    assert.deepEqual(
      view.unfinished.map(({ kind }) => kind),
      ['function'],
    );
  });
});
