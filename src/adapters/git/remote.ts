import { randomUUID } from 'node:crypto';
import type { CommitId } from '../../core/ports.ts';
import { AppError, type ErrorCode } from '../../protocol/errors.ts';
import type { Git, GitCommand } from './git-command.ts';
import { environmentConfig, withoutLoopbackProxy } from './git-env.ts';
import { redactUrls } from './git-errors.ts';
import { readRef } from './refs.ts';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

function configurationError(message: string, userMessage: string): AppError {
  return new AppError({ code: 'configuration', message, userMessage });
}

/** Environment that carries the Authorization header to this URL only; any header of the user's for it is set aside. */
function remoteEnvironment(url: string, authorization: string | null): Record<string, string> {
  const network = withoutLoopbackProxy(process.env);
  if (authorization === null) return network;
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || (parsed.protocol !== 'https:' && parsed.protocol !== 'http:')) return network;
  if (parsed.protocol === 'http:' && !LOOPBACK.has(parsed.hostname)) {
    throw configurationError(
      'credentials over plain http',
      `The remote ${redactUrls(url)} is not encrypted, so no credentials are sent there. Use https.`,
    );
  }
  if (/[\r\n\0]/.test(authorization)) {
    throw configurationError('line break in the authorization', 'The token for the remote holds a line break.');
  }
  parsed.username = '';
  parsed.password = '';
  const key = `http.${parsed.href}.extraHeader`;
  return {
    ...network,
    // The empty value clears what configuration files add: two Authorization headers are refused by GitHub.
    ...environmentConfig(process.env, [
      [key, ''],
      [key, `Authorization: ${authorization}`],
    ]),
  };
}

/**
 * What git says on a failed connection, in order of trust. git gives no code for these (exit 128 for all); its messages
 * are stable because LC_ALL is C.
 */
const FAILURES: readonly (readonly [pattern: RegExp, code: ErrorCode, say: string])[] = [
  [
    /requested URL returned error: 40[137]|Authentication failed|could not read (Username|Password)|Permission denied/i,
    'auth',
    'refused the credentials, or they may not do this. Check the token and its permissions',
  ],
  [
    /certificate problem|certificate verif|unable to get local issuer/i,
    'transport',
    'has a certificate that this computer does not trust. Set NODE_EXTRA_CA_CERTS to the file with the certificates of your network',
  ],
  [/requested URL returned error: 429/, 'rate_limited', 'asks to wait before the next request'],
  [/requested URL returned error: 5\d\d/, 'server', 'has a problem of its own. Try again later'],
  [
    /couldn't find remote ref|repository .*not found|requested URL returned error: 404|does not appear to be a git repository/i,
    'not_found',
    'has no such repository or branch',
  ],
  [
    /Could not resolve (host|proxy)|Failed to connect|Couldn't connect|Connection (refused|timed out|reset)|Network is unreachable|No route to host|Operation timed out|SSL|RPC failed|early EOF|unexpected disconnect|hung up|Empty reply/i,
    'transport',
    'could not be reached, or the connection broke. Check the network and any proxy',
  ],
];

function remoteFailure(verb: 'push' | 'fetch', url: string, stderr: string, authorization: string | null): AppError {
  let text = redactUrls(stderr.trim());
  if (authorization !== null) text = text.replaceAll(authorization, '***');
  text = text.slice(-2_000);
  const where = redactUrls(url);
  const lack = lacksWorkflowScope(where, text);
  if (lack !== null) return lack;
  const [, code, say] = FAILURES.find(([pattern]) => pattern.test(text)) ?? [null, 'git_failed' as const, null];
  return new AppError({
    code,
    message: `git ${verb} ${where}: ${text}`,
    userMessage: say === null ? `git ${verb} failed for ${where}: ${text}` : `${where} ${say}. git said: ${text}`,
    details: { verb, url: where },
  });
}

function requireRemote(url: string): void {
  if (url !== '' && !url.startsWith('-') && !url.includes('\0')) return;
  throw configurationError(
    `not a remote: ${JSON.stringify(url)}`,
    `${JSON.stringify(url)} is not the address of a repository.`,
  );
}

function remoteCommand(
  repoDir: string,
  url: string,
  authorization: string | null,
  args: readonly string[],
  signal: AbortSignal,
): GitCommand {
  requireRemote(url);
  return {
    args,
    cwd: repoDir,
    env: remoteEnvironment(url, authorization),
    okExitCodes: 'any',
    network: true,
    signal,
  };
}

