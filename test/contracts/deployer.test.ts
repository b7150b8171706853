import assert from 'node:assert/strict';
import { BuildRuntime, Client, Framework, Functions, Runtime, Sites, TablesDB } from 'node-appwrite';
import { createDeployer } from '../../src/adapters/appwrite/deployer.ts';
import type { Deployer, Place, PlaceRequest } from '../../src/core/ports.ts';
import { AppError } from '../../src/protocol/errors.ts';
import type { DeploymentNeeds } from '../../src/protocol/deployment-needs.ts';
import type { Deployment } from '../../src/protocol/work.ts';
import { startAppwriteStandIn } from '../../src/sandbox/appwrite/stand-in.ts';
import { createFakeDeployer } from '../fakes/deployer.ts';
import { functionNeed, makeFolder, placeAt, realClock, silentLog, siteNeed } from './deployer-support.ts';

interface Subject {
  deployer: Deployer;
  /** Somebody else makes one with this id. */
  occupy(kind: 'database' | 'function' | 'site', id: string): Promise<void>;
  /** What a stranger's thing looks like, to be compared. */
  look(kind: 'database' | 'function' | 'site', id: string): Promise<unknown>;
  close(): Promise<void>;
}

const subjects: Record<string, () => Promise<Subject>> = {
  'in-memory fake': async () => {
    const deployer = createFakeDeployer();
    return {
      deployer,
      occupy: async (kind, id) => deployer.occupy(kind, id),
      look: async (kind, id) => deployer.actions.filter((action) => action.includes(`${kind} ${id} `)),
      close: async () => undefined,
    };
  },
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
    const client = new Client().setEndpoint(server.endpoint).setProject('contract').setKey('key-of-contract');
    const [functions, sites, tablesDB] = [new Functions(client), new Sites(client), new TablesDB(client)];
    const occupy: Subject['occupy'] = async (kind, id) => {
      const name = 'Of somebody else';
      if (kind === 'database') await tablesDB.create({ databaseId: id, name });
      else if (kind === 'function') await functions.create({ functionId: id, name, runtime: Runtime.Node22 });
      else await sites.create({ siteId: id, name, framework: Framework.Other, buildRuntime: BuildRuntime.Node22 });
    };
    const look: Subject['look'] = async (kind, id) => {
      if (kind === 'function') return functions.get({ functionId: id });
      if (kind === 'site') return sites.get({ siteId: id });
      return [await tablesDB.get({ databaseId: id }), await tablesDB.listTables({ databaseId: id })];
    };
    const close = async () => {
      await server.close();
      await data.remove();
    };
    return { deployer, occupy, look, close };
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
      const first = await deployer.applyDatabase(needs, placeAt('main'), 'Main', signal);
      assert.equal(first.kind, 'database');
      assert.equal(first.id, 'main');
      assert.equal(first.status, 'ready');
      assert.equal(first.deploymentId, null);
      assert.match(first.logTail, /created table notes/);
      const second = await deployer.applyDatabase(needs, placeAt('main'), 'Main', signal);
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
      const grown = await deployer.applyDatabase({ ...needs, tables: [more] }, placeAt('main'), 'Main', signal);
      assert.match(grown.logTail, /created column notes\.tag\ncreated index notes\.by_tag/);
    });

    it('refuses tables without a database', async () => {
      await assert.rejects(
        deployer.applyDatabase({ ...needs, databaseId: null }, placeAt('main'), 'Main', signal),
        (error) => {
          assert.ok(error instanceof AppError);
          assert.equal(error.code, 'plan_invalid');
          return true;
        },
      );
    });

    it('knows no deployment of something that does not exist', async () => {
      assert.deepEqual(await deployer.knownDeployments('function', 'nothing', signal), []);
      assert.deepEqual(await deployer.knownDeployments('site', 'nothing', signal), []);
    });

    it('deploys a function once however often the same attempt is repeated', async () => {
      const known = await deployer.knownDeployments('function', 'api', signal);
      const first = await deployer.deployFunction(
        functionNeed(),
        placeAt('api'),
        source.dir,
        known,
        { MODE: 'test' },
        signal,
      );
      assert.equal(first.status, 'ready');
      assert.equal(first.previousDeploymentId, null);
      assert.ok(first.url?.startsWith('http'));
      const again = await deployer.deployFunction(
        functionNeed(),
        placeAt('api'),
        source.dir,
        known,
        { MODE: 'test' },
        signal,
      );
      assert.equal(again.deploymentId, first.deploymentId);
      assert.equal(again.url, first.url);
      assert.deepEqual(await deployer.knownDeployments('function', 'api', signal), [first.deploymentId]);
    });

    it('uploads anew when the earlier deployment was known, and names it as the one to go back to', async () => {
      const known = await deployer.knownDeployments('function', 'api', signal);
      const next = await deployer.deployFunction(functionNeed(), placeAt('api'), source.dir, known, {}, signal);
      assert.equal(next.previousDeploymentId, known[0]);
      assert.ok(next.deploymentId !== null && !known.includes(next.deploymentId));
      const again = await deployer.deployFunction(functionNeed(), placeAt('api'), source.dir, known, {}, signal);
      assert.equal(again.deploymentId, next.deploymentId);
      assert.equal(again.previousDeploymentId, known[0]);
    });

    it('deploys a site once however often the same attempt is repeated', async () => {
      const first = await deployer.deploySite(siteNeed(), placeAt('web'), source.dir, [], signal);
      assert.equal(first.kind, 'site');
      assert.equal(first.status, 'ready');
      assert.ok(first.url?.startsWith('http'));
      const again = await deployer.deploySite(siteNeed(), placeAt('web'), source.dir, [], signal);
      assert.equal(again.deploymentId, first.deploymentId);
    });

    it('gives the public URL of every function', async () => {
      const urls = await deployer.urls({ api: 'api' }, 'main', signal);
      assert.equal(urls.databaseId, 'main');
      const url = urls.functions.api ?? '';
      assert.match(url, /^http:\/\/api\.functions\.localhost(:\d+)?$/);
    });

    it('finds the same place for the same project, and another for another project', async () => {
      const request = { kind: 'function', need: functionNeed({ id: 'shared' }) } as const;
      const first = await deployer.place(request, 'acme/one', signal);
      const second = await deployer.place(request, 'acme/two', signal);
      assert.deepEqual([first.id, second.id], ['shared', 'shared-2']);
      assert.deepEqual(await deployer.place(request, 'acme/one', signal), first);
      assert.deepEqual(await deployer.place(request, 'acme/two', signal), second);
    });

    it('gives two things of one plan two places, even when one has the id that the other moved to', async () => {
      await subject.occupy('site', 'shop');
      const place = (id: string) =>
        deployer.place({ kind: 'site', need: siteNeed({ id }) }, 'acme/one', signal).then((found) => found.id);
      assert.deepEqual([await place('shop'), await place('shop-2')], ['shop-2', 'shop-2-2']);
      assert.deepEqual([await place('shop-2'), await place('shop')], ['shop-2-2', 'shop-2']);
    });

    for (const kind of ['database', 'function', 'site'] as const) {
      it(`leaves a ${kind} of somebody else as it is and deploys beside it`, async () => {
        const id = `their-${kind}`;
        await subject.occupy(kind, id);
        const before = await subject.look(kind, id);
        const deploy = async (place: Place): Promise<Deployment> => {
          if (kind === 'database') return deployer.applyDatabase({ ...needs, databaseId: id }, place, 'Main', signal);
          if (kind === 'function')
            return deployer.deployFunction(functionNeed({ id }), place, source.dir, [], { A: 'b' }, signal);
          return deployer.deploySite(siteNeed({ id }), place, source.dir, [], signal);
        };
        const place = await deployer.place(requestFor(kind, id), 'acme/one', signal);
        assert.equal(place.id, `${id}-2`);
        const done = await deploy(place);
        assert.deepEqual([done.id, done.status], [`${id}-2`, 'ready']);
        // Also when the place was found before somebody else took it.
        await assert.rejects(deploy({ id, mark: place.mark }), {
          code: 'deployment_failed',
          userMessage: /another project/,
        });
        assert.deepEqual(await subject.look(kind, id), before);
        if (kind === 'function') {
          const { functions } = await deployer.urls({ [id]: place.id }, null, signal);
          assert.equal(functions[id], done.url);
        }
      });
    }

    it('keeps to 36 characters, and stops after 20 ids of others with a word about it', async () => {
      const id = 'a-function-whose-id-is-36-characters';
      const idOf = (n: number) => (n === 1 ? id : `${id.slice(0, 36 - `-${n}`.length)}-${n}`);
      await subject.occupy('function', id);
      const place = await deployer.place(requestFor('function', id), 'acme/one', signal);
      assert.equal(place.id, 'a-function-whose-id-is-36-characte-2');
      for (let n = 3; n <= 20; n += 1) await subject.occupy('function', idOf(n));
      assert.deepEqual(await deployer.place(requestFor('function', id), 'acme/one', signal), place);
      await assert.rejects(deployer.place(requestFor('function', id), 'acme/two', signal), {
        code: 'deployment_failed',
        userMessage: /another project/,
      });
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

function requestFor(kind: PlaceRequest['kind'], id: string): PlaceRequest {
  if (kind === 'database') return { kind, id, name: 'Main' };
  return kind === 'function' ? { kind, need: functionNeed({ id }) } : { kind, need: siteNeed({ id }) };
}
