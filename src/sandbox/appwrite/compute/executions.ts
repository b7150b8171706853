import * as z from 'zod';
import { ApiError, invalidArgument, notFound } from '../http/api-error.ts';
import type { Caller } from '../http/credentials.ts';
import * as p from '../http/params.ts';
import type { Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { applyQueries } from '../query.ts';
import type { Store } from '../store.ts';
import type { Executor, Invocation } from './executor.ts';
import type { Execution, FunctionRecord } from './records.ts';
import { executionKind, ownerKey, requireFunction } from './records.ts';

/** A synchronous API call waits no longer. */
const SYNCHRONOUS_LIMIT_MS = 30_000;

/** The active deployment of a function that may be executed; throws what Appwrite answers otherwise. */
export function activeDeployment(store: Store, functionId: string): string {
  const found = requireFunction(store, functionId);
  if (!found.enabled) throw notFound('function', functionId);
  if (found.deploymentId === '') {
    throw new ApiError(
      404,
      'deployment_not_found',
      'Deployment not found. Create a deployment before trying to execute a function',
    );
  }
  return found.deploymentId;
}

function requireExecute(caller: Caller, found: FunctionRecord): void {
  if (caller.kind === 'key' || caller.roles.some((role) => found.execute.includes(role))) return;
  throw new ApiError(401, 'user_unauthorized', 'The current user is not authorized to perform the requested action.');
}

function presentExecution(
  id: string,
  functionId: string,
  execution: Execution,
  responseBody = '',
): Record<string, unknown> {
  const { createdAt, updatedAt, ...fields } = execution;
  return {
    $id: id,
    $createdAt: createdAt,
    $updatedAt: updatedAt,
    $permissions: [],
    functionId,
    ...fields,
    responseBody,
    scheduledAt: null,
  };
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'];
const READ = ['executions.read', 'execution.read'];
const WRITE = ['executions.write', 'execution.write'];
const headersParam = z.preprocess(
  parseJson,
  z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]), 'Value must be a valid object'),
);

/** Forms send the object as text. */
function parseJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value === '' ? '{}' : value);
  } catch {
    return value;
  }
}

function createExecution(store: Store, executor: Executor): Route {
  return route('POST /functions/:functionId/executions', {
    scopes: WRITE,
    params: {
      functionId: p.idParam,
      body: p.orElse(p.textParam(10_485_760, 0), ''),
      async: p.orElse(p.boolParam, false),
      path: p.orElse(p.textParam(2048, 0), '/'),
      method: p.orElse(z.enum(METHODS), 'POST'),
      headers: p.orElse(headersParam, {}),
      scheduledAt: p.orElse(z.string().nullable(), null),
    },
    handler: async ({ params, caller }) => {
      if (params.scheduledAt !== null) {
        if (!params.async)
          throw invalidArgument(
            'Scheduled executions must run asynchronously. Set scheduledAt to a future date and async to true.',
          );
        throw invalidArgument('Invalid `scheduledAt` param: this server runs executions at once only.');
      }
      const { functionId } = params;
      const found = requireFunction(store, functionId);
      const deploymentId = activeDeployment(store, functionId);
      requireExecute(caller, found);
      const headers = Object.entries(params.headers).map(
        ([name, value]) => [name.toLowerCase(), String(value)] as const,
      );
      const invocation: Invocation = {
        trigger: 'http',
        method: params.method,
        path: params.path.startsWith('/') ? params.path : `/${params.path}`,
        host: `${functionId}.functions.localhost`,
        port: 80,
        headers: Object.fromEntries(headers),
        body: Buffer.from(params.body),
      };
      const shown = (id: string, responseBody = '') => {
        const execution = store.get(executionKind, ownerKey('functions', functionId), id);
        if (execution === null) throw notFound('execution', id);
        return presentExecution(id, functionId, execution, responseBody);
      };
      if (params.async) {
        const id = executor.runLater(functionId, deploymentId, invocation);
        return { status: 202, body: { ...shown(id), status: 'waiting' } };
      }
      const { id, answer } = await withLimit(executor.run(functionId, deploymentId, invocation));
      return { status: 201, body: shown(id, Buffer.from(answer.body).toString('utf8')) };
    },
  });
}

async function withLimit<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    const refusal = new ApiError(
      408,
      'function_synchronous_timeout',
      "Synchronous function execution timed out. Use asynchronous execution instead, or ensure the execution duration doesn't exceed 30 seconds.",
    );
    timer = setTimeout(() => reject(refusal), SYNCHRONOUS_LIMIT_MS);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

export function executionRoutes(store: Store, executor: Executor): Route[] {
  const parent = (functionId: string) => ownerKey('functions', functionId);
  return [
    createExecution(store, executor),
    route('GET /functions/:functionId/executions', {
      scopes: READ,
      params: { functionId: p.idParam, queries: p.queriesParam, total: p.totalParam },
      handler: ({ params }) => {
        requireFunction(store, params.functionId);
        const all = store
          .list(executionKind, parent(params.functionId))
          .map(({ id, value }) => presentExecution(id, params.functionId, value));
        const attributes = new Set([
          'trigger',
          'status',
          'responseStatusCode',
          'duration',
          'requestMethod',
          'requestPath',
          'deploymentId',
        ]);
        const page = applyQueries(all.reverse(), params.queries, { attributes }, params.total);
        return { status: 200, body: { total: page.total, executions: page.items } };
      },
    }),
    route('GET /functions/:functionId/executions/:executionId', {
      scopes: READ,
      params: { functionId: p.idParam, executionId: p.idParam },
      handler: ({ params }) => {
        requireFunction(store, params.functionId);
        const execution = store.get(executionKind, parent(params.functionId), params.executionId);
        if (execution === null) throw notFound('execution', params.executionId);
        return { status: 200, body: presentExecution(params.executionId, params.functionId, execution) };
      },
    }),
    route('DELETE /functions/:functionId/executions/:executionId', {
      scopes: WRITE,
      params: { functionId: p.idParam, executionId: p.idParam },
      handler: ({ params }) => {
        requireFunction(store, params.functionId);
        if (!store.remove(executionKind, parent(params.functionId), params.executionId)) {
          throw notFound('execution', params.executionId);
        }
        return { status: 204 };
      },
    }),
  ];
}
