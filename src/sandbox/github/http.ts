import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import type { Account } from './accounts.ts';

type ErrorDetails = readonly (string | Record<string, string>)[];

/** An answer other than success, in GitHub's shape. */
export class ApiError extends Error {
  readonly status: number;
  readonly errors: ErrorDetails | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, errors?: ErrorDetails, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.errors = errors;
    this.headers = headers;
  }
}

export const notFound = (): ApiError => new ApiError(404, 'Not Found');

/** 422 with one error of the resource, such as `{field: 'head', code: 'invalid'}`. */
export const invalid = (resource: string, error: Record<string, string>): ApiError =>
  new ApiError(422, 'Validation Failed', [{ resource, ...error }]);

export interface Call {
  method: string;
  params: Record<string, string>;
  query: URLSearchParams;
  /** Address of the call without the query, for Link headers. */
  address: string;
  body: unknown;
  user: Account;
}

export interface Reply {
  status: number;
  body: unknown;
  headers?: Readonly<Record<string, string>>;
}

type Handler = (call: Call) => Promise<Reply> | Reply;

export interface Route {
  method: string;
  /** `/repos/:owner/:repo/git/ref/*ref`: a colon takes one segment, a star the rest. */
  path: string;
  /** Right at the repository. Default: `read` for GET, else `write`. `push` is `write` where GitHub says so when it is missing. */
  access?: 'read' | 'write' | 'push' | 'admin';
  handle: Handler;
}

export const reply = (status: number, body: unknown, headers?: Readonly<Record<string, string>>): Reply =>
  headers === undefined ? { status, body } : { status, body, headers };

const DOCUMENTATION_URL = 'https://docs.github.com/rest';
const BODY_LIMIT_BYTES = 1024 * 1024;

export function matchRoute(routes: readonly Route[], method: string, path: string): [Route, Call['params']] | null {
  const segments = path.split('/').filter((segment) => segment !== '');
  for (const route of routes) {
    if (route.method !== method) continue;
    const params = matchPath(route.path, segments);
    if (params !== null) return [route, params];
  }
  return null;
}

function matchPath(pattern: string, segments: readonly string[]): Call['params'] | null {
  const parts = pattern.split('/').filter((part) => part !== '');
  const params: Call['params'] = {};
  for (const [at, part] of parts.entries()) {
    if (part.startsWith('*')) {
      if (segments.length <= at) return null;
      params[part.slice(1)] = segments.slice(at).map(decode).join('/');
      return params;
    }
    const segment = segments[at];
    if (segment === undefined) return null;
    if (part.startsWith(':')) params[part.slice(1)] = decode(segment);
    else if (part !== segment) return null;
  }
  return parts.length === segments.length ? params : null;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw notFound();
  }
}

export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    const part = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    sizeBytes += part.length;
    if (sizeBytes > BODY_LIMIT_BYTES) throw new ApiError(413, 'Payload too large');
    chunks.push(part);
  }
  if (sizeBytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new ApiError(400, 'Problems parsing JSON');
  }
}

/** The body of a call, or GitHub's 422 naming the fields that are wrong. */
export function parseBody<S extends z.ZodType>(schema: S, body: unknown, resource: string): z.output<S> {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map((issue) => ({
    resource,
    field: issue.path.join('.'),
    code: issue.code === 'invalid_type' && issue.input === undefined ? 'missing_field' : 'invalid',
  }));
  throw new ApiError(422, 'Validation Failed', errors);
}

const PageQuery = z.object({
  per_page: z.coerce.number().int().min(1).catch(30),
  page: z.coerce.number().int().min(1).catch(1),
});

/** One page of a list with its Link header; 30 entries by default and 100 at most. */
export function paginate<T>(call: Call, items: readonly T[]): { items: T[]; headers: Record<string, string> } {
  const query = PageQuery.parse(Object.fromEntries(call.query));
  const perPage = Math.min(query.per_page, 100);
  const last = Math.max(1, Math.ceil(items.length / perPage));
  const linkTo = (page: number, rel: string): string => {
    const search = new URLSearchParams(call.query);
    search.set('page', String(page));
    return `<${call.address}?${search}>; rel="${rel}"`;
  };
  const links: string[] = [];
  if (query.page > 1) links.push(linkTo(query.page - 1, 'prev'));
  if (query.page < last) links.push(linkTo(query.page + 1, 'next'), linkTo(last, 'last'));
  if (query.page > 1) links.push(linkTo(1, 'first'));
  const start = (query.page - 1) * perPage;
  return {
    items: items.slice(start, start + perPage),
    headers: links.length === 0 ? {} : { link: links.join(', ') },
  };
}

export interface Prepared {
  status: number;
  headers: Record<string, string>;
  text: string | null;
}

/** The answer with the etag of its body; a GET that names the same etag gets 304. */
export function prepare(request: IncomingMessage, answer: Reply): Prepared {
  const headers: Record<string, string> = {
    'content-type': 'application/json; charset=utf-8',
    'x-github-media-type': 'github.v3; format=json',
    'x-github-request-id': randomUUID().toUpperCase(),
    ...answer.headers,
  };
  const empty = (status: number): Prepared => {
    delete headers['content-type'];
    return { status, headers, text: null };
  };
  if (answer.body === undefined) return empty(answer.status);
  const text = JSON.stringify(answer.body);
  if (request.method === 'GET' && answer.status === 200) {
    const etag = `W/"${createHash('sha256').update(text).digest('hex')}"`;
    headers.etag = etag;
    headers['cache-control'] = 'private, max-age=60, s-maxage=60';
    if (request.headers['if-none-match'] === etag) return empty(304);
  }
  return { status: answer.status, headers, text };
}

export function errorReply(error: ApiError): Reply {
  const body = { message: error.message, documentation_url: DOCUMENTATION_URL, status: String(error.status) };
  return reply(error.status, error.errors === undefined ? body : { ...body, errors: error.errors }, error.headers);
}
