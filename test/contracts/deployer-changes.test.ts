import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Deployer } from '../../src/core/ports.ts';
import type { DeploymentNeeds, TableNeed } from '../../src/protocol/deployment-needs.ts';
import type { Deployment, DeploymentChange } from '../../src/protocol/work.ts';
import { useTraffic } from '../specs/traffic.ts';
import { type Subject, subjects } from './deployer-subjects.ts';
import { column, functionNeed, index, makeFolder, needsOf, siteNeed, table } from './deployer-support.ts';

const PROJECT = 'acme/crew';
const NAME = 'Crew';

const people = table('people', [column('name', { size: 100, required: true })], { permissions: ['read("any")'] });
const link = { table: 'people', kind: 'manyToOne', twoWayKey: 'tasks', onDelete: 'setNull' } as const;
const tasks = table(
  'tasks',
  [
    column('title', { size: 200, required: true }),
    column('state', { type: 'enum', elements: ['open', 'done'], default: 'open' }),
    column('rank', { type: 'integer', min: 0, max: 10 }),
    column('tags', { array: true, size: 20 }),
    column('mail', { type: 'email' }),
    column('note', { type: 'text' }),
    column('owner', { type: 'relationship', relationship: link }),
  ],
  { indexes: [index('by_state', ['state', 'title'], { orders: ['asc', 'desc'] })], rowSecurity: true },
);
const base: DeploymentNeeds = needsOf({
  databaseId: 'crew',
  tables: [people, tasks],
  functions: [
    functionNeed({ id: 'api', events: ['databases.crew.tables.tasks.rows.*.create'], schedule: '0 * * * *' }),
  ],
  sites: [siteNeed({ id: 'web', variables: [{ key: 'MODE', value: 'one' }] })],
});

const withTasks = (change: Partial<TableNeed>): DeploymentNeeds => ({
  ...base,
  tables: [people, { ...tasks, ...change }],
});
const without = (key: string) => tasks.columns.filter((one) => one.key !== key);
const replaced = (key: string, change: Parameters<typeof column>[1]) =>
  tasks.columns.map((one) => (one.key === key ? { ...one, ...change } : one));
const words = (changes: readonly DeploymentChange[]) =>
  changes.map(({ action, kind, id, destructive }) => `${action} ${kind} ${id}${destructive ? ' !' : ''}`);

/** Each of them is a plan beside `base`, and what is different. */
const variants: Record<string, { needs: DeploymentNeeds; expected: string[] }> = {
  'a column more and an index more': {
    needs: withTasks({
      columns: [...tasks.columns, column('due', { type: 'datetime' })],
      indexes: [...tasks.indexes, index('by_due', ['due'])],
    }),
    expected: ['create column crew/tasks/due', 'create index crew/tasks/by_due'],
  },
  'a longer text, another default, more values and other bounds': {
    needs: withTasks({
      columns: tasks.columns.map((one) => {
        if (one.key === 'title') return { ...one, size: 300 };
        if (one.key === 'state') return { ...one, default: 'done', elements: ['open', 'done', 'lost'] };
        return one.key === 'rank' ? { ...one, max: null } : one;
      }),
    }),
    expected: [
      ...['change column crew/tasks/title', 'change column crew/tasks/state', 'change column crew/tasks/state'],
      'change column crew/tasks/rank',
    ],
  },
  'a column less, in an empty table': {
    needs: withTasks({ columns: without('mail') }),
    expected: ['delete column crew/tasks/mail'],
  },
  'another type under an index, in an empty table': {
    needs: withTasks({ columns: replaced('state', { type: 'string', size: 20, elements: [] }) }),
    expected: [
      'delete index crew/tasks/by_state',
      'change column crew/tasks/state',
      'create index crew/tasks/by_state',
    ],
  },
  'a list that is none any more': {
    needs: withTasks({ columns: replaced('tags', { array: false }) }),
    expected: ['change column crew/tasks/tags'],
  },
  'another index of the same name, and permissions': {
    needs: withTasks({ indexes: [index('by_state', ['rank'])], permissions: ['write("users")'], rowSecurity: false }),
    expected: [
      ...['change table crew/tasks', 'change table crew/tasks', 'delete index crew/tasks/by_state'],
      'create index crew/tasks/by_state',
    ],
  },
  'a relationship less': {
    needs: withTasks({ columns: without('owner') }),
    expected: ['delete column crew/tasks/owner'],
  },
  'other settings that need no build': {
    needs: { ...base, functions: [functionNeed({ id: 'api', timeoutSeconds: 30, execute: [], events: [] })] },
    expected: ['change function api', 'change function api', 'change function api', 'change function api'],
  },
  'a setting that needs a build, a variable and a domain': {
    needs: {
      ...base,
      functions: [{ ...(base.functions[0] ?? functionNeed()), commands: 'true', domains: ['api.crew.example.org'] }],
      sites: [siteNeed({ id: 'web', variables: [{ key: 'MODE', value: 'two' }] })],
    },
    expected: [
      ...['change function api', 'create domain api/api.crew.example.org', 'create deployment api'],
      ...['change variable web/MODE', 'create deployment web'],
    ],
  },
  nothing: { needs: base, expected: [] },
};

