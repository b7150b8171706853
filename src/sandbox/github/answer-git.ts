import { type IncomingMessage, ServerResponse } from 'node:http';
import { type Account, hasPermission, hasRepositoryScope } from './accounts.ts';
import { type FaultKind, faultError, happensAfter } from './faults.ts';
import type { createGitBackend } from './git-http.ts';
import { refreshRepository } from './pulls.ts';
import { writePushPolicy } from './push-policy.ts';
import { renamedRepository } from './renames.ts';
import type { Repo } from './state-schema.ts';
import { timestamp } from './timestamp.ts';
import { presentedToken } from './token.ts';
import type { World } from './world.ts';

interface GitSite {
  world: World;
  backend: ReturnType<typeof createGitBackend>;
  fault: FaultKind | null;
}

interface GitAsked {
  owner: string;
  name: string;
  service: string;
  query: string;
}

/** One request of git. Anyone with a token reads what is public; pushing takes the right and the scope. */
export async function answerGit(
  site: GitSite,
  request: IncomingMessage,
  response: ServerResponse,
  asked: GitAsked,
): Promise<void> {
  const { world, fault } = site;
  const refuse = (status: number, text: string, headers: Record<string, string> = {}): void => {
    request.resume();
    response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(`${text}\n`);
  };
  const refuseBy = (kind: FaultKind): void => {
    const error = faultError(kind, world.clock.now());
    // Git sends a request again by itself when not even the beginning of an answer has come.
    if (error === null) {
      request.resume();
      response.writeHead(200, { 'content-length': '2' }).write(' ', () => response.destroy());
    } else refuse(error.status, error.message, error.headers);
  };
  if (fault !== null && !happensAfter(fault)) {
    refuseBy(fault);
    return;
  }
  const token = presentedToken(request);
  const user = token === null ? null : world.accounts.byToken(token);
  if (user === null) {
    refuse(401, 'Invalid username or token.', { 'www-authenticate': 'Basic realm="GitHub"' });
    return;
  }
  const repo = world.store.findRepo(asked.owner, asked.name);
  if (repo === undefined) {
    const moved = renamedRepository(world, asked.owner, asked.name);
    if (moved === undefined) refuse(404, 'Repository not found.');
    else {
      const query = asked.query === '' ? '' : `?${asked.query}`;
      const location = `${world.webUrl}/${moved.owner}/${moved.name}.git/${asked.service}${query}`;
      refuse(301, 'Moved Permanently', { location });
    }
    return;
  }
  const isPush = asked.service === 'git-receive-pack' || asked.query.includes('git-receive-pack');
  const refusal = refusalOf(world, repo, user, isPush);
  if (refusal !== null) {
    refuse(...refusal);
    return;
  }
  // What goes wrong afterwards must not show an answer: it is written to nobody.
  const target = fault === null ? response : new ServerResponse(request);
  const call = { ...asked, repoDir: world.store.repoDir(repo), login: user.login };
  if (asked.service !== 'git-receive-pack') await site.backend(request, target, { ...call, env: {} });
  else {
    await world.serially(repo, async () => {
      const env = await writePushPolicy(world, repo, user);
      await site.backend(request, target, { ...call, env });
      repo.pushedAt = timestamp(world.clock);
      repo.updatedAt = repo.pushedAt;
      // The pusher learns that the push is done when pull requests and checks know of it.
      await refreshRepository(world, repo, user.login);
    });
  }
  if (fault === null) response.end();
  else refuseBy(fault);
}

function refusalOf(world: World, repo: Repo, user: Account, isPush: boolean): [number, string] | null {
  const role = world.accounts.role(repo, user.login);
  const hasScope = hasRepositoryScope(user, repo.private);
  if (role === 'none' || (repo.private && !hasScope)) return [404, 'Repository not found.'];
  if (repo.private && !hasPermission(user, 'contents', 'read')) return [403, 'Read access to repository not granted.'];
  if (!isPush) return null;
  if (!hasPermission(user, 'contents', 'write')) return [403, 'Write access to repository not granted.'];
  if (role === 'read' || !hasScope)
    return [403, `Permission to ${repo.owner}/${repo.name}.git denied to ${user.login}.`];
  return repo.archived ? [403, 'This repository was archived so it is read-only.'] : null;
}
