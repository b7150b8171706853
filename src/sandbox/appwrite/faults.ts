import type { IncomingMessage, ServerResponse } from 'node:http';
import { ServerResponse as LostResponse } from 'node:http';
import { SERVER_VERSION } from './http/api-error.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

interface CallPattern {
  method: string;
  // A star between slashes would end a block comment.
  /** Below the server's address; a star stands for one segment. */
  path: string;
  /** Which of the calls from now on; default 1, the next one. */
  nth?: number;
  /** How many calls in a row, from that one; default 1. */
  times?: number;
}

interface AnswerFault extends CallPattern {
  /** HTTP status, or `cut`: the connection ends without an answer. */
  status: number | 'cut';
  /** True: the call takes effect first, so the caller cannot know; default false, it never arrives. */
  afterEffect?: boolean;
  /** Seconds in a `Retry-After` header; none by default. */
  retryAfterSeconds?: number;
  /** Default: what Appwrite or the proxy before it answers with this status. */
  body?: string;
}

interface CutFault extends CallPattern {
  /** How much of the request body arrives before the connection is cut; default 1000. */
  afterBytes?: number;
}

/** What a build is made to do while it is `building`; the next build of the resource only. */
interface BuildFaults {
  /** It fails, with this at the end of its log. */
  fail(resourceId: string, reason: string): void;
  /** It goes on until it is cancelled or the server stops. */
  neverEnd(resourceId: string): void;
  /** It waits for `release`; `reached` resolves when it has got that far. */
  hold(resourceId: string): { reached: Promise<void>; release(): void };
}

/** For the builder: why the build of this resource fails, or null when it goes on. Rejects when the signal fires. */
export type BuildGate = (resourceId: string, signal: AbortSignal) => Promise<string | null>;

/** Things that go wrong on purpose, for tests; nothing does by default. */
export interface FaultPlan extends BuildFaults {
  answer(fault: AnswerFault): void;
  /** Cuts the connection in the middle of a request body: the call never arrives. */
  cutBody(fault: CutFault): void;
  /** Takes back what has not happened yet. */
  clear(): void;
  readonly gate: BuildGate;
  wrap(handler: Handler): Handler;
}

interface Planned {
  fault: CallPattern;
  run(handler: Handler, request: IncomingMessage, response: ServerResponse): Promise<void>;
  seen: number;
}

export function createFaultPlan(): FaultPlan {
  const calls = new Set<Planned>();
  const builds = new Map<string, BuildGate>();
  const claim = (request: IncomingMessage): Planned | null => {
    let claimed: Planned | null = null;
    for (const planned of calls) {
      const { nth = 1, times = 1 } = planned.fault;
      if (!concerns(planned.fault, request)) continue;
      planned.seen += 1;
      if (planned.seen < nth) continue;
      claimed ??= planned;
      if (planned.seen >= nth + times - 1) calls.delete(planned);
    }
    return claimed;
  };
  return {
    answer: (fault) => void calls.add({ fault, seen: 0, run: (...call) => answerWrongly(fault, ...call) }),
    cutBody: (fault) =>
      void calls.add({ fault, seen: 0, run: (_handler, request) => cutInBody(request, fault.afterBytes ?? 1000) }),
    clear: () => {
      calls.clear();
      builds.clear();
    },
    fail: (resourceId, reason) => void builds.set(resourceId, async () => reason),
    neverEnd: (resourceId) => void builds.set(resourceId, (_id, signal) => whenAborted(signal)),
    hold: (resourceId) => {
      const reached = Promise.withResolvers<void>();
      const released = Promise.withResolvers<null>();
      builds.set(resourceId, (_id, signal) => {
        reached.resolve();
        return Promise.race([released.promise, whenAborted(signal)]);
      });
      return { reached: reached.promise, release: () => released.resolve(null) };
    },
    gate: async (resourceId, signal) => {
      const gate = builds.get(resourceId);
      builds.delete(resourceId);
      return gate === undefined ? null : gate(resourceId, signal);
    },
    wrap: (handler) => (request, response) => {
      const planned = claim(request);
      return planned === null ? handler(request, response) : planned.run(handler, request, response);
    },
  };
}

function concerns(fault: CallPattern, request: IncomingMessage): boolean {
  const wanted = fault.path.split('/');
  const given = (request.url ?? '/').replace(/\?.*$/, '').split('/');
  const samePath =
    wanted.length === given.length && wanted.every((word, index) => word === '*' || word === given[index]);
  return samePath && request.method === fault.method;
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(new Error('The build was ended.'));
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
  });
}

async function answerWrongly(
  fault: AnswerFault,
  handler: Handler,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // The answer to a call that takes effect goes nowhere.
  if (fault.afterEffect === true) await handler(request, new LostResponse(request));
  else request.resume();
  if (fault.status === 'cut') return void response.destroy();
  const { body, contentType } = wrongBody(fault.status);
  const retry = fault.retryAfterSeconds === undefined ? {} : { 'retry-after': String(fault.retryAfterSeconds) };
  response.writeHead(fault.status, { 'content-type': contentType, ...retry });
  response.end(fault.body ?? body);
}

/** A server error and a rate limit are Appwrite's own; the rest comes from the proxy before it, which speaks HTML. */
function wrongBody(status: number): { body: string; contentType: string } {
  const own: Record<number, [string, string]> = {
    429: [
      'general_rate_limit_exceeded',
      'Rate limit for the current endpoint has been exceeded. Please try again after some time.',
    ],
    500: ['general_unknown', 'Server Error'],
  };
  const [type, message] = own[status] ?? [];
  if (type === undefined) return { body: `<html><h1>${status}</h1></html>`, contentType: 'text/html' };
  const body = JSON.stringify({ message, code: status, type, version: SERVER_VERSION });
  return { body, contentType: 'application/json; charset=UTF-8' };
}

async function cutInBody(request: IncomingMessage, afterBytes: number): Promise<void> {
  // Leaving the loop takes the socket from the request and leaves it open.
  const { socket } = request;
  let sizeBytes = 0;
  for await (const chunk of request) {
    sizeBytes += Buffer.from(chunk).length;
    if (sizeBytes >= afterBytes) break;
  }
  socket.resetAndDestroy();
}
