import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type ChatCompletionRequest, type FixtureResponse, LLMock } from '@copilotkit/aimock';
import { AppError } from '../../protocol/errors.ts';
import { type Answer, findAnswer, noRecordingMessage, textOf } from './find-answer.ts';
import { loadRecordings, type Recording } from './recordings.ts';
import { samplesDir } from './samples.ts';

export interface JournalEntry {
  kind: Answer['kind'];
  /**
   * `<sample folder>/<request>` for the lead, `<sample folder>/<conversation>#<turn>` (from 0) for an agent; the project
   * or the route when there is no sample for it.
   */
  key: string;
  /** Milliseconds since the epoch. */
  at: number;
}

export interface ModelStandInOptions {
  /** Default 0: any free port. */
  port?: number;
  /** Default: the samples of this installation. */
  samplesDir?: string;
  /** Wait before an answer begins; default 120. */
  latencyMs?: number;
  /** Wait before each piece of 120 characters; default 4. */
  chunkMs?: number;
  /** Called with every entry as it is made. */
  journal?: (entry: JournalEntry) => void;
}

export interface ModelStandIn {
  /** `http://127.0.0.1:<port>`; openai uses it with `/v1`, Anthropic as it is. */
  url: string;
  /** The last 1,000 answers, oldest first. */
  journal(): JournalEntry[];
  /** Ends open streams and the server. Idempotent. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const CHUNK_CHARACTERS = 120;
const CHARACTERS_PER_TOKEN = 4;
const JOURNAL_ENTRIES = 1000;
/** aimock keeps whole request bodies in its own journal, which nobody reads here. */
const AIMOCK_JOURNAL_ENTRIES = 1;
const MODEL_ROUTES = new Set(['/responses', '/chat/completions', '/messages']);
const MODELS = [
  ['grok-4.7', 'xai'],
  ['claude-sonnet-5-5', 'anthropic'],
  ['claude-opus-5-5', 'anthropic'],
  ['claude-haiku-5-5', 'anthropic'],
] as const;

/**
 * Starts models that answer from recorded conversations over the real vendors' HTTP. What has no recording is a 404 of
 * type `no_recording`. Throws `configuration` when the port is taken or a sample cannot be read.
 */
export async function startModelStandIn(options: ModelStandInOptions = {}): Promise<ModelStandIn> {
  const recordings = await loadRecordings(options.samplesDir ?? samplesDir());
  const latencyMs = options.latencyMs ?? 120;
  const entries: JournalEntry[] = [];
  const note = (kind: JournalEntry['kind'], key: string) => {
    const entry = { kind, key, at: Date.now() };
    entries.push(entry);
    if (entries.length > JOURNAL_ENTRIES) entries.shift();
    options.journal?.(entry);
  };

  const mock = new LLMock({
    host: HOST,
    port: options.port ?? 0,
    logLevel: 'silent',
    journalMaxEntries: AIMOCK_JOURNAL_ENTRIES,
  });
  const sockets = new Set<Socket>();
  mock.mount('/v1', {
    handleRequest: async (request, response, path) => {
      trackSocket(sockets, request.socket);
      // aimock writes a stream to its end even when nobody listens any more, unless the response has ended.
      response.once('close', () => response.end());
      return answerOtherRoutes(request, response, path, recordings, note);
    },
  });
  mock.on(
    { predicate: () => true },
    async (request) => {
      if (latencyMs > 0) await delay(latencyMs, undefined, { ref: false });
      const answer = findAnswer(recordings, request);
      note(answer.kind, answer.key);
      return toFixtureResponse(answer, request);
    },
    { latency: options.chunkMs ?? 4, chunkSize: CHUNK_CHARACTERS },
  );
  const url = await start(mock, options.port ?? 0);

  let closing: Promise<void> | null = null;
  return {
    url,
    journal: () => [...entries],
    close: () => {
      closing ??= stop(mock, sockets);
      return closing;
    },
  };
}

async function start(mock: LLMock, port: number): Promise<string> {
  try {
    return await mock.start();
  } catch (cause) {
    throw new AppError({
      code: 'configuration',
      message: `The model stand-in cannot listen on ${HOST}:${port}`,
      userMessage: `The local models cannot listen on ${HOST}:${port}. Choose a free port, or 0 for any.`,
      cause,
    });
  }
}

/** aimock waits for open connections to end by themselves, and clients keep theirs open. */
async function stop(mock: LLMock, sockets: Set<Socket>): Promise<void> {
  const stopped = mock.stop();
  for (const socket of sockets) socket.destroy();
  await stopped;
}

function trackSocket(sockets: Set<Socket>, socket: Socket): void {
  if (sockets.has(socket)) return;
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
}

/** Answers what aimock would answer in its own way. False leaves the request to aimock. */
function answerOtherRoutes(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  recordings: readonly Recording[],
  note: (kind: JournalEntry['kind'], key: string) => void,
): boolean {
  if (MODEL_ROUTES.has(path) && (request.method === 'POST' || request.method === 'OPTIONS')) return false;
  if (path === '/models' && request.method === 'GET') {
    sendJson(response, 200, { object: 'list', data: MODELS.map(modelEntry), has_more: false });
    return true;
  }
  const route = `${request.method} /v1${path}`.slice(0, 80);
  note('missing', route);
  const message = noRecordingMessage(recordings, `the call ${route}`);
  const error = { message, type: 'no_recording', code: 'no_recording' };
  sendJson(response, 404, path.startsWith('/messages') ? { type: 'error', error } : { error });
  return true;
}

/** Fields of both vendors' lists: each SDK reads its own. */
function modelEntry([id, owner]: (typeof MODELS)[number]): Record<string, unknown> {
  return { id, object: 'model', type: 'model', created: 0, owned_by: owner, display_name: id };
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function toFixtureResponse(answer: Answer, request: ChatCompletionRequest): FixtureResponse {
  if (answer.kind === 'missing') {
    return { error: { message: answer.message, type: 'no_recording', code: 'no_recording' }, status: 404 };
  }
  const toolCalls =
    answer.kind === 'agent'
      ? answer.calls.map((call) => ({ name: call.tool, arguments: JSON.stringify(call.input) }))
      : [];
  const written = answer.text.length + toolCalls.reduce((sum, c) => sum + c.name.length + c.arguments.length, 0);
  const usage = { prompt_tokens: tokens(readCharacters(request)), completion_tokens: tokens(written) };
  return toolCalls.length === 0 ? { content: answer.text, usage } : { content: answer.text, toolCalls, usage };
}

function tokens(characters: number): number {
  return Math.max(1, Math.ceil(characters / CHARACTERS_PER_TOKEN));
}

/** Characters that a model would have read: messages, calls made so far, tool descriptions. */
function readCharacters(request: ChatCompletionRequest): number {
  let sum = request.tools === undefined ? 0 : JSON.stringify(request.tools).length;
  for (const message of request.messages) {
    sum += textOf(message.content).length;
    for (const call of message.tool_calls ?? []) sum += call.function.name.length + call.function.arguments.length;
  }
  return sum;
}
