import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Account,
  AppwriteException,
  Client,
  Databases,
  Functions,
  Proxy as ProxyService,
  Sites,
  TablesDB,
  Teams,
  Users,
} from 'node-appwrite';
import type { AppwriteStandInOptions } from '../../src/sandbox/appwrite/stand-in.ts';
import { startAppwriteStandIn } from '../../src/sandbox/appwrite/stand-in.ts';
import { watchTraffic } from '../specs/traffic.ts';

const PROJECT = 'demo';
export const KEY = 'standard_key';

export interface RawAnswer {
  status: number;
  headers: Headers;
  /** Parsed JSON; null when the body is empty. */
  body: Record<string, unknown> | null;
  text: string;
}

/** Extra headers; null takes one of the usual ones away. */
type ExtraHeaders = Record<string, string | null>;

export interface FidelityServer {
  endpoint: string;
  client(setUp?: (client: Client) => Client): Client;
  /** Services with the key of the project. */
  tablesDB: TablesDB;
  databases: Databases;
  functions: Functions;
  sites: Sites;
  proxy: ProxyService;
  users: Users;
  teams: Teams;
  account: Account;
  /** A raw call with the key; `path` is below `/v1`, `body` is sent as JSON. */
  ask(method: string, path: string, options?: { body?: unknown; headers?: ExtraHeaders }): Promise<RawAnswer>;
  close(): Promise<void>;
}

/** A stand-in on a temporary folder, that ends with `close`, which throws when an answer was not as Appwrite describes it. */
export async function startServer(options: Partial<AppwriteStandInOptions> = {}): Promise<FidelityServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'orchestrator-fidelity-'));
  const server = await startAppwriteStandIn({ dataDir, projectId: PROJECT, apiKey: KEY, ...options });
  const { endpoint } = server;
  // What a test asks may be wrong on purpose; what is answered may not.
  const traffic = watchTraffic('appwrite', endpoint, { requests: 'none' });
  const client = (setUp = (made: Client) => made.setKey(KEY)) =>
    setUp(new Client().setEndpoint(endpoint).setProject(PROJECT));
  const keyed = client();
  return {
    endpoint,
    client,
    tablesDB: new TablesDB(keyed),
    databases: new Databases(keyed),
    functions: new Functions(keyed),
    sites: new Sites(keyed),
    proxy: new ProxyService(keyed),
    users: new Users(keyed),
    teams: new Teams(keyed),
    account: new Account(keyed),
    ask: (method, path, call = {}) => ask(endpoint, method, path, call),
    close: async () => {
      await server.close();
      await rm(dataDir, { recursive: true, force: true });
      traffic.close();
      await traffic.assertClean();
    },
  };
}

async function ask(
  endpoint: string,
  method: string,
  path: string,
  call: { body?: unknown; headers?: ExtraHeaders },
): Promise<RawAnswer> {
  const headers = new Headers();
  const wanted = { 'x-appwrite-project': PROJECT, 'x-appwrite-key': KEY, ...call.headers };
  for (const [name, value] of Object.entries(wanted)) if (value !== null) headers.set(name, value);
  if (call.body !== undefined) headers.set('content-type', 'application/json');
  const body = call.body === undefined ? null : JSON.stringify(call.body);
  const response = await fetch(`${endpoint}${path}`, { method, headers, body });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: text === '' ? null : JSON.parse(text) };
}

/** The call fails with this status and type; a pattern holds for the message. */
export async function refused(work: Promise<unknown>, code: number, type: string, message?: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof AppwriteException, String(error));
    assert.deepEqual([error.code, error.type], [code, type], error.message);
    if (message !== undefined) assert.match(error.message, message);
    return true;
  });
}

/** The same for a raw answer, whose body must be the error model. */
export function assertRefused(answer: RawAnswer, code: number, type: string, message?: RegExp): void {
  assert.deepEqual([answer.status, answer.body?.type], [code, type], answer.text);
  assert.equal(answer.body?.code, code);
  if (message !== undefined) assert.match(String(answer.body?.message), message);
}
