import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import * as z from 'zod';
import { until } from './until.ts';

const reply = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown().optional() }),
  z.object({ ok: z.literal(false), error: z.string() }),
]);

type Vscode = typeof import('vscode');

/**
 * Runs `run(vscode, ...args)` in the extension host and gives its answer as JSON. `run` travels as text: it sees its
 * arguments and globals, nothing around it.
 */
export type Evaluate = <Args extends unknown[], Value>(
  run: (vscode: Vscode, ...args: Args) => Value | PromiseLike<Value>,
  ...args: Args
) => Promise<Value>;

export interface Bridge {
  evaluate: Evaluate;
  /** From now on only an extension host that starts later answers: call it before a page opens or reloads. */
  expectNewHost: () => void;
}

/** Nothing where nobody listens: a socket has its name a moment earlier, and a killed extension host leaves its own. */
function connect(socketPath: string): Promise<net.Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(undefined);
      else reject(error);
    });
  });
}

function post(socket: net.Socket, message: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { createConnection: () => socket, method: 'POST', timeout: timeoutMs };
    const request = http.request(options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve(body));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`the extension host gave no answer in ${timeoutMs} ms`)));
    request.on('error', reject);
    request.end(message);
  });
}

/** The test's end of the bridge extension. `folder` is where extension hosts put their sockets. */
export function openBridge(folder: string, { startMs = 60_000, answerMs = 60_000 } = {}): Bridge {
  fs.mkdirSync(folder, { recursive: true });
  let sinceMs = 0;
  const newestHost = async (): Promise<net.Socket | undefined> => {
    const names = fs.readdirSync(folder).filter((name) => Number.parseInt(name, 10) >= sinceMs);
    const newest = names.sort().at(-1);
    return newest === undefined ? undefined : connect(path.join(folder, newest));
  };
  return {
    expectNewHost: () => {
      sinceMs = Date.now();
    },
    evaluate: async <Args extends unknown[], Value>(
      run: (vscode: Vscode, ...args: Args) => Value | PromiseLike<Value>,
      ...args: Args
    ) => {
      const socket = await until(newestHost, { what: 'the extension host', timeoutMs: startMs });
      const body = await post(socket, JSON.stringify({ source: String(run), args }), answerMs);
      const answer = reply.parse(JSON.parse(body));
      if (!answer.ok) throw new Error(`in the extension host: ${answer.error}`);
      return answer.value as Value;
    },
  };
}
