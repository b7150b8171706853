import assert from 'node:assert/strict';
import type { Deployer } from '../../src/core/ports.ts';
import { type ColumnNeed, ColumnType, type TableNeed } from '../../src/protocol/deployment-needs.ts';
import { useTraffic } from '../specs/traffic.ts';
import { type Subject, subjects } from './deployer-subjects.ts';
import { column, index, needsOf, placeAt, table } from './deployer-support.ts';

const SAMPLES: Record<ColumnType, { first: Partial<ColumnNeed>; next: Partial<ColumnNeed>; list: boolean }> = {
  string: { first: { size: 40, default: 'a' }, next: { size: 80, default: null }, list: true },
  varchar: { first: { size: 40 }, next: { size: 80, default: 'b' }, list: true },
  text: { first: {}, next: { default: 'c' }, list: true },
  mediumtext: { first: {}, next: { required: true }, list: true },
  longtext: { first: {}, next: { default: 'd' }, list: true },
  integer: { first: { min: 0, max: 9, default: 3 }, next: { min: null, default: -4 }, list: true },
  bigint: { first: {}, next: { max: 2 ** 40 }, list: true },
  double: { first: { min: -1.5 }, next: { min: null, max: 2.5 }, list: true },
  boolean: { first: { default: false }, next: { default: true }, list: true },
  datetime: { first: { default: '2026-01-01T00:00:00.000Z' }, next: { required: true, default: null }, list: true },
  email: { first: {}, next: { default: 'a@example.org' }, list: true },
  url: { first: {}, next: { default: 'https://example.org' }, list: true },
  ip: { first: {}, next: { default: '127.0.0.1' }, list: true },
  enum: { first: { elements: ['a', 'b'], default: 'a' }, next: { elements: ['b', 'c'], default: 'c' }, list: true },
  point: { first: {}, next: { required: true }, list: false },
  line: { first: {}, next: { required: true }, list: false },
  polygon: { first: {}, next: { required: true }, list: false },
  relationship: {
    first: { relationship: { table: 'people', kind: 'oneToMany', twoWayKey: 'all', onDelete: 'restrict' } },
    next: { relationship: { table: 'people', kind: 'oneToMany', twoWayKey: 'all', onDelete: 'cascade' } },
    list: false,
  },
};

for (const [name, start] of Object.entries(subjects)) {
  describe(`Deployer columns: ${name}`, () => {
    const signal = new AbortController().signal;
    let subject: Subject;
    let deployer: Deployer;
    before(async () => {
      subject = await start(watch);
      deployer = subject.deployer;
    });
    after(() => subject.close());
    const watch = useTraffic({ requests: 'all' });

    const apply = async (...tables: TableNeed[]) => {
      const needs = needsOf({ databaseId: 'main', tables });
      const before = await deployer.preview(needs, 'Main', 'tests', signal);
      const done = await deployer.applyDatabase(needs, placeAt('main'), 'Main', { destructive: false }, signal);
      assert.deepEqual(done.changes, before);
      assert.deepEqual(await deployer.preview(needs, 'Main', 'tests', signal), []);
      return done.changes.map(
        ({ action, kind, id, destructive }) => `${action} ${kind} ${id}${destructive ? ' !' : ''}`,
      );
    };
    const people = table('people', []);

    for (const type of ColumnType.options) {
      const { first, next, list } = SAMPLES[type];
      it(`makes a ${type} column with its table or after it, changes it in place, and lets it go`, async () => {
        const [early, late] = [column('early', { type, ...first }), column('late', { type, ...first })];
        // Each end of a relationship needs a name of its own.
        const other =
          late.relationship === null ? late : { ...late, relationship: { ...late.relationship, twoWayKey: null } };
        const id = `t-${type}`;
        await apply(people, table(id, [early]));
        assert.deepEqual(await apply(people, table(id, [early, other])), [`create column main/${id}/late`]);
        const changed = await apply(people, table(id, [{ ...early, ...next }, other]));
        assert.deepEqual([...new Set(changed)], [`change column main/${id}/early`]);
        if (list) {
          const plain = { ...early, ...next, default: null, required: false };
          assert.deepEqual(
            await apply(people, table(id, [{ ...plain, array: true }, other])).then((all) => all.slice(0, 1)),
            [`change column main/${id}/early`],
          );
        }
        assert.deepEqual((await apply(people, table(id, []))).sort(), [
          `delete column main/${id}/early`,
          `delete column main/${id}/late`,
        ]);
      });
    }

    it('indexes long texts by their beginnings, the dates of the rows, and texts for searching', async () => {
      const columns = [
        ...[column('long', { size: 2000 }), column('body', { type: 'text' }), column('site', { type: 'url' })],
        ...[column('kind', { type: 'enum', elements: ['a'] }), column('rank', { type: 'integer' })],
      ];
      const indexes = [
        ...[index('by_long', ['long', 'rank'], { orders: ['desc', 'asc'] }), index('by_body', ['body'])],
        ...[index('by_site', ['site', 'kind']), index('by_age', ['$createdAt']), index('by_rank', ['rank'])],
        index('search', ['body', 'long'], { type: 'fulltext' }),
      ];
      await apply(table('indexed', columns, { indexes }));
      const late = index('late', ['long', 'kind'], { type: 'unique' });
      assert.deepEqual(await apply(table('indexed', columns, { indexes: [...indexes.slice(1), late] })), [
        'delete index main/indexed/by_long',
        'create index main/indexed/late',
      ]);
    });
  });
}
