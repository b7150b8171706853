import assert from 'node:assert/strict';
import { Client, Functions, Proxy as ProxyService, Sites, TablesDB } from 'node-appwrite';
import { createDeployer, type DeployerOptions } from '../../src/adapters/appwrite/deployer.ts';
import type { Approval } from '../../src/core/approval.ts';
import type { Deployer, Log } from '../../src/core/ports.ts';
import type { DeploymentNeeds } from '../../src/protocol/deployment-needs.ts';
import { AppError, type ErrorCode } from '../../src/protocol/errors.ts';
import type { Deployment } from '../../src/protocol/work.ts';
import { createFaultPlan, type FaultPlan } from '../../src/sandbox/appwrite/faults.ts';
import { type AppwriteStandInOptions, startAppwriteStandIn } from '../../src/sandbox/appwrite/stand-in.ts';
import { functionNeed, makeFolder, placeAt, realClock, siteNeed } from '../contracts/deployer-support.ts';

export interface AppwriteRig {
  faults: FaultPlan;
  deployer: Deployer;
  connect(change: Partial<DeployerOptions>): Deployer;
  sdk: { functions: Functions; sites: Sites; tablesDB: TablesDB; proxy: ProxyService };
  /** What was tried and got no answer, so that it was looked for. */
  unanswered: string[];
  /** What would be deployed: a function's and a site's only file. */
  source: Awaited<ReturnType<typeof makeFolder>>;
  /** With what is known on the host now, as a new run does it. */
  deployFunction(change?: Parameters<typeof functionNeed>[0], variables?: Record<string, string>): Promise<Deployment>;
  deploySite(change?: Parameters<typeof siteNeed>[0]): Promise<Deployment>;
  applyDatabase(needs: DeploymentNeeds, destructive?: Approval): Promise<Deployment>;
  close(): Promise<void>;
}

export const signal = new AbortController().signal;

/** The deployer before a stand-in that can be made to fail. */
export async function startRig(options: Partial<AppwriteStandInOptions> = {}): Promise<AppwriteRig> {
  const data = await makeFolder({});
  const source = await makeFolder({ 'main.js': 'export default async ({ res }) => res.text("a");', 'index.html': 'a' });
  const faults = createFaultPlan();
  const base = { dataDir: data.dir, projectId: 'demo', apiKey: 'the-key', faultPlan: faults };
  const server = await startAppwriteStandIn({ ...base, ...options });
  const unanswered: string[] = [];
  const log: Log = {
    info: () => undefined,
    warn: (message, fields) => {
      if (message.startsWith('no answer')) unanswered.push(String(fields?.what));
    },
  };
  const connect: AppwriteRig['connect'] = (change) =>
    createDeployer({
      ...{ endpoint: server.endpoint, projectId: 'demo', apiKey: 'the-key', clock: realClock, log },
      ...{ pollMs: 10, functionsDomain: 'functions.localhost', sitesDomain: 'sites.localhost', ...change },
    });
  const deployer = connect({});
  const client = new Client().setEndpoint(server.endpoint).setProject('demo').setKey('the-key');
  return {
    faults,
    deployer,
    unanswered,
    connect,
    source,
    sdk: {
      functions: new Functions(client),
      sites: new Sites(client),
      tablesDB: new TablesDB(client),
      proxy: new ProxyService(client),
    },
    deployFunction: async (change, variables = {}) => {
      const need = functionNeed(change);
      const known = await deployer.knownDeployments('function', need.id, signal);
      return deployer.deployFunction(need, placeAt(need.id), source.dir, known, variables, signal);
    },
    deploySite: async (change) => {
      const need = siteNeed(change);
      const known = await deployer.knownDeployments('site', need.id, signal);
      return deployer.deploySite(need, placeAt(need.id), source.dir, known, signal);
    },
    applyDatabase: (needs, destructive: Approval = false) =>
      deployer.applyDatabase(needs, placeAt('main'), 'Main', { destructive }, signal),
    close: async () => {
      await server.close();
      await Promise.all([data.remove(), source.remove()]);
    },
  };
}

/** For `assert.rejects`: the code and the words for a person, and never the key. */
export function failsWith(code: ErrorCode, text: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.userMessage, text);
    assert.doesNotMatch(`${error.message} ${error.userMessage}`, /the-key/);
    return true;
  };
}
