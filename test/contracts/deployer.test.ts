import assert from 'node:assert/strict';
import { createDeployer } from '../../src/adapters/appwrite/deployer.ts';
import type { Deployer } from '../../src/core/ports.ts';
import { AppError } from '../../src/protocol/errors.ts';
import type { DeploymentNeeds } from '../../src/protocol/plan.ts';
import { startAppwriteStandIn } from '../../src/sandbox/appwrite/stand-in.ts';
import { createFakeDeployer } from '../fakes/deployer.ts';
import { functionNeed, makeFolder, realClock, silentLog, siteNeed } from './deployer-support.ts';

interface Subject {
  deployer: Deployer;
  close(): Promise<void>;
}

const subjects: Record<string, () => Promise<Subject>> = {
  'in-memory fake': async () => ({ deployer: createFakeDeployer(), close: async () => undefined }),
  'Appwrite over HTTP': async () => {
    const data = await makeFolder({});
    const server = await startAppwriteStandIn({ dataDir: data.dir, projectId: 'contract', apiKey: 'key-of-contract' });
    const deployer = createDeployer({
      endpoint: server.endpoint,
      projectId: server.projectId,
      apiKey: server.apiKey,
      clock: realClock,
      log: silentLog,
      pollMs: 20,
      functionsDomain: 'functions.localhost',
      sitesDomain: 'sites.localhost',
    });
    const close = async () => {
      await server.close();
      await data.remove();
    };
    return { deployer, close };
  },
};

const needs: DeploymentNeeds = {
  databaseId: 'main',
  tables: [
    {
      id: 'notes',
      name: 'Notes',
      columns: [
        { key: 'title', type: 'string', size: 200, required: true },
        { key: 'rank', type: 'integer', size: null, required: false },
        { key: 'score', type: 'double', size: null, required: false },
        { key: 'done', type: 'boolean', size: null, required: false },
        { key: 'due', type: 'datetime', size: null, required: false },
      ],
      indexes: [{ key: 'by_title', type: 'unique', columns: ['title'] }],
      permissions: ['read("any")', 'write("users")'],
    },
  ],
  functions: [],
  sites: [],
  liveChecks: [],
};

for (const [name, start] of Object.entries(subjects)) {
  describe(`Deployer contract: ${name}`, () => {
    const signal = new AbortController().signal;
    let subject: Subject;
    let source: Awaited<ReturnType<typeof makeFolder>>;
    let deployer: Deployer;

    before(async () => {
      subject = await start();
      deployer = subject.deployer;
      source = await makeFolder({
        'main.js': 'export default async ({ res }) => res.text("hello");\n',
        'index.html': '<!doctype html><title>Site</title>',
      });
    });
    after(async () => {
      await subject.close();
      await source.remove();
    });

    it('creates the database and says what it made, and finds nothing to do the second time', async () => {
      const first = await deployer.applyDatabase(needs, 'Main', signal);
      assert.equal(first.kind, 'database');
      assert.equal(first.id, 'main');
      assert.equal(first.status, 'ready');
      assert.equal(first.deploymentId, null);
      assert.match(first.logTail, /created table notes/);
      const second = await deployer.applyDatabase(needs, 'Main', signal);
      assert.equal(second.logTail, '');
    });

    it('adds what a later plan needs', async () => {
      const [table] = needs.tables;
      assert.ok(table);
      const more = {
        ...table,
        columns: [...table.columns, { key: 'tag', type: 'string' as const, size: 40, required: false }],
        indexes: [...table.indexes, { key: 'by_tag', type: 'key' as const, columns: ['tag'] }],
      };
      const grown = await deployer.applyDatabase({ ...needs, tables: [more] }, 'Main', signal);
      assert.match(grown.logTail, /created column notes\.tag\ncreated index notes\.by_tag/);
    });

    it('refuses tables without a database', async () => {
      await assert.rejects(deployer.applyDatabase({ ...needs, databaseId: null }, 'Main', signal), (error) => {
        assert.ok(error instanceof AppError);
        assert.equal(error.code, 'plan_invalid');
        return true;
      });
    });

    it('knows no deployment of something that does not exist', async () => {
      assert.deepEqual(await deployer.knownDeployments('function', 'nothing', signal), []);
      assert.deepEqual(await deployer.knownDeployments('site', 'nothing', signal), []);
    });

    it('deploys a function once however often the same attempt is repeated', async () => {
      const known = await deployer.knownDeployments('function', 'api', signal);
      const first = await deployer.deployFunction(functionNeed(), source.dir, known, { MODE: 'test' }, signal);
      assert.equal(first.status, 'ready');
      assert.equal(first.previousDeploymentId, null);
      assert.ok(first.url?.startsWith('http'));
      const again = await deployer.deployFunction(functionNeed(), source.dir, known, { MODE: 'test' }, signal);
      assert.equal(again.deploymentId, first.deploymentId);
      assert.equal(again.url, first.url);
      assert.deepEqual(await deployer.knownDeployments('function', 'api', signal), [first.deploymentId]);
    });

    it('uploads anew when the earlier deployment was known, and names it as the one to go back to', async () => {
      const known = await deployer.knownDeployments('function', 'api', signal);
      const next = await deployer.deployFunction(functionNeed(), source.dir, known, {}, signal);
      assert.equal(next.previousDeploymentId, known[0]);
      assert.ok(next.deploymentId !== null && !known.includes(next.deploymentId));
      const again = await deployer.deployFunction(functionNeed(), source.dir, known, {}, signal);
      assert.equal(again.deploymentId, next.deploymentId);
      assert.equal(again.previousDeploymentId, known[0]);
    });

    it('deploys a site once however often the same attempt is repeated', async () => {
      const first = await deployer.deploySite(siteNeed(), source.dir, [], signal);
      assert.equal(first.kind, 'site');
      assert.equal(first.status, 'ready');
      assert.ok(first.url?.startsWith('http'));
      const again = await deployer.deploySite(siteNeed(), source.dir, [], signal);
      assert.equal(again.deploymentId, first.deploymentId);
    });

    it('gives the public URL of every function', async () => {
      const urls = await deployer.urls(['api'], 'main', signal);
      assert.equal(urls.databaseId, 'main');
      const url = urls.functions.api ?? '';
      assert.match(url, /^http:\/\/api\.functions\.localhost(:\d+)?$/);
    });

    it('stops at once when the signal has fired', async () => {
      await assert.rejects(deployer.knownDeployments('function', 'api', AbortSignal.abort()), (error) => {
        assert.ok(error instanceof AppError);
        assert.equal(error.code, 'aborted');
        return true;
      });
    });
  });
}
