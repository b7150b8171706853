import { BuildRuntime, Client, Framework, Functions, ID, Runtime, Sites, TablesDB } from 'node-appwrite';
import { createDeployer } from '../../src/adapters/appwrite/deployer.ts';
import type { Deployer } from '../../src/core/ports.ts';
import { startAppwriteStandIn } from '../../src/sandbox/appwrite/stand-in.ts';
import { createFakeDeployer } from '../fakes/deployer.ts';
import type { useTraffic } from '../specs/traffic.ts';
import { makeFolder, realClock, silentLog } from './deployer-support.ts';

export interface Subject {
  deployer: Deployer;
  /** Somebody else makes one with this id. */
  occupy(kind: 'database' | 'function' | 'site', id: string): Promise<void>;
  /** Somebody writes a row. */
  addRow(databaseId: string, tableId: string, row: Record<string, unknown>): Promise<void>;
  /** Somebody else takes over what we have made. */
  takeAway(kind: 'database' | 'function', id: string): Promise<void>;
  /** Somebody changes the name that people see. */
  rename(kind: 'database' | 'function' | 'site', id: string): Promise<void>;
  /** What a stranger's thing looks like, to be compared. */
  look(kind: 'database' | 'function' | 'site', id: string): Promise<unknown>;
  close(): Promise<void>;
}

/** Every deployer that has to keep the contract. `watch` holds what a server is sent and answers to its description. */
export const subjects: Record<string, (watch: ReturnType<typeof useTraffic>) => Promise<Subject>> = {
  'in-memory fake': async () => {
    const deployer = createFakeDeployer();
    return {
      deployer,
      occupy: async (kind, id) => deployer.occupy(kind, id),
      takeAway: async (kind, id) => deployer.occupy(kind, id),
      // What the fake has goes by no name.
      rename: async () => undefined,
      addRow: async (databaseId, tableId, row) => deployer.addRow(databaseId, tableId, row),
      look: async (kind, id) => deployer.actions.filter((action) => action.includes(`${kind} ${id} `)),
      close: async () => undefined,
    };
  },
  'Appwrite over HTTP': async (watch) => {
    const data = await makeFolder({});
    const server = await startAppwriteStandIn({ dataDir: data.dir, projectId: 'contract', apiKey: 'key-of-contract' });
    watch('appwrite', server.endpoint);
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
    const addRow: Subject['addRow'] = async (databaseId, tableId, data) =>
      void (await tablesDB.createRow({ databaseId, tableId, rowId: ID.unique(), data }));
    const takeAway: Subject['takeAway'] = async (kind, id) => {
      if (kind === 'database') {
        await tablesDB.delete({ databaseId: id });
        await occupy(kind, id);
      } else await functions.updateVariable({ functionId: id, variableId: 'ORCHESTRATOR_PROJECT', value: 'other/one' });
    };
    const rename: Subject['rename'] = async (kind, id) => {
      const name = 'Called otherwise';
      if (kind === 'database') await tablesDB.update({ databaseId: id, name });
      else if (kind === 'function') await functions.update({ functionId: id, name });
      else await sites.update({ siteId: id, name, framework: Framework.Other });
    };
    return { deployer, occupy, look, addRow, takeAway, rename, close };
  },
};
