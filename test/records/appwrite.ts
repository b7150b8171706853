import { Client, Query, TablesDB } from 'node-appwrite';
import { createRecordStore } from '../../src/adapters/appwrite/record-store.ts';
import type { RecordStore } from '../../src/core/ports.ts';
import { RECORD_TABLES } from '../../src/core/records/tables.ts';
import { ProjectRecords } from '../../src/protocol/records.ts';
import { type AppwriteStandIn, startAppwriteStandIn } from '../../src/sandbox/appwrite/stand-in.ts';
import { makeFolder, silentLog } from '../contracts/deployer-support.ts';
import { type Gate, openGate } from './gate.ts';

export const PROJECT = 'team-project';
export const KEY = 'records-key';
export const DATABASE = 'orchestrator';

/** An Appwrite with a gate before it. */
export interface Place {
  gate: Gate;
  store: RecordStore;
  tables: TablesDB;
  /** What is stored, in the order in which rows were made. */
  stored(): Promise<ProjectRecords>;
  stop(): Promise<void>;
  /** The same server on the same port, with what it had stored. */
  startAgain(): Promise<void>;
  close(): Promise<void>;
}

export async function openPlace(scopes?: readonly string[]): Promise<Place> {
  const folder = await makeFolder({});
  const options = { dataDir: folder.dir, projectId: PROJECT, apiKey: KEY, ...(scopes === undefined ? {} : { scopes }) };
  let server: AppwriteStandIn | null = await startAppwriteStandIn(options);
  const { url } = server;
  const gate = await openGate(url);
  const client = new Client().setEndpoint(server.endpoint).setProject(PROJECT).setKey(KEY);
  const tables = new TablesDB(client);
  return {
    gate,
    tables,
    store: createRecordStore({
      ...{ endpoint: gate.endpoint, projectId: PROJECT, apiKey: KEY, databaseId: DATABASE },
      log: silentLog,
    }),
    async stored() {
      const all: Record<string, unknown[]> = {};
      for (const { id, columns } of RECORD_TABLES) {
        const queries = [Query.orderAsc('$sequence'), Query.limit(5_000)];
        const { rows } = await tables.listRows({ databaseId: DATABASE, tableId: id, queries });
        all[id] = rows.map((row) =>
          Object.fromEntries(
            columns.map(({ key, type }) => {
              const value: unknown = row[key];
              if (type === 'json') return [key, JSON.parse(String(value))];
              return [key, type === 'datetime' ? new Date(String(value)).toISOString() : value];
            }),
          ),
        );
      }
      return ProjectRecords.parse(all);
    },
    async stop() {
      await server?.close();
      server = null;
    },
    async startAgain() {
      server = await startAppwriteStandIn({ ...options, port: Number(new URL(url).port) });
    },
    async close() {
      await gate.close();
      await server?.close();
      await folder.remove();
    },
  };
}
