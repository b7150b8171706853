import * as z from 'zod';
import type { Forge, ForgeRepository } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import type { GithubClient } from './client.ts';
import { limitWaitMs, statusOf, wordsOf } from './errors.ts';

const Repository = z.object({
  id: z.int(),
  name: z.string(),
  owner: z.object({ login: z.string() }),
  clone_url: z.string(),
  html_url: z.string(),
  default_branch: z.string(),
  archived: z.boolean().default(false),
});
type Repository = z.infer<typeof Repository>;

export async function ensureRepository(
  client: GithubClient,
  request: Parameters<Forge['ensureRepository']>[0],
  signal: AbortSignal,
): Promise<ForgeRepository> {
  // GitHub writes a dash for what a name cannot hold: the name is looked up as it will be called.
  const name = request.name.replaceAll(/[^A-Za-z0-9._-]+/g, '-');
  const owner = request.owner ?? (await ownLogin(client, signal));
  const known = await find(client, owner, name, signal);
  if (known !== null) return usable(client, known, signal);
  const { repository, isNew } = await create(client, owner, { ...request, name }, signal);
  return isNew ? toForgeRepository(repository, true) : usable(client, repository, signal);
}

export async function findRepository(
  client: GithubClient,
  place: Parameters<Forge['findRepository']>[0],
  signal: AbortSignal,
): Promise<ForgeRepository> {
  const owner = place.owner ?? (await ownLogin(client, signal));
  return usable(client, await read(client, owner, place.name, signal), signal);
}

async function ownLogin(client: GithubClient, signal: AbortSignal): Promise<string> {
  const login = await client.login(signal);
  if (login !== null) return login;
  throw new AppError({
    code: 'configuration',
    message: 'the token belongs to no account',
    userMessage: 'GITHUB_TOKEN belongs to an app and to no account. Set remote.owner to the owner of the repository.',
  });
}

function read(client: GithubClient, owner: string, name: string, signal: AbortSignal): Promise<Repository> {
  const request = { doing: `looking for ${owner}/${name}`, kind: 'read', schema: Repository } as const;
  return client.call(request, signal, (octokit, options) => octokit.rest.repos.get({ owner, repo: name, ...options }));
}

async function find(
  client: GithubClient,
  owner: string,
  name: string,
  signal: AbortSignal,
): Promise<Repository | null> {
  try {
    return await read(client, owner, name, signal);
  } catch (error) {
    // With too narrow a scope this may hide a private repository; creating it then says what is missing.
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

async function create(
  client: GithubClient,
  owner: string,
  request: Parameters<Forge['ensureRepository']>[0],
  signal: AbortSignal,
): Promise<{ repository: Repository; isNew: boolean }> {
  const { name, description } = request;
  const isOwn = request.owner === null || (await client.login(signal))?.toLowerCase() === owner.toLowerCase();
  const wanted = { name, description, private: request.private, auto_init: false };
  const doing = `creating the repository ${owner}/${name}`;
  let isNew = true;
  try {
    const repository = await client.once(
      { doing, kind: 'write', schema: Repository },
      signal,
      (octokit, options) =>
        isOwn
          ? octokit.rest.repos.createForAuthenticatedUser({ ...wanted, ...options })
          : octokit.rest.repos.createInOrg({ org: owner, ...wanted, ...options }),
      // Somebody, or an attempt whose answer was lost, was first.
      async () => {
        isNew = false;
        return find(client, owner, name, signal);
      },
    );
    return { repository, isNew };
  } catch (error) {
    throw isOwn ? error : ofOrganisation(error, owner, name);
  }
}

/** GitHub hides organisations from strangers, and tells members in few words. */
function ofOrganisation(error: unknown, owner: string, name: string): unknown {
  const status = statusOf(error);
  const isRefusal = error instanceof AppError && limitWaitMs(error) === null && (status === 403 || status === 404);
  if (!isRefusal || error.details?.lack !== undefined) return error;
  const why =
    status === 404
      ? `There is no organization ${owner} that GITHUB_TOKEN can see`
      : `GITHUB_TOKEN may not create repositories in the organization ${owner} (GitHub said: ${wordsOf(error)})`;
  return new AppError({
    code: 'auth',
    message: error.message,
    userMessage: `${why}. Ask one of its owners to create ${owner}/${name} and to give you write access, or set remote.owner.`,
    cause: error,
    details: { status, reason: 'organization' },
  });
}

async function usable(client: GithubClient, known: Repository, signal: AbortSignal): Promise<ForgeRepository> {
  const owner = known.owner.login;
  if (known.archived) {
    throw new AppError({
      code: 'forge_failed',
      message: `${owner}/${known.name} is archived.`,
      userMessage: `The repository ${known.html_url} is archived, so nothing can be pushed. Unarchive it or choose another name.`,
    });
  }
  // `size` is updated late, so the branches tell whether anything has been pushed.
  const doing = `reading the branches of ${owner}/${known.name}`;
  const request = { doing, kind: 'read', schema: z.array(z.unknown()) } as const;
  const branches = await client.call(request, signal, (octokit, options) =>
    octokit.rest.repos.listBranches({ owner, repo: known.name, per_page: 1, ...options }),
  );
  return toForgeRepository(known, branches.length === 0);
}

function toForgeRepository(repository: Repository, empty: boolean): ForgeRepository {
  return {
    // Another GitHub, such as a company's own, counts from 1 too.
    id: `${new URL(repository.html_url).hostname}/${repository.id}`,
    owner: repository.owner.login,
    name: repository.name,
    cloneUrl: repository.clone_url,
    webUrl: repository.html_url,
    defaultBranch: repository.default_branch,
    empty,
  };
}
