import type { Functions, Proxy as ProxyService, Query, Sites, TablesDB } from 'node-appwrite';
import type { InputFile } from 'node-appwrite/file';
import type { Clock, Log } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import { type AppwriteConnection, isMissing, isUnknownOutcome, toDeployError } from './failures.ts';
import { holdWarnings } from './warnings.ts';

const CALL_LIMIT_MS = 60_000;
/** Of one call, all told. */
const ATTEMPTS = 3;

export interface Sdk {
  tablesDB: TablesDB;
  functions: Functions;
  sites: Sites;
  proxy: ProxyService;
  Query: typeof Query;
  InputFile: typeof InputFile;
}

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

/** A change of which the answer may get lost. */
interface Change {
  /** What is tried, in words. */
  what: string;
  make(sdk: Sdk): Promise<unknown>;
  /** Reads back whether it has been done; asked only when no answer came. */
  isDone(): Promise<boolean>;
  signal: AbortSignal;
}

export interface Caller {
  /**
   * Makes one reading call, again when the server was busy, out of reach or broken for a moment; `what` says in words what was
   * tried. Every failure is an AppError with the HTTP status in details.
   */
  call<T>(what: string, work: (sdk: Sdk) => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Like `call`, with null when the thing does not exist. */
  find<T>(what: string, work: (sdk: Sdk) => Promise<T>, signal: AbortSignal): Promise<T | null>;
  /** Makes the change; without an answer it looks whether it was done before it makes it again. */
  change(change: Change): Promise<void>;
  /** One call, never made again by itself. */
  once<T>(what: string, work: (sdk: Sdk) => Promise<T>, signal: AbortSignal, limitMs?: number): Promise<T>;
}

/** `retryMs` is the shortest time between two attempts; it doubles. */
export function createCaller(connection: AppwriteConnection, clock: Clock, log: Log, retryMs: number): Caller {
  let opening: Promise<Sdk> | null = null;
  const open = () => {
    opening ??= openSdk(connection);
    return opening;
  };
  const once: Caller['once'] = async (what, work, signal, limitMs = CALL_LIMIT_MS) => {
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
  /** `settled` throws what no other attempt cures, and gives a result when the failed attempt has one all the same. */
  const attempts = async <T>(
    what: string,
    signal: AbortSignal,
    attempt: () => Promise<T>,
    settled: (error: unknown) => Promise<{ value: T } | null>,
  ): Promise<T> => {
    for (let count = 1; ; count += 1) {
      try {
        return await attempt();
      } catch (error) {
        const done = await settled(error);
        if (done !== null) return done.value;
        if (count === ATTEMPTS) throw error;
        log.warn('appwrite is asked again', { what, count, error: error instanceof Error ? error.message : '' });
        await clock.sleep(retryMs * 2 ** (count - 1), signal);
      }
    }
  };
  const call: Caller['call'] = (what, work, signal) =>
    attempts(
      what,
      signal,
      () => once(what, work, signal),
      async (error) => {
        if (!isPassing(error)) throw error;
        return null;
      },
    );
  return {
    call,
    once,
    find: async (what, work, signal) => {
      try {
        return await call(what, work, signal);
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    change: ({ what, make, isDone, signal }) => {
      let isOpen = false;
      return attempts<void>(
        what,
        signal,
        async () => void (await once(what, make, signal)),
        async (error) => {
          if (isUnknownOutcome(error)) {
            isOpen = true;
            log.warn('no answer: looking whether it was done', { what });
          }
          if (!isOpen && !isRateLimit(error)) throw error;
          if (isOpen && (await isDone())) return { value: undefined };
          if (!isUnknownOutcome(error) && !isRateLimit(error)) throw error;
          return null;
        },
      );
    },
  };
}

function isRateLimit(error: unknown): boolean {
  return error instanceof AppError && error.code === 'rate_limited';
}

/** A silent server has had its minute already. */
function isPassing(error: unknown): boolean {
  return isRateLimit(error) || (isUnknownOutcome(error) && !(error instanceof AppError && error.code === 'timeout'));
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
      userMessage: `Appwrite did not answer within ${Math.round(limitMs / 1000)} s (${what}). Resume the run to try again.`,
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
