import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock, Log } from '../../core/ports.ts';
import { openTempFolder } from '../../core/temp-folder.ts';
import { AppError } from '../../protocol/errors.ts';
import { API_PREFIX, answer, fail } from './answer.ts';
import { createCheckQueue } from './checks.ts';
import { createChildren } from './children.ts';
import { createGit } from './git.ts';
import { createGitBackend } from './git-http.ts';
import type { Route } from './http.ts';
import { refreshRepository } from './pulls.ts';
import { createRate } from './rate.ts';
import { checkRoutes } from './routes-checks.ts';
import { gitRoutes } from './routes-git.ts';
import { issueRoutes } from './routes-issues.ts';
import { pullRoutes } from './routes-pulls.ts';
import { metaRoutes, repositoryRoutes } from './routes-repos.ts';
import { openStore } from './state.ts';
import { createSerializer, type World } from './world.ts';

export interface GithubStandInOptions {
  /** Holds the bare repositories and the state file; a later stand-in on the same folder goes on with them. One at a time. */
  dataDir: string;
  /** 0, the default, takes any free port. */
  port?: number;
  /** Accepted tokens, all of the same user. Default: one that is made at the first start and kept in `dataDir`. */
  tokens?: readonly string[];
  log?: Log;
  clock?: Clock;
  /** False: no check run is ever made. Default true. */
  runChecks?: boolean;
}

export interface GithubStandIn {
  /** `http://127.0.0.1:port`: pages and git. */
  url: string;
  /** `url + /api/v3`: the REST API. */
  apiUrl: string;
  token: string;
  /** Ends every connection and every process. Idempotent. */
  close(): Promise<void>;
}

const SILENT: Log = { info() {}, warn() {} };

/** Only `now` is used by the stand-in: it never waits for a time. */
const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  sleep: () => Promise.reject(new AppError({ code: 'internal', message: 'The GitHub stand-in does not sleep.' })),
};

/** GitHub on 127.0.0.1: its REST API, git over HTTP, checks that really run, and pages for the links. */
export async function startGithubStandIn(options: GithubStandInOptions): Promise<GithubStandIn> {
  const { dataDir, clock = SYSTEM_CLOCK, log = SILENT } = options;
  const store = openStore(dataDir);
  store.save();
  const tokens = options.tokens ?? [store.state.token];
  const token = tokens[0];
  if (token === undefined) throw new AppError({ code: 'configuration', message: 'The GitHub stand-in needs a token.' });
  const children = createChildren();
  const git = createGit(children, dataDir);
  const temp = openTempFolder({ log });
  const enabled = options.runChecks ?? true;
  const checks = createCheckQueue({ store, git, children, clock, log, tempDir: temp.path, enabled });
  const server = createServer();
  const port = await listen(server, options.port ?? 0);
  const webUrl = `http://127.0.0.1:${port}`;
  const apiUrl = webUrl + API_PREFIX;
  const world: World = { webUrl, apiUrl, store, git, checks, clock, log, serially: createSerializer() };

  const rate = createRate(clock);
  const routes: Route[] = [
    ...metaRoutes(rate.current),
    ...checkRoutes(world),
    ...pullRoutes(world),
    ...issueRoutes(world),
    ...repositoryRoutes(world),
    ...gitRoutes(world),
  ];
  const backend = createGitBackend(children, git);
  const pending = new Set<Promise<void>>();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const work = answer({ world, routes, rate, tokens: new Set(tokens), backend }, request, response)
      .catch((error: unknown) => fail(log, response, error))
      .finally(() => pending.delete(work));
    pending.add(work);
  });

  for (const repo of store.state.repos) {
    // One repository that was damaged from outside must not keep the others away.
    await world
      .serially(repo, () => refreshRepository(world, repo))
      .catch((error: unknown) => log.warn('repository unreadable', { name: repo.name, error: String(error) }));
  }
  checks.resume();

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    const checksEnded = checks.close();
    await children.close();
    await Promise.all([closed, checksEnded, ...pending]);
    await temp.close();
    store.save();
  };
  return {
    url: webUrl,
    apiUrl,
    token,
    close() {
      closing ??= close();
      return closing;
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new AppError({
          code: 'configuration',
          message: `The GitHub stand-in cannot listen on 127.0.0.1:${port}: ${cause.message}`,
          userMessage: `The local GitHub cannot use port ${port}. Choose another port, or 0 for any free one.`,
          cause,
        }),
      ),
    );
    server.listen(port, '127.0.0.1', () => {
      const address = server.address() as AddressInfo;
      resolve(address.port);
    });
  });
}
