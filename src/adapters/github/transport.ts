import type { Clock } from '../../core/ports.ts';

/**
 * What all callers with one token share: the answers that GitHub only has to confirm (a 304 counts nothing against the rate
 * limit), the number of requests under way, and until when GitHub has asked to wait.
 */
export interface SharedState {
  readonly answers: AnswerCache;
  readonly slots: Slots;
  /** Milliseconds since the epoch, for each of GitHub's two budgets. */
  readonly waitUntil: Record<Budget, number>;
}

export type Budget = 'rest' | 'graphql';

/** A request that GitHub has not answered by then has failed. */
const REQUEST_LIMIT_MS = 30_000;
/** GitHub's own advice is to ask for little at a time; runs of several workspaces share this. */
const MOST_AT_ONCE = 8;
/** Servers and tokens of one process; a local cloud that was started anew is another one. */
const MOST_SHARED = 16;

const shared = new Map<string, SharedState>();

/** The state of this server and token: the same for every client of the process. */
export function sharedState(key: string): SharedState {
  const known = shared.get(key);
  if (known !== undefined) return known;
  const [oldest] = shared.keys();
  if (shared.size >= MOST_SHARED && oldest !== undefined) shared.delete(oldest);
  const made = {
    answers: createAnswerCache(),
    slots: createSlots(MOST_AT_ONCE),
    waitUntil: { rest: 0, graphql: 0 },
  };
  shared.set(key, made);
  return made;
}

/** How long this budget still has to rest; 0 for not at all. */
export const restingMs = (state: SharedState, budget: Budget, clock: Clock): number =>
  Math.max(0, state.waitUntil[budget] - clock.now());

/** `fetch` with a time limit, few at a time, and conditional for what was read before. */
export function createTransport(fetch: typeof globalThis.fetch, state: SharedState): typeof globalThis.fetch {
  return async (input, init) => {
    const given = init?.signal;
    const release = await state.slots.take(given ?? null);
    try {
      const limit = AbortSignal.timeout(REQUEST_LIMIT_MS);
      const limited = { ...init, signal: given ? AbortSignal.any([given, limit]) : limit };
      return await state.answers.fetch(fetch, String(input), limited);
    } finally {
      release();
    }
  };
}

interface Slots {
  /** Resolves with what gives the place back. */
  take(signal: AbortSignal | null): Promise<() => void>;
}

function createSlots(most: number): Slots {
  let taken = 0;
  const waiting: (() => void)[] = [];
  const release = (): void => {
    const next = waiting.shift();
    if (next === undefined) taken -= 1;
    else next();
  };
  return {
    async take(signal) {
      if (taken < most) taken += 1;
      else await inLine(waiting, signal);
      return release;
    },
  };
}

function inLine(waiting: (() => void)[], signal: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      waiting.splice(waiting.indexOf(enter), 1);
      reject(signal?.reason);
    };
    const enter = (): void => {
      signal?.removeEventListener('abort', leave);
      resolve();
    };
    signal?.addEventListener('abort', leave, { once: true });
    waiting.push(enter);
  });
}

interface KeptAnswer {
  etag: string;
  status: number;
  headers: Headers;
  text: string;
}

interface AnswerCache {
  fetch(fetch: typeof globalThis.fetch, url: string, init: RequestInit): Promise<Response>;
}

const MOST_ANSWERS = 400;
const LARGEST_ANSWER = 300_000;
/** Characters of all answers together. */
const MOST_CHARACTERS = 6_000_000;

/** Keeps JSON answers to GET by address, those used longest ago leave first. */
function createAnswerCache(): AnswerCache {
  const kept = new Map<string, KeptAnswer>();
  let characters = 0;
  const drop = (key: string): void => {
    characters -= kept.get(key)?.text.length ?? 0;
    kept.delete(key);
  };
  const keep = (key: string, answer: KeptAnswer): void => {
    drop(key);
    if (answer.text.length > LARGEST_ANSWER) return;
    kept.set(key, answer);
    characters += answer.text.length;
    for (const oldest of kept.keys()) {
      if (kept.size <= MOST_ANSWERS && characters <= MOST_CHARACTERS) break;
      drop(oldest);
    }
  };
  return {
    async fetch(fetch, url, init) {
      if ((init.method ?? 'GET') !== 'GET') return fetch(url, init);
      const headers = new Headers(init.headers);
      const key = `${headers.get('accept')} ${url}`;
      const known = kept.get(key);
      if (known !== undefined) headers.set('if-none-match', known.etag);
      const answer = await fetch(url, { ...init, headers });
      if (answer.status === 304 && known !== undefined) {
        await answer.body?.cancel();
        const now = new Headers(known.headers);
        // The budget of the rate limit is that of now; the rest describes the body.
        for (const [name, value] of answer.headers) if (name.startsWith('x-')) now.set(name, value);
        keep(key, known);
        return new Response(known.text, { status: known.status, headers: now });
      }
      const etag = answer.headers.get('etag');
      const isJson = answer.headers.get('content-type')?.includes('json') === true;
      if (answer.status !== 200 || etag === null || !isJson) return answer;
      const text = await answer.text();
      keep(key, { etag, status: answer.status, headers: answer.headers, text });
      return new Response(text, { status: answer.status, headers: answer.headers });
    },
  };
}