/** Lines of `push --porcelain` that start with `!`: `!\t<from>:<to>\t[rejected] (<reason>)`. */
function rejections(output: string): { branch: string; reason: string }[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => {
      const [, refs = '', reason = ''] = line.split('\t');
      return { branch: refs.slice(refs.lastIndexOf(':') + 1).replace(/^refs\/heads\//, ''), reason };
    });
}

/** GitHub's words: `refusing to allow a Personal Access Token to create or update workflow … without `workflow` scope`. */
const WORKFLOW_RULE =
  /refusing to allow an? (.*?) to create or update workflow [`'"]?(.*?)[`'"]? without [`'"]?(\w+)[`'"]? (scope|permission)/i;

/** The refusal of a push that changes workflows, by a token without the right to; null for any other text. */
function lacksWorkflowScope(where: string, text: string): AppError | null {
  const [, , file, right, kind] = WORKFLOW_RULE.exec(text) ?? [];
  if (file === undefined) return null;
  const lack = `lacks the ${kind} ${right}`;
  return new AppError({
    code: 'auth',
    message: `push to ${where}: ${text}`,
    userMessage: `GITHUB_TOKEN ${lack}, which is needed to push ${file} to ${where}. Add it to the token, then resume the run.`,
    details: { verb: 'push', url: where, lack },
  });
}

function rejected(url: string, rejection: { branch: string; reason: string }, stderr: string): AppError {
  const where = redactUrls(url);
  // Of github.com it is the reason, of servers with hooks of their own what these print.
  const lack = lacksWorkflowScope(where, `${rejection.reason}\n${redactUrls(stderr)}`);
  if (lack !== null) return lack;
  const isRule = rejection.reason.startsWith('[remote');
  const why = isRule
    ? `${where} refused branch ${rejection.branch}: ${rejection.reason}. Look at the rules for that branch`
    : `Branch ${rejection.branch} of ${where} has commits that this work does not contain, so it was not overwritten. ` +
      'Merge or rename that branch and push again';
  return new AppError({
    code: 'git_failed',
    message: `push of ${rejection.branch} to ${where}: ${rejection.reason}`,
    userMessage: `${why}.`,
    details: {
      verb: 'push',
      url: where,
      branch: rejection.branch,
      ...(isRule ? {} : { reason: 'branch_taken' }),
    },
  });
}

/** Pushes commits to branches, never by force. What is there already is not an error. */
export async function push(
  git: Git,
  repoDir: string,
  url: string,
  refspecs: readonly { commit: CommitId; branch: string }[],
  authorization: string | null,
  signal: AbortSignal,
): Promise<void> {
  if (refspecs.length === 0) return;
  const flags = ['--porcelain', '--no-verify', '--no-follow-tags', '--no-signed', '--recurse-submodules=no'];
  const targets = refspecs.map(({ commit, branch }) => `${commit}:refs/heads/${branch}`);
  const args = ['push', ...flags, '--', url, ...targets];
  const result = await git(remoteCommand(repoDir, url, authorization, args, signal));
  if (result.exitCode === 0) return;
  const rejection = rejections(result.stdout.toString())[0];
  if (rejection === undefined) throw remoteFailure('push', url, result.stderr, authorization);
  throw rejected(url, rejection, result.stderr);
}

/**
 * Fetches a branch into the object store and returns its commit. No ref of the user's and no FETCH_HEAD changes; a ref
 * of ours holds the commit for the moment of the call.
 */
export async function fetch(
  git: Git,
  repoDir: string,
  url: string,
  branch: string,
  authorization: string | null,
  signal: AbortSignal,
): Promise<CommitId> {
  const ref = `refs/orchestrator-fetch/${randomUUID()}`;
  const flags = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', '--no-recurse-submodules'];
  const args = ['fetch', ...flags, '--', url, `refs/heads/${branch}:${ref}`];
  try {
    const result = await git(remoteCommand(repoDir, url, authorization, args, signal));
    if (result.exitCode !== 0) throw remoteFailure('fetch', url, result.stderr, authorization);
    const commit = await readRef(git, repoDir, ref);
    if (commit !== null) return commit;
    throw remoteFailure('fetch', url, `nothing came for ${branch}`, authorization);
  } finally {
    await git({ args: ['update-ref', '-d', ref], cwd: repoDir, okExitCodes: 'any' });
  }
}

/** The configured address of `origin`, as the user wrote it. */
export async function originUrl(git: Git, repoDir: string): Promise<string | null> {
  const command = { args: ['config', '--get', 'remote.origin.url'], cwd: repoDir, okExitCodes: [0, 1] };
  const { stdout, exitCode } = await git(command);
  const url = stdout.toString().trim();
  return exitCode === 0 && url !== '' ? url : null;
}
