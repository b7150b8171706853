/**
 * The program that runs a function's code in its own process: takes requests over the IPC channel, calls the entrypoint
 * with Appwrite's context, answers with status, headers, body, logs and errors. Kept as text because the stand-in is
 * bundled to one file and writes this beside its data.
 */
export const RUNNER_SOURCE = String.raw`import { AsyncLocalStorage } from 'node:async_hooks';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

const executions = new AsyncLocalStorage();
const asText = (value) => (typeof value === 'string' ? value : typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value));
for (const [name, list] of [['log', 'logs'], ['info', 'logs'], ['debug', 'logs'], ['warn', 'errors'], ['error', 'errors']]) {
  console[name] = (...values) => executions.getStore()?.[list].push(format(...values));
}

process.on('disconnect', () => process.exit(0));
const entrypoint = process.argv[2];
let loading;
const load = () => {
  loading ??= import(pathToFileURL(entrypoint).href).then((module) => {
    const candidates = [module.default, module.default?.default, module];
    const handler = candidates.find((candidate) => typeof candidate === 'function');
    if (handler === undefined) throw new Error('User function is not valid: the entrypoint has no default export that is a function.');
    return handler;
  });
  return loading;
};

const BINARY = ['application/', 'audio/', 'font/', 'image/', 'video/'];
function makeRequest(message) {
  const bodyBinary = Buffer.from(message.body);
  const contentType = (message.headers['content-type'] ?? 'text/plain').toLowerCase();
  return {
    method: message.method, scheme: message.scheme, host: message.host, port: message.port, path: message.path,
    queryString: message.queryString, query: Object.fromEntries(new URLSearchParams(message.queryString)),
    url: message.url, headers: message.headers, bodyBinary,
    get bodyText() { return bodyBinary.toString('utf8'); },
    get bodyRaw() { return this.bodyText; },
    get bodyJson() { return JSON.parse(this.bodyText); },
    get body() {
      if (contentType.startsWith('application/json')) return this.bodyText === '' ? {} : this.bodyJson;
      return BINARY.some((start) => contentType.startsWith(start)) ? bodyBinary : this.bodyText;
    },
  };
}

function makeResponse() {
  const answer = (body, statusCode, headers) => ({ body, statusCode, headers });
  const text = (body, statusCode = 200, headers = {}) => answer(Buffer.from(String(body), 'utf8'), statusCode, headers);
  return {
    text,
    send: text,
    binary: (bytes, statusCode = 200, headers = {}) => answer(Buffer.from(bytes), statusCode, headers),
    json: (value, statusCode = 200, headers = {}) => text(JSON.stringify(value), statusCode, { ...headers, 'content-type': 'application/json' }),
    empty: () => text('', 204, {}),
    redirect: (url, statusCode = 301, headers = {}) => text('', statusCode, { ...headers, location: url }),
  };
}

function finishHeaders(given) {
  const headers = {};
  for (const [name, value] of Object.entries(given ?? {})) {
    const lower = name.toLowerCase();
    if (!lower.startsWith('x-open-runtimes-')) headers[lower] = String(value);
  }
  const contentType = headers['content-type'] ?? 'text/plain';
  const complete = contentType.startsWith('multipart/') || contentType.includes('charset=') || BINARY.slice(1).some((start) => contentType.startsWith(start));
  headers['content-type'] = complete ? contentType : contentType + '; charset=utf-8';
  return headers;
}

async function execute(message) {
  const output = { logs: [], errors: [] };
  const context = {
    req: makeRequest(message),
    res: makeResponse(),
    log: (...values) => void output.logs.push(values.map(asText).join(' ')),
    error: (...values) => void output.errors.push(values.map(asText).join(' ')),
  };
  let timer;
  const failed = { body: Buffer.alloc(0), statusCode: 500, headers: {} };
  let reply = await executions.run(output, async () => {
    try {
      const handler = await load();
      const timeout = new Promise((resolve) => { timer = setTimeout(resolve, message.timeoutMs, 'timeout'); });
      const result = await Promise.race([Promise.resolve(handler(context)), timeout]);
      if (result === 'timeout') {
        context.error('Execution timed out.');
        return failed;
      }
      return result;
    } catch (error) {
      context.error(error?.stack ?? error);
      return failed;
    } finally {
      clearTimeout(timer);
    }
  });
  if (typeof reply !== 'object' || reply === null || !Buffer.isBuffer(reply.body)) {
    context.error('Return statement missing. return context.res.empty() if no response is expected.');
    reply = failed;
  }
  process.send({
    id: message.id, statusCode: reply.statusCode, headers: finishHeaders(reply.headers), body: reply.body,
    logs: output.logs.join('\n'), errors: output.errors.join('\n'),
  });
}

process.on('message', (message) => void execute(message));
`;
