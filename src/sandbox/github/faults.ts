import { ApiError } from './http.ts';

/**
 * What goes wrong, in place of one answer or after it. `badGatewayAfter` and `cutAfter` happen when the effect has taken place:
 * the client cannot know.
 */
export type FaultKind =
  | { kind: 'tooManyRequests'; retryAfterSeconds: number }
  | { kind: 'secondaryLimit'; retryAfterSeconds: number }
  /** `resetSeconds` from now. */
  | { kind: 'primaryLimit'; resetSeconds: number }
  | { kind: 'serverError' }
  | { kind: 'badGateway' }
  | { kind: 'badGatewayAfter' }
  | { kind: 'cutBefore' }
  | { kind: 'cutAfter' };

type Fault = FaultKind & {
  method: string;
  /** Of the API without its prefix, or of git (`/owner/name.git/git-receive-pack`), without the query. */
  path: string | RegExp;
  /** Which call from now on: 1, the default, is the next. */
  call?: number;
  /** How many calls, from that one on. Default 1. */
  times?: number;
};

export interface Faults {
  add(fault: Fault): void;
  clear(): void;
}

export interface FaultSource extends Faults {
  /** Counts a call, and gives the fault that it meets. */
  take(method: string, path: string): FaultKind | null;
}

export function createFaults(): FaultSource {
  let planned: { fault: Fault; seen: number }[] = [];
  const meets = (fault: Fault, method: string, path: string): boolean =>
    fault.method === method && (typeof fault.path === 'string' ? fault.path === path : fault.path.test(path));
  return {
    add: (fault) => void planned.push({ fault, seen: 0 }),
    clear() {
      planned = [];
    },
    take(method, path) {
      let met: FaultKind | null = null;
      for (const entry of planned.filter(({ fault }) => meets(fault, method, path))) {
        entry.seen += 1;
        const first = entry.fault.call ?? 1;
        if (entry.seen >= first && entry.seen < first + (entry.fault.times ?? 1)) met ??= entry.fault;
      }
      return met;
    },
  };
}

/** True when the request is to be handled before it goes wrong. */
export function happensAfter(fault: FaultKind): boolean {
  return fault.kind === 'badGatewayAfter' || fault.kind === 'cutAfter';
}

/** Of null: the connection is cut. */
export function faultError(fault: FaultKind, nowMs: number): ApiError | null {
  switch (fault.kind) {
    case 'tooManyRequests':
      return new ApiError(429, 'Too Many Requests', undefined, { 'retry-after': String(fault.retryAfterSeconds) });
    case 'secondaryLimit':
      return new ApiError(
        403,
        'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
        undefined,
        { 'retry-after': String(fault.retryAfterSeconds) },
      );
    case 'primaryLimit':
      return new ApiError(403, 'API rate limit exceeded for user ID 1.', undefined, {
        'x-ratelimit-remaining': '0',
        'x-ratelimit-used': '5000',
        'x-ratelimit-reset': String(Math.ceil(nowMs / 1000) + fault.resetSeconds),
      });
    case 'serverError':
      return new ApiError(500, 'Server Error');
    case 'badGateway':
    case 'badGatewayAfter':
      return new ApiError(502, 'Bad Gateway');
    case 'cutBefore':
    case 'cutAfter':
      return null;
  }
}
