import * as z from 'zod';
import { AppError } from '../../protocol/errors.ts';

export interface AppwriteConnection {
  /** Ends in `/v1`. */
  endpoint: string;
  projectId: string;
  apiKey: string;
}

/** Scopes that the API key needs for everything the deployer does. */
const NEEDED_SCOPES = ['databases', 'tables', 'columns', 'indexes', 'functions', 'sites', 'rules']
  .map((area) => `${area}.read, ${area}.write`)
  .concat('rows.read')
  .join(', ');

const Failure = z.object({ code: z.number(), type: z.string().default(''), message: z.string() });
const Details = z.object({ status: z.number(), type: z.string(), message: z.string() });

function detailsOf(error: unknown): z.infer<typeof Details> | null {
  return error instanceof AppError ? (Details.safeParse(error.details).data ?? null) : null;
}

export function isMissing(error: unknown): boolean {
  const details = detailsOf(error);
  return details?.status === 404 && !['project_not_found', 'general_route_not_found', ''].includes(details.type);
}

/** What the server said when it refused a request for what is in it; null for every other failure. */
export function refusal(error: unknown): { status: number; type: string; message: string } | null {
  const found = Details.safeParse(error instanceof AppError ? error.details : null);
  return found.success && found.data.status < 500 ? found.data : null;
}

/** A request without an answer, or with one from something in between: it may have been done all the same. */
export function isUnknownOutcome(error: unknown): boolean {
  return error instanceof AppError && ['transport', 'timeout', 'server'].includes(error.code);
}

/** A conflict on a write: somebody, perhaps an earlier attempt, was first. Read back. */
export function isConflict(error: unknown): boolean {
  return detailsOf(error)?.status === 409;
}

export function toDeployError(error: unknown, what: string, connection: AppwriteConnection): AppError {
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
  const init = { message: `${what}: ${status} ${type} ${message}`, cause: error, details: { status, type, message } };
  if (status === 401 && type === 'general_unauthorized_scope') {
    const userMessage = `Appwrite refused ${what}: the key in APPWRITE_API_KEY is unknown or lacks a scope (${message}). It needs: ${NEEDED_SCOPES}.`;
    return new AppError({ ...init, code: 'auth', userMessage });
  }
  if (status === 401 || status === 403) {
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
      userMessage: `Appwrite limits the rate of calls (${what}). Resume the run to try again.`,
    });
  }
  if (status >= 500) {
    return new AppError({
      ...init,
      code: 'server',
      userMessage: `Appwrite failed with status ${status} (${what}). Resume the run to try again.`,
    });
  }
  return new AppError({ ...init, code: 'deployment_failed', userMessage: `Appwrite refused ${what}: ${message}` });
}
