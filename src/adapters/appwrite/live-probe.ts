import { lookup as dnsLookup } from 'node:dns';
import { type ClientRequestArgs, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Clock, LiveProbe } from '../../core/ports.ts';
import { proxyVariables } from '../../core/proxy-variables.ts';
import type { LiveCheck } from '../../protocol/deployment-needs.ts';
import { AppError } from '../../protocol/errors.ts';
import type { LiveResult } from '../../protocol/work.ts';

const TRY_LIMIT_MS = 10_000;
const MAX_REDIRECTS = 5;
const MAX_BODY_BYTES = 1024 * 1024;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 3000;

/** Fetches live URLs. Names under `.localhost` are this machine, which not every resolver knows. */
export function createLiveProbe(options: { clock: Clock }): LiveProbe {
  const { clock } = options;
  return {
    check: async (baseUrl, check, deadlineMs, signal) => {
      const startedMs = clock.now();
      const url = baseUrl.replace(/\/+$/, '') + check.path;
      for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
        if (signal.aborted) throw new AppError({ code: 'aborted', message: 'aborted', userMessage: 'Cancelled.' });
        const seen = await tryOnce(url, check, signal);
        const durationMs = clock.now() - startedMs;
        const leftMs = deadlineMs - durationMs;
        if (seen.passed || leftMs <= 0) return { url, method: check.method, ...seen, durationMs };
        await clock.sleep(Math.min(waitMs, leftMs), signal);
      }
    },
  };
}

type Seen = Pick<LiveResult, 'status' | 'passed' | 'detail'>;

async function tryOnce(url: string, check: LiveCheck, signal: AbortSignal): Promise<Seen> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TRY_LIMIT_MS)]);
  let answer: Answer;
  try {
    answer = await fetchFollowing(url, check, limit);
  } catch (error) {
    if (signal.aborted)
      throw new AppError({ code: 'aborted', message: 'aborted', userMessage: 'Cancelled.', cause: error });
    const reason = limit.aborted ? `no answer within ${TRY_LIMIT_MS / 1000} s` : reasonOf(error);
    return { status: null, passed: false, detail: `wanted status ${check.status}; ${reason}` };
  }
  const { status, text } = answer;
  if (status !== check.status)
    return { status, passed: false, detail: `wanted status ${check.status}, got ${status}: ${text.slice(0, 300)}` };
  if (!text.includes(check.contains)) {
    return {
      status,
      passed: false,
      detail: `status ${status} as wanted, but "${check.contains}" is not in the answer: ${text.slice(0, 300)}`,
    };
  }
  const containing = check.contains === '' ? '' : ` and contains "${check.contains}"`;
  return { status, passed: true, detail: `status ${status}${containing}` };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

interface Answer {
  status: number;
  /** At most 1 MB. */
  text: string;
}

async function fetchFollowing(firstUrl: string, check: LiveCheck, signal: AbortSignal): Promise<Answer> {
  let url = new URL(firstUrl);
  let method: string = check.method;
  let body = check.method === 'POST' ? check.body : null;
  for (let redirects = 0; ; redirects++) {
    const response = await send(url, method, body, signal);
    const status = response.statusCode ?? 0;
    const { location } = response.headers;
    const wantsRedirect = check.status >= 300 && check.status < 400;
    if (wantsRedirect || location === undefined || ![301, 302, 303, 307, 308].includes(status)) {
      return { status, text: await readText(response) };
    }
    response.destroy();
    if (redirects === MAX_REDIRECTS) throw new Error(`more than ${MAX_REDIRECTS} redirects`);
    url = new URL(location, url);
    if (status !== 307 && status !== 308) {
      method = 'GET';
      body = null;
    }
  }
}

function send(url: URL, method: string, body: string | null, signal: AbortSignal): Promise<IncomingMessage> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error(`cannot fetch ${url.protocol} addresses`);
  const open = url.protocol === 'https:' ? httpsRequest : httpRequest;
  // One connection a request, through the proxy that the environment names.
  const Agent = url.protocol === 'https:' ? HttpsAgent : HttpAgent;
  const agent = new Agent({ proxyEnv: { ...proxyVariables(process.env) } });
  const headers: Record<string, string | number> = { accept: '*/*' };
  if (body !== null)
    Object.assign(headers, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  const init: ClientRequestArgs = { method, headers, signal, lookup: lookupHere, agent };
  return new Promise((resolve, reject) => {
    const request = open(url, init, resolve);
    request.once('error', reject);
    request.end(body ?? undefined);
  });
}

const lookupHere: LookupFunction = (hostname, options, callback) => {
  if (hostname !== 'localhost' && !hostname.endsWith('.localhost')) return dnsLookup(hostname, options, callback);
  const here = { address: '127.0.0.1', family: 4 };
  if (options.all === true) callback(null, [here]);
  else callback(null, here.address, here.family);
};

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    sizeBytes += bytes.length;
    if (sizeBytes >= MAX_BODY_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString('utf8');
}
