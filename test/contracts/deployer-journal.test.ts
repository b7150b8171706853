import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Deployer, DeploymentJournal, Place, PlaceRequest } from '../../src/core/ports.ts';
import type { DeploymentNeeds } from '../../src/protocol/deployment-needs.ts';
import type { DomainEvent } from '../../src/protocol/events.ts';
import { emptyView, fold } from '../../src/protocol/view.ts';
import type { Deployment } from '../../src/protocol/work.ts';
import { useTraffic } from '../specs/traffic.ts';
import { type Subject, subjects } from './deployer-subjects.ts';
import { column, functionNeed, index, makeFolder, needsOf, siteNeed, table } from './deployer-support.ts';

const PROJECT = 'acme/crew';
const NAME = 'Crew';
const people = table('people', [column('name', { size: 100 })]);
const base: DeploymentNeeds = needsOf({
  databaseId: 'crew',
  tables: [people],
  functions: [functionNeed({ id: 'api' })],
  sites: [siteNeed({ id: 'web' })],
});
const later: DeploymentNeeds = {
  ...base,
  tables: [
    {
      ...people,
      columns: [...people.columns, column('age', { type: 'integer' })],
      indexes: [index('by_age', ['age'])],
    },
    table('tasks', [column('title', { size: 20 })]),
  ],
  functions: [functionNeed({ id: 'api', timeoutSeconds: 30, variables: [{ key: 'MODE', value: 'two' }] })],
};

/** What the events of a run say that a deployment has begun; aborts right after the entry with this number. */
function journals(stopAfter: number) {
  let view = emptyView('run');
  let count = 0;
  const stop = new AbortController();
  const add = (event: DomainEvent) => {
    view = fold(view, { v: 1, runId: 'run', seq: view.seq + 1, at: '2026-01-01T00:00:00.000Z', event });
    count += 1;
    if (count === stopAfter) stop.abort();
  };
  const of = (kind: Deployment['kind'], { id, mark }: Place): DeploymentJournal => {
    const about = { type: 'deployment.changing', kind, id, mark } as const;
    return {
      begin: (changes) => add({ ...about, changes: [...changes] }),
      notMade: (changes) => add({ ...about, changes: [], notMade: [...changes] }),
      upload: (deploymentId, previousDeploymentId) =>
        add({ ...about, changes: [], deploymentId, previousDeploymentId }),
    };
  };
  return { of, signal: stop.signal, unfinished: () => view.unfinished, count: () => count };
}
type Journals = ReturnType<typeof journals>;

for (const [name, start] of Object.entries(subjects)) {
  describe(`Deployer journal: ${name}`, function () {
    this.timeout(120_000);
    const watch = useTraffic({ requests: 'all' });
    const signal = new AbortController().signal;
    let subject: Subject;
    let deployer: Deployer;
    let source: Awaited<ReturnType<typeof makeFolder>>;
    beforeEach(async () => {
      subject = await start(watch);
      deployer = subject.deployer;
      source = await makeFolder({ 'main.js': 'export default async ({ res }) => res.text("a");', 'index.html': 'a' });
    });
    afterEach(async () => {
      await subject.close();
      await source.remove();
    });

    const placed = (request: PlaceRequest, journal: Journals) =>
      deployer.place(request, PROJECT, journal.signal, (place) =>
        journal
          .of(request.kind, place)
          .begin([{ action: 'create', kind: request.kind, id: place.id, detail: '', destructive: false }]),
      );
    const deploy = async (needs: DeploymentNeeds, journal: Journals): Promise<Deployment[]> => {
      const done: Deployment[] = [];
      const place = await placed({ kind: 'database', id: 'crew', name: NAME }, journal);
      const careful = { destructive: false };
      const database = journal.of('database', place);
      done.push(await deployer.applyDatabase(needs, place, NAME, careful, journal.signal, database));
      for (const need of needs.functions) {
        const at = await placed({ kind: 'function', need }, journal);
        const known = await deployer.knownDeployments('function', at.id, journal.signal);
        const api = journal.of('function', at);
        const given = { APPWRITE_DATABASE_ID: place.id };
        done.push(await deployer.deployFunction(need, at, source.dir, known, given, journal.signal, api));
      }
      for (const need of needs.sites) {
        const at = await placed({ kind: 'site', need }, journal);
        const known = await deployer.knownDeployments('site', at.id, journal.signal);
        done.push(await deployer.deploySite(need, at, source.dir, known, journal.signal, journal.of('site', at)));
      }
      return done;
    };
    const undo = async (deployments: readonly Deployment[]) => {
      for (const one of [...deployments].reverse()) await deployer.rollBack(one, { destructive: true }, signal);
    };
    const preview = (needs: DeploymentNeeds) => deployer.preview(needs, NAME, PROJECT, signal);

    it('hears of all that is done before it is done, or of what it is done with', async () => {
      const journal = journals(0);
      const done = await deploy(base, journal);
      const begun = journal.unfinished().flatMap(({ changes }) => changes.map(({ kind, id }) => `${kind} ${id}`));
      for (const { kind, id } of done.flatMap(({ changes }) => changes)) {
        const whole = `table ${id.split('/').slice(0, 2).join('/')}`;
        assert.ok(begun.includes(`${kind} ${id}`) || begun.includes(whole), `${kind} ${id}: ${begun}`);
      }
      const site = journal.unfinished().find(({ kind }) => kind === 'site');
      assert.equal(site?.deploymentId, done.find(({ kind }) => kind === 'site')?.deploymentId);
    });

    it('hears nothing when there is nothing to do', async () => {
      await deploy(base, journals(0));
      const journal = journals(0);
      await deploy(base, journal);
      assert.equal(journal.count(), 0);
    });

    it('has what a rollback needs, wherever a first deployment was cut off', async () => {
      const whole = await preview(base);
      for (let stopAfter = 1; ; stopAfter += 1) {
        const journal = journals(stopAfter);
        const isWhole = await deploy(base, journal).then(
          () => true,
          () => false,
        );
        await undo(journal.unfinished());
        assert.deepEqual(await preview(base), whole, `cut after entry ${stopAfter}`);
        if (isWhole) return assert.ok(stopAfter > 5, `${stopAfter}`);
      }
    });

    it('has what a rollback needs, wherever a later deployment was cut off', async () => {
      const first = await deploy(base, journals(0));
      const active = first.find(({ kind }) => kind === 'site')?.deploymentId;
      for (let stopAfter = 1; ; stopAfter += 1) {
        await writeFile(join(source.dir, 'index.html'), `changed ${stopAfter}`);
        const journal = journals(stopAfter);
        const isWhole = await deploy(later, journal).then(
          () => true,
          () => false,
        );
        await undo(journal.unfinished());
        // The variable of a function takes effect with a build only: that it went shows as an upload.
        const left = (await preview(base)).filter(({ kind }) => kind !== 'deployment');
        assert.deepEqual(left, [], `cut after entry ${stopAfter}`);
        assert.equal((await deployer.knownDeployments('site', 'web', signal))[0], active, `entry ${stopAfter}`);
        if (isWhole) return assert.ok(stopAfter > 5, `${stopAfter}`);
      }
    });
  });
}
