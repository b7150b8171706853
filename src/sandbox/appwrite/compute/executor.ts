import { newId, toWireDate, wireNow } from '../http/wire.ts';
import type { Store } from '../store.ts';
import { cronMatches, parseCron } from './cron.ts';
import type { ProjectEvent } from './events.ts';
import { eventMatches } from './events.ts';
import type { ExecutorOptions, Invocation } from './function-call.ts';
import { callFunction } from './function-call.ts';
import type { FunctionAnswer } from './function-host.ts';
import type { Execution } from './records.ts';
import { executionKind, functionKind, heldKind, ownerKey, requireFunction } from './records.ts';

const SHOWN_REQUEST_HEADERS: ReadonlySet<string> = new Set(['content-type', 'agent', 'content-length', 'host']);
const SHOWN_RESPONSE_HEADERS: ReadonlySet<string> = new Set(['content-type', 'content-length']);
const MAX_LOG_CHARS = 1_000_000;
const MAX_KEPT = 1000;

export interface Executor {
  /** Runs the deployment and records the execution. */
  run(
    functionId: string,
    deploymentId: string,
    invocation: Invocation,
  ): Promise<{ id: string; answer: FunctionAnswer }>;
  /** Records a waiting execution and runs it afterwards. */
  runLater(functionId: string, deploymentId: string, invocation: Invocation): string;
  /** Records an execution that `runDue` begins at `atMs` (milliseconds since the epoch), with what is active then. */
  hold(functionId: string, deploymentId: string, invocation: Invocation, atMs: number): string;
  /** Begins held executions whose time has come, and active functions whose schedule names this minute. */
  runDue(nowMs: number): void;
  /** Begins every active function that one of the events of a project concerns. */
  runOn(event: ProjectEvent): void;
  /** Waits for what runLater began. */
  settle(): Promise<void>;
}

const pairs = (headers: Record<string, string>, shown: ReadonlySet<string>) =>
  Object.entries(headers)
    .filter(([name]) => shown.has(name))
    .map(([name, value]) => ({ name, value }));

export function createExecutor(options: ExecutorOptions): Executor {
  const { store } = options;
  failUnfinished(store);
  const later = new Set<Promise<unknown>>();
  const record = (
    functionId: string,
    deploymentId: string,
    invocation: Invocation,
    change: Partial<Execution> = {},
  ): string => {
    const id = newId();
    const parent = ownerKey('functions', functionId);
    store.insert(executionKind, parent, id, { ...newExecution(deploymentId, invocation), ...change });
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
    const keepsLogs = requireFunction(store, functionId).logging;
    const answer = await callFunction(options, functionId, deploymentId, id, invocation);
    update({
      status: answer.statusCode >= 500 ? 'failed' : 'completed',
      responseStatusCode: answer.statusCode,
      responseHeaders: pairs(answer.headers, SHOWN_RESPONSE_HEADERS),
      logs: keepsLogs ? answer.logs.slice(-MAX_LOG_CHARS) : '',
      errors: keepsLogs ? answer.errors.slice(-MAX_LOG_CHARS) : '',
      duration: answer.durationMs / 1000,
    });
    return answer;
  };
  const begin = (functionId: string, deploymentId: string, id: string, invocation: Invocation): void => {
    // Rejects only when the function was deleted meanwhile, and its executions with it.
    const run = perform(functionId, deploymentId, id, invocation)
      .catch(() => undefined)
      .finally(() => later.delete(run));
    later.add(run);
  };
  const runLater: Executor['runLater'] = (functionId, deploymentId, invocation) => {
    const id = record(functionId, deploymentId, invocation);
    begin(functionId, deploymentId, id, invocation);
    return id;
  };
  /** Functions that may run without anybody asking. */
  const active = () => store.list(functionKind, '').filter(({ value }) => value.enabled && value.deploymentId !== '');
  const runHeld = (nowMs: number): void => {
    for (const { id, value } of store.list(heldKind, '')) {
      if (value.atMs > nowMs) continue;
      store.remove(heldKind, '', id);
      const parent = ownerKey('functions', value.functionId);
      const execution = store.get(executionKind, parent, id);
      const deploymentId = store.get(functionKind, '', value.functionId)?.deploymentId;
      if (execution === null || deploymentId === undefined) continue;
      if (deploymentId === '') {
        const failed = { status: 'failed', errors: 'The function has no active deployment.' } as const;
        store.put(executionKind, parent, id, { ...execution, ...failed, updatedAt: wireNow() });
        continue;
      }
      const { requestMethod: method, requestPath: path, userId } = execution;
      const call = { ...ownInvocation('schedule', value.functionId), method, path, userId };
      const body = Buffer.from(value.body);
      begin(value.functionId, deploymentId, id, { ...call, headers: value.headers, body });
    }
  };
  return {
    run: async (functionId, deploymentId, invocation) => {
      const id = record(functionId, deploymentId, invocation);
      return { id, answer: await perform(functionId, deploymentId, id, invocation) };
    },
    runLater,
    hold: (functionId, deploymentId, invocation, atMs) => {
      const held = { status: 'scheduled', scheduledAt: toWireDate(atMs) } as const;
      const id = record(functionId, deploymentId, invocation, held);
      const body = Buffer.from(invocation.body).toString('utf8');
      store.insert(heldKind, '', id, { functionId, atMs, headers: invocation.headers, body });
      return id;
    },
    runDue: (nowMs) => {
      runHeld(nowMs);
      for (const { id, value } of active()) {
        const cron = parseCron(value.schedule);
        if (cron === null || !cronMatches(cron, nowMs)) continue;
        runLater(id, value.deploymentId, ownInvocation('schedule', id));
      }
    },
    runOn: ({ name, payload, userId }) => {
      for (const { id, value } of active()) {
        if (!value.events.some((pattern) => eventMatches(pattern, name))) continue;
        const call = { ...ownInvocation('event', id), userId, event: name };
        const body = Buffer.from(JSON.stringify(payload));
        runLater(id, value.deploymentId, { ...call, headers: { 'content-type': 'application/json' }, body });
      }
    },
    settle: async () => void (await Promise.allSettled(later)),
  };
}

/** How the server itself calls a function. */
function ownInvocation(trigger: Execution['trigger'], functionId: string): Invocation {
  return {
    ...{ trigger, method: 'POST', path: '/', host: `${functionId}.functions.localhost`, port: 80 },
    ...{ headers: {}, body: new Uint8Array() },
  };
}

function newExecution(deploymentId: string, invocation: Invocation): Execution {
  return {
    deploymentId,
    trigger: invocation.trigger,
    status: 'waiting',
    userId: invocation.userId ?? '',
    scheduledAt: null,
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

/** What ran when an earlier process of the server was killed will never be heard of again. */
function failUnfinished(store: Store): void {
  for (const { id, parent, value } of store.listAll(executionKind)) {
    if (value.status !== 'waiting' && value.status !== 'processing') continue;
    const failed = { status: 'failed', errors: 'The server stopped during the execution.' } as const;
    store.put(executionKind, parent, id, { ...value, ...failed, updatedAt: wireNow() });
  }
}
