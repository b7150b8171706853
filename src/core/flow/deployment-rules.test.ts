import assert from 'node:assert/strict';
import { aBrief, aFunction, aPlan, aSite, aTable } from '../../../test/fakes/plan.ts';
import type { DeploymentNeeds } from '../../protocol/deployment-needs.ts';
import { deploymentFaults } from './deployment-rules.ts';

const wanted = { target: 'appwrite' as const, autoSetup: true, database: true, functions: true };
const faultsOf = (needs: Partial<DeploymentNeeds>, deployment = wanted) =>
  deploymentFaults({ ...aPlan([]).deployment, databaseId: 'crew', ...needs }, aBrief({ deployment }));

const text = { key: 'title', type: 'string' as const, size: 20, required: false };

describe('rules for what a plan wants of Appwrite', () => {
  it('hold it against the brief and against itself', () => {
    const needs = {
      databaseId: null,
      tables: [aTable('t', { columns: [text], indexes: [{ key: 'i', type: 'key', columns: ['nope'] }] })],
      functions: [aFunction('f')],
      sites: [aSite('f', { path: '../x' })],
      liveChecks: [{ target: 'ghost', method: 'GET' as const, path: '/', body: null, status: 200, contains: '' }],
    };
    assert.deepEqual(faultsOf(needs, { ...wanted, database: false, functions: false }), [
      'The deployment has tables but no databaseId.',
      'The deployment has tables, but the brief says that no database is wanted (deployment.database).',
      'The deployment has functions, but the brief says that no functions are wanted (deployment.functions).',
      'The deployment names "f" twice.',
      '"f" is deployed from "../x", which is not a folder inside the repository.',
      'The index "i" of table "t" names the unknown column "nope".',
      'A live check asks "ghost", which is neither a function nor a site of the deployment.',
      'The function "f" answers everybody, but no live check asks it.',
    ]);
  });

  it('find columns that Appwrite would refuse', () => {
    const columns = [
      { ...text, size: null },
      { ...text, key: 'long', type: 'varchar' as const, size: 20_000 },
      { ...text, key: 'state', type: 'enum' as const },
      { ...text, key: 'author', type: 'relationship' as const },
      {
        ...text,
        key: 'other',
        type: 'relationship' as const,
        relationship: { table: 'ghost', kind: 'oneToOne' as const, twoWayKey: null, onDelete: 'cascade' as const },
      },
      { ...text, key: 'count', type: 'integer' as const, required: true, default: 1, min: 5, max: 2 },
      { ...text, key: 'tags', array: true, default: 'x' },
    ];
    const indexes = [{ key: 'i', type: 'key' as const, columns: ['tags', '$createdAt'], orders: ['asc' as const] }];
    const of = (key: string, fault: string) => `The column "${key}" of table "t" ${fault}.`;
    assert.deepEqual(faultsOf({ tables: [aTable('t', { columns, indexes })] }), [
      of('title', 'needs a size'),
      of('long', 'is longer than a varchar can be (16,381); take "text"'),
      of('state', 'is an enum without elements'),
      of('author', 'is a relationship to nothing'),
      of('other', 'points to the unknown table "ghost"'),
      of('count', 'is required, so it cannot have a default'),
      of('count', 'has a min above its max'),
      of('tags', 'is a list, so it cannot have a default'),
      'The index "i" of table "t" is on "tags", but lists and relationships cannot be indexed.',
      'The index "i" of table "t" needs as many orders as columns, or none.',
    ]);
  });

  it('find names that are there twice', () => {
    const table = aTable('t', { columns: [text, text] });
    const value = { key: 'A', value: '1' };
    const site = aSite('s', { domains: ['a.example.org', 'a.example.org'], variables: [value, value] });
    assert.deepEqual(faultsOf({ tables: [table, aTable('t')], sites: [site] }), [
      'The deployment names the domain "a.example.org" twice.',
      '"s" has the variable "A" twice.',
      'The deployment names the table "t" twice.',
      'The column "title" of table "t" is there twice.',
    ]);
  });

  it('take names that differ in case only for the same, as the database does', () => {
    const tables = [aTable('Notes', { columns: [text, { ...text, key: 'Title' }] }), aTable('notes')];
    const sites = [aSite('s', { domains: ['a.example.org', 'A.example.org'] })];
    assert.deepEqual(faultsOf({ tables, sites }), [
      'The deployment names the domain "A.example.org" twice.',
      'The column "Title" of table "Notes" is there twice.',
      'The deployment names the table "notes" twice.',
    ]);
  });

  it('find triggers, variables and domains that cannot be', () => {
    const functions = [
      aFunction('f', {
        execute: [],
        events: ['functions.*.executions.*.create', 'databases.*.tables.*.rows.*.create'],
        schedule: '* * * *',
        variables: [
          { key: 'no-name', value: '' },
          { key: 'APPWRITE_DATABASE_ID', value: 'x' },
        ],
        domains: ['https://x.example.org/y'],
      }),
    ];
    assert.deepEqual(faultsOf({ functions }), [
      '"no-name" of "f" cannot be a variable\'s name.',
      'The variable "APPWRITE_DATABASE_ID" of "f" is set by the host; leave it out.',
      '"https://x.example.org/y" of "f" is not a domain: give it without scheme, port and path.',
      'The function "f" cannot be started by "functions.*.executions.*.create": events of functions are not allowed.',
      'The schedule "* * * *" of function "f" is not a cron expression of five fields.',
    ]);
  });

  it('find nothing in needs that are right', () => {
    const columns = [
      text,
      { ...text, key: 'state', type: 'enum' as const, size: null, elements: ['a', 'b'], default: 'a' },
    ];
    const indexes = [
      { key: 'by', type: 'key' as const, columns: ['state', '$createdAt'], orders: ['asc' as const, 'desc' as const] },
    ];
    const functions = [aFunction('f', { schedule: '*/15 * * * *', domains: ['api.example.org'] })];
    const liveChecks = [{ target: 'f', method: 'GET' as const, path: '/', body: null, status: 200, contains: '' }];
    assert.deepEqual(faultsOf({ tables: [aTable('t', { columns, indexes })], functions, liveChecks }), []);
  });
});
