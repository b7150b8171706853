import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock, Log } from '../../core/ports.ts';
import { openTempFolder } from '../../core/temp-folder.ts';
import { AppError } from '../../protocol/errors.ts';
import { createAccounts, type GithubOrganization, type GithubUser } from './accounts.ts';
import { API_PREFIX, answer, fail } from './answer.ts';
import { createCheckQueue } from './checks.ts';
import { createChildren } from './children.ts';
import { createFaults, type Faults } from './faults.ts';
import { createGit } from './git.ts';
import { createGitBackend } from './git-http.ts';
import { settleMerges } from './merge-queue.ts';
import { refreshRepository } from './pulls.ts';
import { createRate } from './rate.ts';
import { renameRepository } from './renames.ts';
import { createRequestLog, type RequestLog } from './request-log.ts';
import { allRoutes } from './routes.ts';
import { completeRule, type GithubRule } from './rules.ts';
import { openStore } from './state.ts';
import type { Repo } from './state-schema.ts';
import { createMergeability, createSerializer, type World } from './world.ts';

export interface GithubStandInOptions {
  /** Holds the bare repositories and the state file; a later stand-in on the same folder goes on with them. One at a time. */
  dataDir: string;
  /** 0, the default, takes any free port. */
  port?: number;
  /** Accepted tokens of the default user. Default: one that is made at the first start and kept in `dataDir`. */
  tokens?: readonly string[];
  /** More people, each with a token. */
  users?: readonly GithubUser[];
  /** The organizations there are. Default: each is made with its first repository, by the default user. */
  organizations?: readonly GithubOrganization[];
  log?: Log;
  clock?: Clock;
  /** False: no push and no pull request starts a check; what is dispatched runs. Default true. */
  runChecks?: boolean;
}

export interface GithubStandIn {
  /** `http://127.0.0.1:port`: pages and git. */
  url: string;
  /** `url + /api/v3`: the REST API. */
  apiUrl: string;
  token: string;
  /** What goes wrong on purpose. */
  faults: Faults;
  /** What the API was asked. */
  requests: RequestLog;
  /** From now on the token is unknown, to the API and to git. */
  revoke(token: string): void;
  /** Renames a repository; the old name redirects. */
  rename(owner: string, name: string, newName: string): Promise<void>;
  /** Gives a branch the rules of a ruleset, in place of those it had. Rules spare nobody. */
  setRules(owner: string, name: string, branch: string, rules: readonly GithubRule[]): void;
  /** The next looks at an open pull request find `mergeable` unknown. */
  hideMergeability(looks: number): void;
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
  const accounts = createAccounts(store, tokens, options.users ?? [], options.organizations);
  const children = createChildren();
  const git = createGit(children, dataDir);
  const temp = openTempFolder({ log });
  const enabled = options.runChecks ?? true;
  const server = createServer();
  const port = await listen(server, options.port ?? 0);
  const webUrl = `http://127.0.0.1:${port}`;
  const apiUrl = webUrl + API_PREFIX;
  let isOpen = true;
  const checks = createCheckQueue({
    store,
    git,
    children,
    clock,
    log,
    tempDir: temp.path,
    enabled,
    webUrl: () => webUrl,
    async completed(repo) {
      if (isOpen) await world.serially(repo, () => refreshRepository(world, repo));
    },
  });
  const mergeability = createMergeability();
  const world: World = {
    webUrl,
    apiUrl,
    store,
    accounts,
    git,
    checks,
    mergeability,
    clock,
    log,
    settle: (repo) => settleMerges(world, repo),
    serially: createSerializer(),
  };

  const rate = createRate(clock);
  const faults = createFaults();
  const requests = createRequestLog();
  const routes = allRoutes(world, rate.current);
  const backend = createGitBackend(children, git);
  const pending = new Set<Promise<void>>();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const work = answer({ world, routes, rate, backend, faults, requests }, request, response)
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

  const knownRepo = (owner: string, name: string): Repo => {
    const repo = store.findRepo(owner, name);
    if (repo !== undefined) return repo;
    throw new AppError({ code: 'configuration', message: `The GitHub stand-in has no repository ${owner}/${name}.` });
  };
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    isOpen = false;
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
    faults,
    requests,
    revoke: (revoked) => accounts.revoke(revoked),
    rename: (owner, name, newName) => renameRepository(world, knownRepo(owner, name), newName),
    setRules(owner, name, branch, rules) {
      const repo = knownRepo(owner, name);
      const others = store.state.rules.filter((entry) => entry.repoId !== repo.id || entry.branch !== branch);
      const parsed = rules.map(completeRule);
      store.state.rules = parsed.length === 0 ? others : [...others, { repoId: repo.id, branch, rules: parsed }];
      store.save();
    },
    hideMergeability: (looks) => mergeability.hide(looks),
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
