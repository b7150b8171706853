import { channel } from 'node:diagnostics_channel';
import type { IncomingMessage, OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Server } from 'node:net';
import { assertNone, checkExchange, type Requests, type Verdict, type Violation } from './exchange.ts';
import type { Vendor } from './types.ts';

/** What passes through the API of one server of this process. */
export interface Traffic {
  /** Ids of the described operations that were asked for, in order, each once. */
  operations(): Promise<string[]>;
  /** Of all exchanges that have ended and were not told of before. */
  violations(): Promise<Violation[]>;
  /** Throws when there are violations that were not told of before, one a line. */
  assertClean(): Promise<void>;
  /** Stops watching; the server goes on. */
  close(): void;
}

export interface TrafficOptions {
  /** Default `accepted`: tests may ask for refusals. */
  requests?: Requests;
}

interface Started {
  request: IncomingMessage;
  response: ServerResponse;
  server: Server;
}

/**
 * Watches the API of a server that listens in this process, whoever asks it: also functions and other programs. Node
 * tells of every request before the server sees it, so nothing has another address, and the server knows nothing of
 * it. `baseUrl` is that of the API, such as `http://127.0.0.1:1234/v1`; what has another path, or another host name as
 * served sites have, is not the API's.
 */
export function watchTraffic(vendor: Vendor, baseUrl: string, options: TrafficOptions = {}): Traffic {
  const base = new URL(baseUrl);
  const prefix = base.pathname.replace(/\/$/, '');
  const verdicts: Promise<Verdict>[] = [];
  let told = 0;
  const onRequest = (message: unknown) => {
    const { request, response, server } = message as Started;
    const { method = 'GET', url = '/' } = request;
    const isOwn = portOf(server) === base.port && ['127.0.0.1', 'localhost'].includes(hostName(request));
    // A preflight is the browser's, no operation of the API.
    if (!isOwn || method === 'OPTIONS' || !url.startsWith(`${prefix}/`)) return;
    const path = url.slice(prefix.length);
    const asked = copyBody(request);
    copyAnswer(response, (answer) => {
      const requestType = request.headers['content-type'] ?? '';
      const requestBody = asked();
      // Half of a body, of a client that was killed in the middle of it, is nothing to judge.
      if (!request.complete && requestBody.length > 0) return;
      const exchange = { method, path, requestType, requestBody, ...answer };
      verdicts.push(checkExchange(vendor, exchange, options.requests));
    });
  };
  const started = channel('http.server.request.start');
  started.subscribe(onRequest);
  const violations = async () => {
    const untold = verdicts.slice(told);
    told = verdicts.length;
    return (await Promise.all(untold)).flatMap((verdict) => verdict.violations);
  };
  return {
    violations,
    async operations() {
      const ids = (await Promise.all(verdicts)).map(({ operation }) => operation);
      return [...new Set(ids)].filter((id) => id !== null);
    },
    async assertClean() {
      assertNone(await violations());
    },
    close: () => void started.unsubscribe(onRequest),
  };
}

function portOf(server: Server): string {
  const address = server.address();
  return typeof address === 'object' && address !== null ? String(address.port) : '';
}

function hostName(request: IncomingMessage): string {
  return (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
}

/** Keeps what arrives; `data` listeners would take it from the server. */
function copyBody(request: IncomingMessage): () => Buffer {
  const chunks: Buffer[] = [];
  const push = request.push.bind(request);
  request.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (Buffer.isBuffer(chunk)) chunks.push(Buffer.from(chunk));
    return push(chunk, encoding);
  };
  return () => Buffer.concat(chunks);
}

type Answered = { status: number; answerType: string; answerBody: Buffer };

/** Calls `done` before the last of the answer leaves, so that whoever has it finds the verdict. */
function copyAnswer(response: ServerResponse, done: (answer: Answered) => void): void {
  const chunks: Buffer[] = [];
  let named = '';
  const keep = (chunk: unknown, encoding: unknown) => {
    if (typeof chunk === 'string')
      chunks.push(Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'));
    else if (chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
  };
  wrap(response, 'writeHead', (args) => {
    // Headers that are given here alone are not among those of `getHeader`.
    const headers = args.find((arg) => typeof arg === 'object' && arg !== null);
    named = contentType(headers as OutgoingHttpHeaders | OutgoingHttpHeader[] | undefined) ?? named;
  });
  wrap(response, 'write', ([chunk, encoding]) => keep(chunk, encoding));
  wrap(response, 'end', ([chunk, encoding]) => {
    keep(chunk, encoding);
    const answerType = named || String(response.getHeader('content-type') ?? '');
    done({ status: response.statusCode, answerType, answerBody: Buffer.concat(chunks) });
  });
}

function wrap(response: ServerResponse, name: 'writeHead' | 'write' | 'end', before: (args: unknown[]) => void): void {
  const own: (...args: unknown[]) => unknown = response[name].bind(response) as never;
  Object.assign(response, {
    [name]: (...args: unknown[]) => {
      before(args);
      return own(...args);
    },
  });
}

function contentType(headers: OutgoingHttpHeaders | OutgoingHttpHeader[] | undefined): string | undefined {
  if (headers === undefined) return undefined;
  const pairs = Array.isArray(headers) ? headers.flat() : Object.entries(headers).flat();
  const at = pairs.findIndex((name, index) => index % 2 === 0 && String(name).toLowerCase() === 'content-type');
  return at === -1 ? undefined : String(pairs[at + 1]);
}

/**
 * Call it in a `describe`. What it gives watches a server; after each test everything that has passed through the
 * watched ones must be as described. A server that starts again at the same address is the same one.
 */
export function useTraffic(options: TrafficOptions = {}): (vendor: Vendor, baseUrl: string) => Traffic {
  const watched = new Map<string, Traffic>();
  afterEach(async () => {
    for (const traffic of watched.values()) await traffic.assertClean();
  });
  after(() => {
    for (const traffic of watched.values()) traffic.close();
  });
  return (vendor, baseUrl) => {
    const traffic = watched.get(`${vendor} ${baseUrl}`) ?? watchTraffic(vendor, baseUrl, options);
    watched.set(`${vendor} ${baseUrl}`, traffic);
    return traffic;
  };
}
