import * as z from 'zod';
import type { Clock } from '../../../core/ports.ts';
import { ApiError, notFound } from '../http/api-error.ts';
import type { Caller } from '../http/credentials.ts';
import * as p from '../http/params.ts';
import type { Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { applyQueries, selectFields } from '../query.ts';
import type { Store } from '../store.ts';
import type { Executor } from './executor.ts';
import type { Invocation } from './function-call.ts';
import type { Execution, FunctionRecord } from './records.ts';
import { executionKind, heldKind, ownerKey, requireFunction } from './records.ts';

/** A synchronous API call waits no longer. */
const SYNCHRONOUS_LIMIT_MS = 30_000;

/** The active deployment of a function; throws what Appwrite answers when there is none. */
export function activeDeployment(store: Store, functionId: string): string {
  const found = requireFunction(store, functionId);
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
  throw unauthorized();
}

function unauthorized(): ApiError {
  return new ApiError(401, 'user_unauthorized', 'The current user is not authorized to perform the requested action.');
}

/** A disabled function is there for keys only. */
function openFunction(store: Store, functionId: string, caller: Caller): FunctionRecord {
  const found = requireFunction(store, functionId);
  if (!found.enabled && caller.kind !== 'key') throw notFound('function', functionId);
  return found;
}

/** Logs and errors are for keys. */
function presentExecution(
  id: string,
  functionId: string,
  execution: Execution,
  caller: Caller,
  responseBody = '',
): Record<string, unknown> {
  const { createdAt, updatedAt, userId, ...fields } = execution;
  return {
    $id: id,
    $createdAt: createdAt,
    $updatedAt: updatedAt,
    $permissions: userId === '' ? [] : [`read("user:${userId}")`],
    functionId,
    ...fields,
    ...(caller.kind === 'key' ? {} : { logs: '', errors: '' }),
    responseBody,
  };
}

/** Users see the executions that they started. */
function maySee(execution: Execution, caller: Caller): boolean {
  return caller.kind === 'key' || (caller.kind === 'user' && execution.userId === caller.userId);
}

function findExecution(store: Store, functionId: string, id: string, caller: Caller): Execution {
  openFunction(store, functionId, caller);
  const execution = store.get(executionKind, ownerKey('functions', functionId), id);
  if (execution === null || !maySee(execution, caller)) throw notFound('execution', id);
  return execution;
}

/** When a scheduled execution begins, in milliseconds since the epoch: a whole minute, at least one from now. */
function readScheduledAt(text: string, nowMs: number): number {
  const atMs = Date.parse(text);
  if (!(atMs >= nowMs + 60_000) || atMs % 60_000 !== 0) {
    throw new ApiError(
      400,
      'general_bad_request',
      'Execution schedule must be a valid date, and at least 1 minute from now',
    );
  }
  return atMs;
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

function createExecution({ store, executor, clock, userJwt }: ExecutionServices): Route {
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
      const { functionId, scheduledAt } = params;
      if (scheduledAt !== null && !params.async) {
        throw new ApiError(
          400,
          'general_bad_request',
          'Scheduled executions must run asynchronously. Set scheduledAt to a future date, or set async to true.',
        );
      }
      const atMs = scheduledAt === null ? null : readScheduledAt(scheduledAt, clock.now());
      const found = openFunction(store, functionId, caller);
      const deploymentId = activeDeployment(store, functionId);
      requireExecute(caller, found);
      const headers = Object.entries(params.headers).map(
        ([name, value]) => [name.toLowerCase(), String(value)] as const,
      );
      const invocation: Invocation = {
        trigger: atMs === null ? 'http' : 'schedule',
        method: params.method,
        path: params.path.startsWith('/') ? params.path : `/${params.path}`,
        host: `${functionId}.functions.localhost`,
        port: 80,
        headers: Object.fromEntries(headers),
        body: Buffer.from(params.body),
        ...(caller.kind === 'user' ? { userId: caller.userId, userJwt: userJwt(caller, found.timeout + 60) } : {}),
      };
      const shown = (id: string, responseBody = '') => {
        const execution = store.get(executionKind, ownerKey('functions', functionId), id);
        if (execution === null) throw notFound('execution', id);
        return presentExecution(id, functionId, execution, caller, responseBody);
      };
      if (atMs !== null) {
        return { status: 202, body: shown(executor.hold(functionId, deploymentId, invocation, atMs)) };
      }
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

export interface ExecutionServices {
  store: Store;
  executor: Executor;
  clock: Pick<Clock, 'now'>;
  /** A JWT with which a function acts as the user who calls it. */
  userJwt(caller: Caller & { kind: 'user' }, lifeSeconds: number): string;
}

const FILTERS = new Set([
  ...['trigger', 'status', 'responseStatusCode', 'duration', 'requestMethod', 'requestPath', 'deploymentId'],
  'scheduledAt',
]);

export function executionRoutes(services: ExecutionServices): Route[] {
  const { store } = services;
  const parent = (functionId: string) => ownerKey('functions', functionId);
  return [
    createExecution(services),
    route('GET /functions/:functionId/executions', {
      scopes: READ,
      params: { functionId: p.idParam, queries: p.queriesParam, total: p.totalParam },
      handler: ({ params, caller }) => {
        openFunction(store, params.functionId, caller);
        const all = store
          .list(executionKind, parent(params.functionId))
          .filter(({ value }) => maySee(value, caller))
          .map(({ id, value }) => presentExecution(id, params.functionId, value, caller));
        const page = applyQueries(all.reverse(), params.queries, { attributes: FILTERS }, params.total);
        const executions = page.items.map((item) => selectFields(item, page.select));
        return { status: 200, body: { total: page.total, executions } };
      },
    }),
    route('GET /functions/:functionId/executions/:executionId', {
      scopes: READ,
      params: { functionId: p.idParam, executionId: p.idParam },
      handler: ({ params: { functionId, executionId }, caller }) => {
        const execution = findExecution(store, functionId, executionId, caller);
        return { status: 200, body: presentExecution(executionId, functionId, execution, caller) };
      },
    }),
    route('DELETE /functions/:functionId/executions/:executionId', {
      scopes: WRITE,
      params: { functionId: p.idParam, executionId: p.idParam },
      handler: ({ params: { functionId, executionId }, caller }) => {
        const { status } = findExecution(store, functionId, executionId, caller);
        if (status === 'waiting' || status === 'processing') {
          throw new ApiError(
            400,
            'execution_in_progress',
            "Can't delete ongoing execution. Please wait until it ends.",
          );
        }
        if (caller.kind !== 'key') throw unauthorized();
        store.remove(executionKind, parent(functionId), executionId);
        store.remove(heldKind, '', executionId);
        return { status: 204 };
      },
    }),
  ];
}
