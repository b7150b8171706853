import type { IncomingHttpHeaders } from 'node:http';
import type * as z from 'zod';
import { ApiError } from './api-error.ts';
import type { Caller } from './credentials.ts';
import { parseParams } from './params.ts';
import type { UploadedPart } from './request.ts';

export interface Reply {
  status: number;
  /** JSON; absent for 204. */
  body?: unknown;
  /** Besides the content type. */
  headers?: Record<string, string | readonly string[]>;
}

export interface Call<P> {
  params: P;
  caller: Caller;
  headers: IncomingHttpHeaders;
  file: UploadedPart | null;
}

export interface Route {
  method: string;
  /** Below `/v1`; `:name` is a path parameter and part of the parameter schema. */
  path: string;
  /** Any one of them lets the caller through; empty means public. */
  scopes: readonly string[];
  shape: z.ZodRawShape;
  /** Checks the parameters, then handles. */
  run(raw: Record<string, unknown>, call: Omit<Call<unknown>, 'params'>): Promise<Reply>;
}

interface RouteInit<S extends z.ZodRawShape> {
  scopes: readonly string[];
  params: S;
  handler(call: Call<z.infer<z.ZodObject<S>>>): Reply | Promise<Reply>;
}

/** Declares one route; `verb` is `GET /tablesdb/:databaseId`. */
export function route<S extends z.ZodRawShape>(verb: string, init: RouteInit<S>): Route {
  const [method = '', path = ''] = verb.split(' ');
  return {
    method,
    path,
    scopes: init.scopes,
    shape: init.params,
    run: async (raw, call) => init.handler({ ...call, params: parseParams(init.params, raw) }),
  };
}

export interface RouteMatch {
  route: Route;
  pathParams: Record<string, string>;
}

/** Literal segments win over parameters, so that `/functions/runtimes` is not a function id. */
export function matchRoute(routes: readonly Route[], method: string, pathname: string): RouteMatch {
  const wanted = pathname.split('/').filter(Boolean);
  let best: (RouteMatch & { literals: number }) | null = null;
  for (const candidate of routes) {
    if (candidate.method !== method) continue;
    const pathParams = matchSegments(candidate.path.split('/').filter(Boolean), wanted);
    if (pathParams === null) continue;
    const literals = wanted.length - Object.keys(pathParams).length;
    if (best === null || literals > best.literals) best = { route: candidate, pathParams, literals };
  }
  if (best === null) {
    throw new ApiError(404, 'general_route_not_found', 'The requested route was not found. Please refer to the docs.');
  }
  return best;
}

function matchSegments(pattern: readonly string[], wanted: readonly string[]): Record<string, string> | null {
  if (pattern.length !== wanted.length) return null;
  const params: Record<string, string> = {};
  for (const [index, segment] of pattern.entries()) {
    const value = wanted[index] ?? '';
    if (segment.startsWith(':')) params[segment.slice(1)] = value;
    else if (segment !== value) return null;
  }
  return params;
}
