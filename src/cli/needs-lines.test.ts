import assert from 'node:assert/strict';
import { DeploymentNeeds } from '../protocol/deployment-needs.ts';
import { needsLines } from './needs-lines.ts';

const column = { size: null, required: false };
const plain = (_style: string, text: string) => text;

describe('the deployment of a plan as text', () => {
  it('is nothing for a plan that deploys nothing', () => {
    const none = { databaseId: null, tables: [], functions: [], sites: [], liveChecks: [] };
    assert.deepEqual(needsLines(none, plain), []);
  });

  it('has tables with columns, relationships, indexes and permissions', () => {
    const needs = DeploymentNeeds.parse({
      databaseId: 'main',
      tables: [
        {
          id: 'notes',
          name: 'Notes',
          columns: [
            { ...column, key: 'title', type: 'varchar', size: 128, required: true },
            { ...column, key: 'state', type: 'enum', elements: ['open', 'done'], default: 'open' },
            {
              ...{ ...column, key: 'author', type: 'relationship' },
              relationship: { table: 'users', kind: 'manyToOne', twoWayKey: null, onDelete: 'cascade' },
            },
          ],
          indexes: [{ key: 'by_title', type: 'unique', columns: ['title'] }],
          permissions: ['read("any")'],
          rowSecurity: true,
        },
        { id: 'users', name: 'users', columns: [], indexes: [], permissions: [] },
      ],
      functions: [],
      sites: [],
      liveChecks: [],
    });
    assert.deepEqual(needsLines(needs, plain), [
      'database main',
      'table notes Notes',
      '    title   varchar(128), required',
      '    state   enum (open | done), default "open"',
      '    author  relationship → users (manyToOne, cascade)',
      '    index by_title: unique (title)',
      '    permissions read("any")',
      '    rows have permissions of their own',
      'table users',
      '    permissions none',
    ]);
  });

  it('has what starts a function, own domains and requests, without control characters', () => {
    const needs = DeploymentNeeds.parse({
      databaseId: null,
      tables: [],
      functions: [
        {
          ...{ id: 'api', name: 'API\u001b[31m', path: 'functions/api', runtime: 'node-22', entrypoint: 'main.js' },
          ...{ commands: null, execute: ['any'], scopes: ['rows.read'], timeoutSeconds: 30 },
          ...{ events: ['databases.*.tables.notes.rows.*.create'], schedule: '0 3 * * *' },
          ...{ variables: [{ key: 'MODE', value: 'fast' }], domains: ['api.example.com'] },
        },
      ],
      sites: [
        {
          ...{ id: 'web', name: 'Web', path: 'site', framework: 'other', installCommand: null, buildCommand: null },
          ...{ outputDirectory: '.', fallbackFile: null, settingsFile: null, domains: ['www.example.com'] },
        },
      ],
      liveChecks: [{ target: 'api', method: 'GET', path: '/health', body: null, status: 200, contains: 'ok' }],
    });
    assert.deepEqual(needsLines(needs, plain), [
      'function api API functions/api, node-22',
      '    may be called by any',
      '    on databases.*.tables.notes.rows.*.create',
      '    schedule 0 3 * * *',
      '    scopes rows.read',
      '    variables MODE=fast',
      '    at most 30 s',
      '    domains api.example.com',
      'site web Web site, other',
      '    domains www.example.com',
      'live check api: GET /health gives 200, contains "ok"',
    ]);
  });
});
