import assert from 'node:assert/strict';
import {
  Account,
  AppwriteException,
  Client,
  Functions,
  type Models,
  Proxy as ProxyService,
  Sites,
  TablesDB,
  Teams,
  Users,
} from 'node-appwrite';
import { InputFile } from 'node-appwrite/file';
import { packFolder } from '../../src/adapters/appwrite/pack.ts';
import type { AppwriteStandIn, AppwriteStandInOptions } from '../../src/sandbox/appwrite/stand-in.ts';
import { startAppwriteStandIn } from '../../src/sandbox/appwrite/stand-in.ts';
import { eventually, makeFolder } from '../contracts/deployer-support.ts';
import { watchTraffic } from '../specs/traffic.ts';

export const PROJECT = 'demo';
const KEY = 'key-of-the-demo';

/** The vendor's client over one way of signing in. */
export function connect(server: AppwriteStandIn, sign: (client: Client) => Client = (client) => client.setKey(KEY)) {
  const client = sign(new Client().setEndpoint(server.endpoint).setProject(PROJECT));
  return {
    account: new Account(client),
    functions: new Functions(client),
    proxy: new ProxyService(client),
    sites: new Sites(client),
    tables: new TablesDB(client),
    teams: new Teams(client),
    users: new Users(client),
  };
}

export type Services = ReturnType<typeof connect>;

export interface Answer {
  status: number;
  // Any JSON; what a test reads of it, it checks.
  body: Record<string, unknown>;
  headers: Headers;
}

export interface ComputeServer {
  server: AppwriteStandIn;
  /** With the API key. */
  sdk: Services;
  /** One plain request to a path below `/v1`, with the API key unless `headers` name the project themselves. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  stop(): Promise<void>;
}

/** A stand-in on a folder of its own; `stop` throws when an answer was not as Appwrite describes it. */
export async function startComputeServer(options: Partial<AppwriteStandInOptions> = {}): Promise<ComputeServer> {
  const data = await makeFolder({});
  const server = await startAppwriteStandIn({ dataDir: data.dir, projectId: PROJECT, apiKey: KEY, ...options });
  // What a test asks may be wrong on purpose; what is answered may not.
  const traffic = watchTraffic('appwrite', server.endpoint, { requests: 'none' });
  return {
    server,
    sdk: connect(server),
    ask: async (method, path, body, headers = { 'x-appwrite-project': PROJECT, 'x-appwrite-key': KEY }) => {
      const isForm = body instanceof FormData;
      const response = await fetch(`${server.endpoint}${path}`, {
        method,
        headers: { ...(isForm || body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? {} : JSON.parse(text), headers: response.headers };
    },
    stop: async () => {
      await server.close();
      await data.remove();
      traffic.close();
      // Faults on purpose answer what no server describes.
      if (options.faultPlan === undefined) await traffic.assertClean();
    },
  };
}

/** Fails unless the call is refused with this status and type. */
export async function refused(work: Promise<unknown>, code: number, type: string, message = /./): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof AppwriteException, String(error));
    assert.deepEqual([error.code, error.type], [code, type], error.message);
    assert.match(error.message, message);
    return true;
  });
}

/** Fails unless the answer is this refusal. */
export function isRefusal({ status, body }: Answer, code: number, type: string): void {
  assert.deepEqual([status, body.code, body.type], [code, code, type], String(body.message));
}

/** An archive of these files, with them at its root. */
export async function archiveOf(files: Record<string, string | Uint8Array>): Promise<Uint8Array> {
  const source = await makeFolder(files);
  try {
    return await packFolder(source.dir);
  } finally {
    await source.remove();
  }
}

export async function codeOf(files: Record<string, string | Uint8Array>): Promise<InputFile> {
  return InputFile.fromBuffer(Buffer.from(await archiveOf(files)), 'code.tar.gz');
}

const FINAL = ['ready', 'failed', 'canceled'];

/** Waits for the end of a build, whatever it is. */
export function builtFunction(
  { functions }: Services,
  functionId: string,
  deploymentId: string,
): Promise<Models.Deployment> {
  return eventually('the build', async () => {
    const deployment = await functions.getDeployment({ functionId, deploymentId });
    return FINAL.includes(deployment.status) ? deployment : null;
  });
}

export function builtSite({ sites }: Services, siteId: string, deploymentId: string): Promise<Models.Deployment> {
  return eventually('the build', async () => {
    const deployment = await sites.getDeployment({ siteId, deploymentId });
    return FINAL.includes(deployment.status) ? deployment : null;
  });
}

/** Makes a function of one file and waits until it is active. */
export async function deployFunction(
  services: Services,
  functionId: string,
  source: string,
  settings: Record<string, unknown> = {},
): Promise<string> {
  const { functions } = services;
  const fixed = { functionId, name: functionId, runtime: 'node-22' as never, entrypoint: 'main.js' };
  await functions.create({ ...fixed, ...settings });
  const code = await codeOf({ 'main.js': source });
  const { $id } = await functions.createDeployment({ functionId, code, activate: true });
  await eventually('the activation', async () =>
    (await functions.get({ functionId })).deploymentId === $id ? $id : null,
  );
  return $id;
}
