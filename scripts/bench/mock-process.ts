import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { type MockAnswer, type MockCommand, type MockScript, monotonicMs, type SeenRequest } from './mock-protocol.ts';
import { replyTo } from './mock-replies.ts';

/** The model server, in a process of its own so that it does not share the measured program's thread. Ends with its parent. */
let script: MockScript = { replyMs: 0, plan: null, turns: {}, silent: false };
let seen: SeenRequest[] = [];

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const receivedMs = monotonicMs();
  const body = (await buffer(request)).toString();
  const reply = replyTo(request.url ?? '', body, script);
  if (reply === null) {
    response.writeHead(404).end();
    return;
  }
  const { kind, name, turn, stream } = reply;
  const entry = { kind, name, turn, receivedMs, answeredMs: 0, sizeBytes: Buffer.byteLength(body), body };
  seen.push(entry);
  if (script.silent) return;
  // From the arrival on: what this process does for its answer is no part of the product's time.
  const leftMs = receivedMs + script.replyMs - monotonicMs();
  if (leftMs > 0) await delay(leftMs);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'request-id': `req_${seen.length}` });
  response.end(stream);
  entry.answeredMs = monotonicMs();
}

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    console.error(error);
    response.destroy();
  });
});
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.on('message', (command: MockCommand) => {
    if (command.do === 'script') script = command.script;
    const reply: MockAnswer = { id: command.id, url, requests: seen };
    seen = [];
    process.send?.(reply);
  });
});
process.on('disconnect', () => process.exit());
