import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LeadRequest } from '../../core/ports.ts';

export interface SeenRequest {
  path: string;
  headers: IncomingMessage['headers'];
  body: Record<string, unknown>;
}

export interface TestServer {
  url: string;
  seen: SeenRequest[];
  close(): Promise<void>;
}

/** A loopback server for what a mock of the vendors cannot do: error events, cut streams, silence, raw bodies. */
export async function startServer(
  answer: (request: SeenRequest, response: ServerResponse) => void | Promise<void>,
): Promise<TestServer> {
  const seen: SeenRequest[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString('utf8');
    const entry = { path: request.url ?? '', headers: request.headers, body: text === '' ? {} : JSON.parse(text) };
    seen.push(entry);
    await answer(entry, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface SseEvent {
  type?: string;
  [field: string]: unknown;
}

/** Writes events without ending the answer. */
export function writeEvents(response: ServerResponse, events: readonly SseEvent[]): void {
  if (!response.headersSent) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'request-id': 'req_1', 'x-request-id': 'req_1' });
  }
  for (const event of events) {
    const name = event.type === undefined ? '' : `event: ${event.type}\n`;
    response.write(`${name}data: ${JSON.stringify(event)}\n\n`);
  }
}

export function sendEvents(response: ServerResponse, events: readonly SseEvent[]): void {
  writeEvents(response, events);
  response.end();
}

/** Breaks the connection once the events are on their way. */
export function cutAfter(response: ServerResponse, events: readonly SseEvent[]): void {
  writeEvents(response, events);
  response.write(' ', () => response.destroy());
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_9', ...headers });
  response.end(JSON.stringify(body));
}

export function messageEvents(
  content: readonly { type: string; [field: string]: unknown }[],
  end: { stop_reason: string; usage?: Record<string, unknown>; [field: string]: unknown },
  usage: Record<string, unknown> = { input_tokens: 10, output_tokens: 1 },
): SseEvent[] {
  const { usage: lastUsage, ...delta } = end;
  const blocks = content.flatMap((block, index): SseEvent[] => [
    { type: 'content_block_start', index, content_block: startOf(block) },
    ...deltasOf(block).map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ]);
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-sonnet-5-5', content: [] };
  return [
    { type: 'message_start', message: { ...message, stop_reason: null, stop_sequence: null, usage } },
    { type: 'ping' },
    ...blocks,
    { type: 'message_delta', delta: { stop_sequence: null, ...delta }, usage: lastUsage ?? { output_tokens: 5 } },
    { type: 'message_stop' },
  ];
}

function startOf(block: { type: string; [field: string]: unknown }): unknown {
  if (block.type === 'text') return { type: 'text', text: '' };
  if (block.type === 'tool_use') return { ...block, input: {} };
  return { ...block, thinking: '', signature: '' };
}

function deltasOf(block: { type: string; [field: string]: unknown }): unknown[] {
  if (block.type === 'text') return [{ type: 'text_delta', text: block.text }];
  if (block.type === 'tool_use') {
    const json = typeof block.partial === 'string' ? block.partial : JSON.stringify(block.input);
    return [{ type: 'input_json_delta', partial_json: json }];
  }
  return [
    { type: 'thinking_delta', thinking: block.thinking },
    { type: 'signature_delta', signature: block.signature },
  ];
}

export const LEAD_REQUEST: LeadRequest = {
  ...{ conversation: 'run-1', purpose: 'plan', model: 'grok-4.7', effort: 'max', instructions: 'You plan.' },
  history: [],
  ...{ input: 'Plan this.', schemaName: 'plan', maxOutputTokens: 2_000 },
  schema: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false },
};

export const never = new AbortController().signal;
