import type { TablesDB } from 'node-appwrite';
import * as z from 'zod';
import type { Log } from '../../core/ports.ts';
import { AppError, type ErrorCode } from '../../protocol/errors.ts';
import { holdWarnings } from './warnings.ts';

export interface RecordStoreOptions {
  /** Ends in `/v1`. */
  endpoint: string;
  projectId: string;
  apiKey: string;
  databaseId: string;
  log: Log;
}

const KEY_VARIABLE = 'ORCHESTRATOR_RECORDS_KEY';
const BY_HAND = 'push appwrite.json with the Appwrite CLI ("appwrite push tables")';

/** One call to the shared database, ended by its signal; every failure is an AppError with the HTTP status in details. */
export type RecordCall = <T>(what: string, signal: AbortSignal, work: (tables: TablesDB) => Promise<T>) => Promise<T>;

export function createRecordCall(options: RecordStoreOptions): RecordCall {
  return async (what, signal, work) => {
    if (signal.aborted) throw aborted(signal);
    // Not before the first call: the vendor's library is large.
    const { Client, TablesDB: Tables } = await import('node-appwrite');
    const client = new Client().setEndpoint(options.endpoint).setProject(options.projectId).setKey(options.apiKey);
    // The library takes no signal, and a request that nobody waits for would keep the process.
    const prepare = client.prepareRequest.bind(client);
    client.prepareRequest = (...args) => {
      const { uri, options: init } = prepare(...args);
      return { uri, options: { ...init, signal } };
    };
    const quiet = holdWarnings((text) => options.log.warn('appwrite warns', { what, text }));
    try {
      return await work(new Tables(client));
    } catch (thrown) {
      throw signal.aborted ? aborted(signal) : toRecordError(thrown, what, options);
    } finally {
      quiet.release();
    }
  };
}

const Failure = z.object({ code: z.number(), type: z.string().default(''), message: z.string() });
const Details = z.object({ status: z.number(), type: z.string() });

const detailsOf = (thrown: unknown) =>
  thrown instanceof AppError ? (Details.safeParse(thrown.details).data ?? null) : null;
export const statusOf = (thrown: unknown) => detailsOf(thrown)?.status ?? null;
export const isMissing = (thrown: unknown) =>
  ['database_not_found', 'table_not_found', 'collection_not_found'].includes(detailsOf(thrown)?.type ?? '');
export const hasNoRoute = (thrown: unknown) =>
  statusOf(thrown) === 405 || detailsOf(thrown)?.type === 'general_route_not_found';

export const hasNoScope = (thrown: unknown) => detailsOf(thrown)?.type === 'general_unauthorized_scope';

function aborted(signal: AbortSignal): AppError {
  if (signal.reason instanceof AppError) return signal.reason;
  return new AppError({ code: 'aborted', message: 'aborted', userMessage: 'Cancelled.' });
}

export function mayNotMake(databaseId: string, cause: unknown): AppError {
  return new AppError({
    code: 'configuration',
    message: `the database ${databaseId} has no tables for shared records and they cannot be made`,
    userMessage: `The Appwrite database "${databaseId}" lacks the tables for shared records, and the key in ${KEY_VARIABLE} may not make them (databases.write, tables.write) or the server is too old for it: ${BY_HAND}.`,
    cause,
  });
}

function codeOf(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'auth';
  if (status === 404) return 'configuration';
  if (status === 429) return 'rate_limited';
  return status >= 500 ? 'server' : 'invalid_request';
}

function toRecordError(thrown: unknown, what: string, { endpoint, projectId }: RecordStoreOptions): AppError {
  if (thrown instanceof AppError) return thrown;
  const failure = Failure.safeParse(thrown);
  if (!failure.success || failure.data.code === 0) {
    const message = thrown instanceof Error ? `${thrown.message} ${String(thrown.cause ?? '')}`.trim() : String(thrown);
    return new AppError({
      code: 'transport',
      message: `${what}: ${message}`,
      userMessage: `The shared database at ${endpoint} cannot be reached (${what}). Check ORCHESTRATOR_RECORDS_ENDPOINT and the network.`,
      cause: thrown,
    });
  }
  const { code: status, type, message } = failure.data;
  return new AppError({
    code: codeOf(status),
    message: `${what}: ${status} ${type} ${message}`,
    userMessage: wordsFor(status, what, message, { endpoint, projectId }),
    details: { status, type },
    cause: thrown,
  });
}

function wordsFor(
  status: number,
  what: string,
  message: string,
  { endpoint, projectId }: Pick<RecordStoreOptions, 'endpoint' | 'projectId'>,
): string {
  const said = message.slice(0, 300);
  switch (codeOf(status)) {
    case 'auth':
      return `The shared database refused ${what}: ${said} Check ${KEY_VARIABLE}; it needs rows.read and rows.write.`;
    case 'configuration':
      return `Appwrite at ${endpoint}, project "${projectId}", answered ${what} with: ${said} Check "records" in orchestrator.config.json and ORCHESTRATOR_RECORDS_ENDPOINT.`;
    case 'rate_limited':
      return `Appwrite limits the rate of calls (${what}). It is tried again.`;
    case 'server':
      return `Appwrite failed with status ${status} (${what}). It is tried again.`;
    default:
      return `The shared database refused ${what}: ${said} Its tables may differ from those of this version: ${BY_HAND}.`;
  }
}
