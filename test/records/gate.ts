import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

interface Seen {
  method: string;
  path: string;
  body: string;
}

/** Null passes the request on; `hold` never answers it. */
type Answer = null | 'hold' | { status: number; body: unknown };

export interface Gate {
  /** Ends in `/v1`. */
  endpoint: string;
  seen: Seen[];
  /** Requests that are held and whose client still waits. */
  readonly held: number;
  /** Decides what becomes of requests from now on. */
  answer(how: (seen: Seen) => Answer): void;
  /** Resolves when a request that fits has come, also an earlier one. */
  came(fits: (seen: Seen) => boolean): Promise<void>;
  close(): Promise<void>;
}

/** A server in front of another one (`http://host:port`, which need not be there), which can keep requests from it. */
export async function openGate(target: string): Promise<Gate> {
  const seen: Seen[] = [];
  const looks = new Set<() => void>();
  const held = new Set<ServerResponse>();
  let answer: (one: Seen) => Answer = () => null;

  const pass = (incoming: IncomingMessage, body: Buffer, response: ServerResponse) => {
    const { host: _host, ...headers } = incoming.headers;
    const outgoing = request(`${target}${incoming.url}`, { method: incoming.method, headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    outgoing.end(body);
  };

  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const one = { method: incoming.method ?? '', path: incoming.url ?? '', body: body.toString() };
    const what = answer(one);
    if (what === 'hold') {
      held.add(response);
      response.once('close', () => held.delete(response));
    } else if (what === null) pass(incoming, body, response);
    else response.writeHead(what.status, { 'content-type': 'application/json' }).end(JSON.stringify(what.body));
    seen.push(one);
    for (const look of [...looks]) look();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}/v1`,
    seen,
    get held() {
      return held.size;
    },
    answer: (how) => {
      answer = how;
    },
    came: (fits) =>
      new Promise((resolve) => {
        const look = () => {
          if (!seen.some(fits)) return;
          looks.delete(look);
          resolve();
        };
        looks.add(look);
        look();
      }),
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
