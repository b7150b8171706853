import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Children } from './children.ts';
import type { Git } from './git.ts';

export interface GitCall {
  /** Folder of the bare repository. */
  repoDir: string;
  /** `info/refs`, `git-upload-pack` or `git-receive-pack`. */
  service: string;
  query: string;
  login: string;
  /** For the hooks of a push. */
  env: Readonly<Record<string, string>>;
}

const SERVICES: ReadonlySet<string> = new Set(['info/refs', 'git-upload-pack', 'git-receive-pack']);

/** `/owner/name.git/info/refs` and the like; null for any other path. */
export function parseGitPath(path: string): { owner: string; name: string; service: string } | null {
  const match = /^\/([^/]+)\/([^/]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/.exec(path);
  const [, owner, name, service] = match ?? [];
  if (owner === undefined || name === undefined || service === undefined || !SERVICES.has(service)) return null;
  return { owner, name, service };
}

/**
 * One request of git's smart HTTP protocol, by `git http-backend` (CGI), streamed both ways. Resolves when the backend has
 * ended and its output is written; the response stays open so that the caller can look at the refs before it ends it.
 */
export function createGitBackend(children: Children, git: Git) {
  let backendPath: Promise<string> | undefined;
  return async (request: IncomingMessage, response: ServerResponse, call: GitCall): Promise<void> => {
    backendPath ??= git.text(null, ['--exec-path']).then((folder) => join(folder, 'git-http-backend'));
    const backend = children.spawn(await backendPath, [], {
      env: { ...git.env, ...call.env, ...cgiEnvironment(request, call) },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const abandoned = (): void => {
      if (!response.writableFinished) children.kill(backend);
    };
    response.once('close', abandoned);
    request.on('error', abandoned);
    const { stdin, stdout } = backend;
    if (stdin === null || stdout === null) return;
    stdin.on('error', () => {});
    request.pipe(stdin);
    const ended = new Promise<void>((resolve, reject) => {
      backend.once('error', reject);
      backend.once('close', () => resolve());
    });
    forward(stdout, response);
    await ended;
    response.off('close', abandoned);
    if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
  };
}

function cgiEnvironment(request: IncomingMessage, call: GitCall): Record<string, string> {
  const header = (name: string): string => {
    const value = request.headers[name];
    return typeof value === 'string' ? value : '';
  };
  const env: Record<string, string> = {
    GIT_PROJECT_ROOT: call.repoDir,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: `/${call.service}`,
    QUERY_STRING: call.query,
    REQUEST_METHOD: request.method ?? 'GET',
    CONTENT_TYPE: header('content-type'),
    HTTP_CONTENT_ENCODING: header('content-encoding'),
    GIT_PROTOCOL: header('git-protocol'),
    REMOTE_USER: call.login,
    REMOTE_ADDR: '127.0.0.1',
    SERVER_PROTOCOL: 'HTTP/1.1',
  };
  const length = header('content-length');
  // Without a length (chunked) the backend reads until the end.
  if (length !== '') env.CONTENT_LENGTH = length;
  return env;
}

const HEADER_LIMIT_BYTES = 64 * 1024;

/** Turns CGI output into the response: header lines, an empty line, then the body as it comes. */
function forward(stdout: NodeJS.ReadableStream, response: ServerResponse): void {
  let head: Buffer = Buffer.alloc(0);
  const onHead = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) {
      if (head.length > HEADER_LIMIT_BYTES) stdout.off('data', onHead);
      return;
    }
    stdout.off('data', onHead);
    const headers: Record<string, string> = {};
    let status = 200;
    for (const line of head.subarray(0, end).toString('latin1').split('\r\n')) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).trim();
      const value = line.slice(colon + 1).trim();
      if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10) || 500;
      else if (colon > 0) headers[name] = value;
    }
    response.writeHead(status, headers);
    const rest = head.subarray(end + 4);
    if (rest.length > 0) response.write(rest);
    stdout.pipe(response, { end: false });
  };
  stdout.on('data', onHead);
}
