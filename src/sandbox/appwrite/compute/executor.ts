import type { Credentials } from '../http/credentials.ts';
import { makeDynamicKey } from '../http/credentials.ts';
import { newId, wireNow } from '../http/wire.ts';
import type { Store } from '../store.ts';
import type { Folders } from './builds.ts';
import type { FunctionAnswer, FunctionHost } from './function-host.ts';
import type { Execution, FunctionRecord } from './records.ts';
import { deploymentKind, executionKind, ownerKey, requireFunction, variableKind } from './records.ts';

const SHOWN_REQUEST_HEADERS: ReadonlySet<string> = new Set(['content-type', 'agent', 'content-length', 'host']);
const SHOWN_RESPONSE_HEADERS: ReadonlySet<string> = new Set(['content-type', 'content-length']);
const MAX_LOG_CHARS = 1_000_000;
const MAX_KEPT = 1000;

export interface Invocation {
  trigger: Execution['trigger'];
  method: string;
  /** With query. */
  path: string;
  host: string;
  port: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

export interface Executor {
  /** Runs the deployment and records the execution. */
  run(
    functionId: string,
    deploymentId: string,
    invocation: Invocation,
  ): Promise<{ id: string; answer: FunctionAnswer }>;
  /** Records a waiting execution and runs it afterwards. */
  runLater(functionId: string, deploymentId: string, invocation: Invocation): string;
  /** Waits for what runLater began. */
  settle(): Promise<void>;
}

export interface ExecutorOptions {
  store: Store;
  host: FunctionHost;
  folders: Folders;
  credentials: Credentials;
  endpoint(): string;
}

const pairs = (headers: Record<string, string>, shown: ReadonlySet<string>) =>
  Object.entries(headers)
    .filter(([name]) => shown.has(name))
    .map(([name, value]) => ({ name, value }));

export function createExecutor(options: ExecutorOptions): Executor {
  const { store } = options;
  const later = new Set<Promise<unknown>>();
  const record = (functionId: string, deploymentId: string, invocation: Invocation): string => {
    const id = newId();
    const parent = ownerKey('functions', functionId);
    store.insert(executionKind, parent, id, newExecution(deploymentId, invocation));
    const kept = store.list(executionKind, parent);
    for (const { id: old } of kept.slice(0, Math.max(0, kept.length - MAX_KEPT)))
      store.remove(executionKind, parent, old);
    return id;
  };
  const perform = async (
    functionId: string,
    deploymentId: string,
    id: string,
    invocation: Invocation,
  ): Promise<FunctionAnswer> => {
    const parent = ownerKey('functions', functionId);
    const update = (change: Partial<Execution>): void => {
      const current = store.get(executionKind, parent, id);
      if (current !== null) store.put(executionKind, parent, id, { ...current, ...change, updatedAt: wireNow() });
    };
    update({ status: 'processing' });
    const answer = await call(options, functionId, deploymentId, id, invocation);
    update({
      status: answer.statusCode >= 500 ? 'failed' : 'completed',
      responseStatusCode: answer.statusCode,
      responseHeaders: pairs(answer.headers, SHOWN_RESPONSE_HEADERS),
      logs: answer.logs.slice(-MAX_LOG_CHARS),
      errors: answer.errors.slice(-MAX_LOG_CHARS),
      duration: answer.durationMs / 1000,
    });
    return answer;
  };
  return {
    run: async (functionId, deploymentId, invocation) => {
      const id = record(functionId, deploymentId, invocation);
      return { id, answer: await perform(functionId, deploymentId, id, invocation) };
    },
    runLater: (functionId, deploymentId, invocation) => {
      const id = record(functionId, deploymentId, invocation);
      const run = perform(functionId, deploymentId, id, invocation).finally(() => later.delete(run));
      later.add(run);
      return id;
    },
    settle: async () => void (await Promise.allSettled(later)),
  };
}

function newExecution(deploymentId: string, invocation: Invocation): Execution {
  return {
    deploymentId,
    trigger: invocation.trigger,
    status: 'waiting',
    requestMethod: invocation.method,
    requestPath: invocation.path,
    requestHeaders: pairs(invocation.headers, SHOWN_REQUEST_HEADERS),
    responseStatusCode: 0,
    responseHeaders: [],
    logs: '',
    errors: '',
    duration: 0,
    createdAt: wireNow(),
    updatedAt: wireNow(),
  };
}

function call(
  options: ExecutorOptions,
  functionId: string,
  deploymentId: string,
  executionId: string,
  invocation: Invocation,
): Promise<FunctionAnswer> {
  const { store, folders, credentials } = options;
  const found = requireFunction(store, functionId);
  const parent = ownerKey('functions', functionId);
  const entrypoint = store.get(deploymentKind, parent, deploymentId)?.entrypoint ?? found.entrypoint;
  const url = new URL(invocation.path, `http://${invocation.host}:${invocation.port}`);
  const variables = store.list(variableKind, parent).map(({ value }) => [value.key, value.value] as const);
  return options.host.execute({
    deploymentId,
    buildDir: folders.build(deploymentId),
    entrypoint,
    env: { ...Object.fromEntries(variables), ...systemVariables(options, functionId, deploymentId, found) },
    timeoutMs: found.timeout * 1000,
    method: invocation.method,
    scheme: 'http',
    host: invocation.host,
    port: invocation.port,
    path: url.pathname,
    queryString: url.search.slice(1),
    url: url.href,
    headers: {
      ...invocation.headers,
      'x-appwrite-trigger': invocation.trigger,
      'x-appwrite-execution-id': executionId,
      'x-appwrite-user-id': '',
      'x-appwrite-user-jwt': '',
      'x-appwrite-key': makeDynamicKey(credentials, found.scopes, found.timeout + 60),
    },
    body: invocation.body,
  });
}

function systemVariables(
  options: ExecutorOptions,
  functionId: string,
  deploymentId: string,
  found: FunctionRecord,
): Record<string, string> {
  const [name = '', version = ''] = found.runtime.split(/-(?=[\d.]+$)/);
  return {
    APPWRITE_VERSION: '1.9.5',
    APPWRITE_REGION: 'default',
    APPWRITE_FUNCTION_API_ENDPOINT: options.endpoint(),
    APPWRITE_FUNCTION_PROJECT_ID: options.credentials.projectId,
    APPWRITE_FUNCTION_ID: functionId,
    APPWRITE_FUNCTION_NAME: found.name,
    APPWRITE_FUNCTION_DEPLOYMENT: deploymentId,
    APPWRITE_FUNCTION_RUNTIME_NAME: name === 'node' ? 'Node.js' : name,
    APPWRITE_FUNCTION_RUNTIME_VERSION: version,
    APPWRITE_FUNCTION_CPUS: '0.5',
    APPWRITE_FUNCTION_MEMORY: '512',
  };
}