for (const [name, start] of Object.entries(subjects)) {
  describe(`Deployer changes: ${name}`, () => {
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
    const watch = useTraffic({ requests: 'all' });

    const preview = (needs: DeploymentNeeds) => deployer.preview(needs, NAME, PROJECT, signal);
    const deploy = async (needs: DeploymentNeeds, destructive = false): Promise<Deployment[]> => {
      const done: Deployment[] = [];
      const variables: Record<string, string> = {};
      if (needs.databaseId !== null) {
        const request = { kind: 'database', id: needs.databaseId, name: NAME } as const;
        const place = await deployer.place(request, PROJECT, signal);
        variables.APPWRITE_DATABASE_ID = place.id;
        done.push(await deployer.applyDatabase(needs, place, NAME, { destructive }, signal));
      }
      for (const need of needs.functions) {
        const place = await deployer.place({ kind: 'function', need }, PROJECT, signal);
        const known = await deployer.knownDeployments('function', place.id, signal);
        done.push(await deployer.deployFunction(need, place, source.dir, known, variables, signal));
      }
      for (const need of needs.sites) {
        const place = await deployer.place({ kind: 'site', need }, PROJECT, signal);
        const known = await deployer.knownDeployments('site', place.id, signal);
        done.push(await deployer.deploySite(need, place, source.dir, known, signal));
      }
      return done;
    };
    const changesOf = (done: readonly Deployment[]) => done.flatMap(({ changes }) => changes);
    const inBase = (kind: Deployment['kind'], done: readonly Deployment[]): Deployment => {
      const found = done.find((one) => one.kind === kind);
      assert.ok(found);
      return found;
    };

    it('says beforehand what it makes of nothing, in the order in which it is made', async () => {
      const before = await preview(base);
      assert.deepEqual(words(before).slice(0, 4), [
        ...['create database crew', 'create table crew/people', 'create column crew/people/name'],
        'create table crew/tasks',
      ]);
      const linkAt = words(before).indexOf('create column crew/tasks/owner');
      assert.ok(linkAt > words(before).indexOf('create index crew/tasks/by_state'));
      const done = await deploy(base);
      assert.deepEqual(changesOf(done), before);
      assert.deepEqual(await preview(base), []);
    });

    it('says beforehand what it changes, whatever the plan changes, and then has nothing more to say', async () => {
      await deploy(base);
      for (const [what, { needs, expected }] of Object.entries(variants)) {
        const before = await preview(needs);
        assert.deepEqual(words(before), expected, what);
        const done = await deploy(needs);
        assert.deepEqual(changesOf(done), before, what);
        assert.deepEqual(await preview(needs), [], what);
        const variable = what.startsWith('a setting that needs a build');
        if (variable) for (const one of done) assert.equal(one.domains.length, one.kind === 'function' ? 1 : 0);
        await deploy(base, true);
      }
    });

    it('does nothing at all the second time', async () => {
      const first = await deploy(base);
      const second = await deploy(base);
      assert.deepEqual(changesOf(second), []);
      assert.deepEqual(
        second.map(({ deploymentId }) => deploymentId),
        first.map(({ deploymentId }) => deploymentId),
      );
      const nothing = { changes: [], irreversible: [] };
      assert.deepEqual(await deployer.previewRollback(second, signal), nothing);
    });

    it('loses data only when that is approved, and names what it left as it is', async () => {
      await deploy(base);
      await subject.addRow('crew', 'tasks', { title: 'one', mail: 'a@example.org' });
      const needs = withTasks({
        columns: without('mail').map((one) =>
          one.key === 'state' ? { ...one, type: 'string', size: 20, elements: [] } : one,
        ),
      });
      const before = await preview(needs);
      const destructive = ['delete column crew/tasks/mail !', 'change column crew/tasks/state !'];
      assert.deepEqual(words(before), [
        'delete index crew/tasks/by_state',
        ...destructive,
        'create index crew/tasks/by_state',
      ]);
      const careful = inBase('database', await deploy(needs));
      assert.deepEqual(careful.changes, []);
      assert.match(careful.logTail, /left as it is: column crew\/tasks\/mail/);
      assert.match(careful.logTail, /left as it is: column crew\/tasks\/state/);
      assert.deepEqual(await preview(needs), before);
      assert.deepEqual(inBase('database', await deploy(needs, true)).changes, before);
      assert.deepEqual(await preview(needs), []);
    });

    it('asks apart for what rows may not fit, in a table that has some, and makes the rest', async () => {
      await deploy(base);
      const needs = withTasks({
        columns: tasks.columns.map((one) => {
          if (one.key === 'tags') return { ...one, size: 10 };
          if (one.key === 'state') return { ...one, default: 'lost', elements: ['open', 'lost'] };
          if (one.key === 'rank') return { ...one, min: 5, max: null };
          return one.key === 'mail' ? { ...one, required: true } : one;
        }),
      });
      assert.ok(
        (await preview(needs)).every(({ destructive }) => !destructive),
        'the table is empty',
      );
      await subject.addRow('crew', 'tasks', { title: 'one', state: 'open', rank: 7, mail: 'a@example.org' });
      const before = await preview(needs);
      const at = 'change column crew/tasks';
      const easing = [`${at}/state`, `${at}/state`, `${at}/rank`];
      const tightening = [`${at}/state !`, `${at}/rank !`, `${at}/tags !`, `${at}/mail !`];
      assert.deepEqual(words(before).sort(), [...easing, ...tightening].sort());
      for (const one of before.filter(({ destructive }) => destructive)) assert.match(one.detail, /rows may not fit/);
      const careful = inBase('database', await deploy(needs));
      assert.deepEqual(words(careful.changes), easing);
      assert.deepEqual(words(careful.left ?? []), tightening);
      assert.deepEqual(words(await preview(needs)), tightening);
      const bold = inBase('database', await deploy(needs, true));
      assert.deepEqual(words(bold.changes), tightening);
      assert.deepEqual(await preview(needs), []);
      // Back again takes nothing away.
      const undone = await deployer.rollBack(bold, { destructive: false }, signal);
      assert.deepEqual([undone.done.length, undone.done.some(({ destructive }) => destructive)], [4, false]);
      assert.deepEqual(words(await preview(needs)), tightening);
    });

    it('asks apart before an undoing takes room away from rows', async () => {
      await deploy(base);
      const [done] = await deploy(withTasks({ columns: replaced('title', { size: 300 }) }));
      assert.ok(done);
      await subject.addRow('crew', 'tasks', { title: 'one' });
      const { changes } = await deployer.previewRollback([done], signal);
      assert.deepEqual(words(changes), ['change column crew/tasks/title !']);
      assert.deepEqual((await deployer.rollBack(done, { destructive: false }, signal)).done, []);
      assert.deepEqual((await deployer.rollBack(done, { destructive: true }, signal)).done, changes);
      assert.deepEqual(await preview(base), []);
    });

    it('leaves tables alone that the plan does not name', async () => {
      await deploy(base);
      const needs = { ...base, tables: [people] };
      assert.deepEqual(await preview(needs), []);
      assert.deepEqual(changesOf(await deploy(needs, true)), []);
      assert.deepEqual(await preview(base), []);
    });

    it('undoes a first deployment: what is empty goes, the rest only when that is approved', async () => {
      const done = (await deploy(base)).reverse();
      const plan = await deployer.previewRollback(done, signal);
      assert.deepEqual(words(plan.changes), [
        ...['delete site web !', 'delete function api !'],
        ...['delete table crew/tasks', 'delete table crew/people', 'delete database crew'],
      ]);
      const undone: DeploymentChange[] = [];
      for (const one of done) {
        const careful = await deployer.rollBack(one, { destructive: false }, signal);
        assert.equal(careful.kept.length, one.kind === 'database' ? 0 : 1);
        undone.push(...careful.done);
        undone.push(...(await deployer.rollBack(one, { destructive: true }, signal)).done);
        assert.deepEqual(await deployer.rollBack(one, { destructive: true }, signal), { done: [], kept: [] });
      }
      assert.deepEqual(undone, plan.changes);
      assert.equal((await preview(base))[0]?.kind, 'database');
    });

    it('undoes a later deployment: what was live before is live again, and what was added is gone', async () => {
      const first = await deploy(base);
      await writeFile(join(source.dir, 'index.html'), 'b');
      const later = {
        ...withTasks({
          columns: [...replaced('title', { size: 250 }), column('due', { type: 'datetime' })],
          indexes: [...tasks.indexes, index('by_due', ['due'])],
        }),
        functions: [{ ...(base.functions[0] ?? functionNeed()), timeoutSeconds: 30, domains: ['x.example.org'] }],
      };
      const done = (await deploy(later)).reverse();
      const plan = await deployer.previewRollback(done, signal);
      const dones: DeploymentChange[] = [];
      for (const one of done) {
        const { done: undone, kept } = await deployer.rollBack(one, { destructive: false }, signal);
        assert.deepEqual(kept, []);
        dones.push(...undone);
      }
      assert.deepEqual(words(dones), words(plan.changes));
      const [api, web] = [inBase('function', first), inBase('site', first)];
      for (const expected of [
        `change deployment web/${web.deploymentId}`,
        `change deployment api/${api.deploymentId}`,
        'change function api',
        'delete domain api/x.example.org',
        'delete index crew/tasks/by_due',
        'delete column crew/tasks/due',
        'change column crew/tasks/title',
      ]) {
        assert.ok(words(dones).includes(expected), expected);
      }
      assert.deepEqual(await preview(base), []);
      for (const one of done) {
        assert.deepEqual((await deployer.rollBack(one, { destructive: true }, signal)).done, []);
      }
    });

    it('keeps a table and a column that hold something, unless told to drop them', async () => {
      const small = { ...needsOf({ databaseId: 'crew', tables: [people] }) };
      await deploy(small);
      const grown = {
        ...small,
        tables: [
          { ...people, columns: [...people.columns, column('nick'), column('age', { type: 'integer' })] },
          { ...tasks, columns: without('owner') },
        ],
      };
      const [done] = await deploy(grown);
      assert.ok(done);
      await subject.addRow('crew', 'people', { name: 'Ada', nick: 'A' });
      await subject.addRow('crew', 'tasks', { title: 'one' });
      const { changes } = await deployer.previewRollback([done], signal);
      assert.deepEqual(words(changes), [
        ...['delete table crew/tasks !', 'delete column crew/people/age', 'delete column crew/people/nick !'],
      ]);
      const careful = await deployer.rollBack(done, { destructive: false }, signal);
      assert.deepEqual(words(careful.done), ['delete column crew/people/age']);
      assert.ok(careful.kept.some((text) => text.includes('crew/tasks')));
      assert.ok(careful.kept.some((text) => text.includes('crew/people/nick')));
      const rest = await deployer.rollBack(done, { destructive: true }, signal);
      assert.deepEqual(words(rest.done), ['delete table crew/tasks !', 'delete column crew/people/nick !']);
      assert.deepEqual(await preview(small), []);
    });

    it('changes nothing of what has become somebody else’s', async () => {
      const done = await deploy(base);
      for (const kind of ['database', 'function'] as const) {
        const one = inBase(kind, done);
        await subject.takeAway(kind, one.id);
        assert.deepEqual((await deployer.previewRollback([one], signal)).changes, []);
        const { done: undone, kept } = await deployer.rollBack(one, { destructive: true }, signal);
        assert.deepEqual(undone, []);
        assert.match(kept.join(), /no longer carries the mark/);
      }
    });
  });
}
