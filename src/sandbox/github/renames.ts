import { mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppError } from '../../protocol/errors.ts';
import { type Reply, reply } from './http.ts';
import { same } from './state.ts';
import type { Repo } from './state-schema.ts';
import type { World } from './world.ts';

/** The repository that had this name before, if no other has it now. */
export function renamedRepository(world: World, owner: string, name: string): Repo | undefined {
  const { renames, repos } = world.store.state;
  const found = renames.findLast((entry) => same(entry.owner, owner) && same(entry.name, name));
  return repos.find((repo) => repo.id === found?.repoId);
}

/** `/repositories/:id/…`, where redirects of a renamed repository lead, as its present path. */
export function pathById(world: World, path: string): string {
  const [, id, rest] = /^\/repositories\/(\d+)(\/.*)?$/.exec(path) ?? [];
  const repo = world.store.state.repos.find((entry) => entry.id === Number(id));
  return repo === undefined ? path : `/repos/${repo.owner}/${repo.name}${rest ?? ''}`;
}

/** GitHub's redirect to the id: 301 for reads, 307 for all else, whose method and body must stay. */
export function movedReply(world: World, method: string, path: string, params: Record<string, string>): Reply | null {
  const repo = renamedRepository(world, params.owner ?? '', params.repo ?? '');
  if (repo === undefined) return null;
  const rest = path.split('/').slice(4).join('/');
  const location = `${world.apiUrl}/repositories/${repo.id}${rest === '' ? '' : `/${rest}`}`;
  const isRead = method === 'GET';
  const body = {
    message: isRead ? 'Moved Permanently' : 'Temporary Redirect',
    url: location,
    documentation_url: 'https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects',
  };
  return reply(isRead ? 301 : 307, body, { location });
}

/** Gives a repository another name; the old one leads to it as long as no other repository takes it. */
export async function renameRepository(world: World, repo: Repo, name: string): Promise<void> {
  if (world.store.findRepo(repo.owner, name) !== undefined) {
    throw new AppError({ code: 'configuration', message: `There is a repository ${repo.owner}/${name} already.` });
  }
  await world.serially(repo, async () => {
    const from = world.store.repoDir(repo);
    world.store.state.renames.push({ owner: repo.owner, name: repo.name, repoId: repo.id });
    repo.name = name;
    const to = world.store.repoDir(repo);
    mkdirSync(dirname(to), { recursive: true });
    renameSync(from, to);
    world.store.save();
  });
}
