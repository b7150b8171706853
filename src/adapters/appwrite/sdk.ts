import type { Functions, Proxy as ProxyService, Query, Sites, TablesDB } from 'node-appwrite';
import type { InputFile } from 'node-appwrite/file';
import * as z from 'zod';
import type { Clock, Log } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';

const CALL_LIMIT_MS = 60_000;

export interface AppwriteConnection {
  /** Ends in `/v1`. */
  endpoint: string;
  projectId: string;
  apiKey: string;
}

export interface Sdk {
  tablesDB: TablesDB;
  functions: Functions;
  sites: Sites;
  proxy: ProxyService;
  Query: typeof Query;
  InputFile: typeof InputFile;
}

/** Scopes that the API key needs for everything the deployer does. */
const NEEDED_SCOPES = ['databases', 'tables', 'columns', 'indexes', 'functions', 'sites', 'rules']
  .map((area) => `${area}.read, ${area}.write`)
  .join(', ');

/** Loads the vendor's library, which is large, on first use. */
async function openSdk(connection: AppwriteConnection): Promise<Sdk> {
  const [appwrite, file] = await Promise.all([import('node-appwrite'), import('node-appwrite/file')]);
  const client = new appwrite.Client()
    .setEndpoint(connection.endpoint)
    .setProject(connection.projectId)
    .setKey(connection.apiKey);
  return {
    tablesDB: new appwrite.TablesDB(client),
    functions: new appwrite.Functions(client),
    sites: new appwrite.Sites(client),
    proxy: new appwrite.Proxy(client),
    Query: appwrite.Query,
    InputFile: file.InputFile,
  };
}

export interface Caller {
  /** Makes one call; `what` says in words what was tried. Every failure is an AppError with the HTTP status in details. */
  call<T>(what: string, work: (sdk: Sdk) => Promise<T>, signal: AbortSignal, limitMs?: number): Promise<T>;
  /** Like `call`, with null when the thing does not exist. */
  find<T>(what: string, work: (sdk: Sdk) => Promise<T>, signal: AbortSignal): Promise<T | null>;
}

export function createCaller(connection: AppwriteConnection, clock: Clock, log: Log): Caller {
  let opening: Promise<Sdk> | null = null;
  const open = () => {
    opening ??= openSdk(connection);
    return opening;
  };
  const call: Caller['call'] = async (what, work, signal, limitMs = CALL_LIMIT_MS) => {
    refuseAborted(signal);
    const sdk = await open();
    const quiet = holdWarnings((text) => log.warn('appwrite warns', { what, text }));
    try {
      return await withLimit(work(sdk), what, limitMs, clock, signal);
    } catch (error) {
      throw toDeployError(error, what, connection);
    } finally {
      quiet.release();
    }
  };
  return {
    call,
    find: async (what, work, signal) => {
      try {
        return await call(what, work, signal);
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
  };
}

function refuseAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new AppError({ code: 'aborted', message: 'aborted', userMessage: 'Cancelled.' });
}

/** The library has neither a timeout nor an abort signal: a call that loses the race goes on unheard until it settles. */
async function withLimit<T>(
  work: Promise<T>,
  what: string,
  limitMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<T> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const limit = clock.sleep(limitMs, either).then((): never => {
    throw new AppError({
      code: 'timeout',
      message: `${what}: no answer within ${limitMs} ms`,
      userMessage: `Appwrite did not answer within ${Math.round(limitMs / 1000)} s (${what}). It will be tried again.`,
    });
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    over.abort();
    work.catch(() => undefined);
    limit.catch(() => undefined);
  }
}

const Failure = z.object({ code: z.number(), type: z.string().default(''), message: z.string() });
const Details = z.object({ status: z.number(), type: z.string() });

function detailsOf(error: unknown): z.infer<typeof Details> | null {
  return error instanceof AppError ? (Details.safeParse(error.details).data ?? null) : null;
}

function isMissing(error: unknown): boolean {
  const details = detailsOf(error);
  return details?.status === 404 && !['project_not_found', 'general_route_not_found', ''].includes(details.type);
}

/** A conflict on a write: somebody, perhaps an earlier attempt, was first. Read back. */
export function isConflict(error: unknown): boolean {
  return detailsOf(error)?.status === 409;
}

function toDeployError(error: unknown, what: string, connection: AppwriteConnection): AppError {
  if (error instanceof AppError) return error;
  const failure = Failure.safeParse(error);
  const { endpoint, projectId } = connection;
  if (!failure.success || failure.data.code === 0) {
    const message = error instanceof Error ? error.message : String(error);
    return new AppError({
      code: 'transport',
      message: `${what}: ${message}`,
      userMessage: `Appwrite at ${endpoint} cannot be reached (${what}). Check APPWRITE_ENDPOINT and the network.`,
      cause: error,
    });
  }
  const { code: status, type, message } = failure.data;
  const init = { message: `${what}: ${status} ${type} ${message}`, cause: error, details: { status, type } };
  if (status === 401 && type === 'general_unauthorized_scope') {
    const userMessage = `Appwrite refused ${what}: the key in APPWRITE_API_KEY is unknown or lacks a scope (${message}). It needs: ${NEEDED_SCOPES}.`;
    return new AppError({ ...init, code: 'auth', userMessage });
  }
  if (status === 401) {
    const userMessage = `Appwrite refused ${what}: ${message} Check APPWRITE_API_KEY.`;
    return new AppError({ ...init, code: 'auth', userMessage });
  }
  if (status === 404 && type === 'project_not_found') {
    const userMessage = `Appwrite at ${endpoint} has no project "${projectId}". Create it there, or correct APPWRITE_PROJECT_ID.`;
    return new AppError({ ...init, code: 'configuration', userMessage });
  }
  if (status === 429) {
    return new AppError({
      ...init,
      code: 'rate_limited',
      userMessage: `Appwrite limits the rate of calls (${what}). It will be tried again.`,
    });
  }
  if (status >= 500) {
    return new AppError({
      ...init,
      code: 'server',
      userMessage: `Appwrite failed with status ${status} (${what}). It will be tried again.`,
    });
  }
  return new AppError({ ...init, code: 'deployment_failed', userMessage: `Appwrite refused ${what}: ${message}` });
}

let holders = 0;
let originalWarn: typeof console.warn | null = null;

/** The library prints `x-appwrite-warning` headers to the console, which may be somebody's terminal: log them instead. */
export function holdWarnings(onWarning: (text: string) => void): { release(): void } {
  holders++;
  if (originalWarn === null) {
    const pass = console.warn;
    originalWarn = pass;
    console.warn = (...values: unknown[]) => {
      const [first] = values;
      if (values.length === 1 && typeof first === 'string' && first.startsWith('Warning: ')) onWarning(first.slice(9));
      else pass(...values);
    };
  }
  return {
    release: () => {
      holders--;
      if (holders > 0 || originalWarn === null) return;
      console.warn = originalWarn;
      originalWarn = null;
    },
  };
}
