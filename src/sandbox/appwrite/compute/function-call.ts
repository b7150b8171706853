import type { Credentials } from '../http/credentials.ts';
import { makeDynamicKey } from '../http/credentials.ts';
import type { Store } from '../store.ts';
import type { Folders } from './builds.ts';
import type { FunctionAnswer, FunctionHost } from './function-host.ts';
import type { Execution, FunctionRecord } from './records.ts';
import { deploymentKind, ownerKey, requireFunction, variableKind } from './records.ts';

export interface Invocation {
  trigger: Execution['trigger'];
  method: string;
  /** With query. */
  path: string;
  host: string;
  port: number;
  headers: Record<string, string>;
  body: Uint8Array;
  /** Of the user who calls; '' for a key, an event or a schedule. */
  userId?: string;
  /** Lets the function act as that user. */
  userJwt?: string;
  /** Name of the event that is the trigger. */
  event?: string;
}

export interface ExecutorOptions {
  store: Store;
  host: FunctionHost;
  folders: Folders;
  credentials: Credentials;
  endpoint(): string;
}

/** Hands the call to the process of the deployment, with the variables and headers that Appwrite adds. */
export function callFunction(
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
      ...(invocation.event === undefined ? {} : { 'x-appwrite-event': invocation.event }),
      'x-appwrite-user-id': invocation.userId ?? '',
      'x-appwrite-user-jwt': invocation.userJwt ?? '',
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
