import { AppError } from '../../protocol/errors.ts';
import type { Ctx } from '../engine/port.ts';
import type { ForgeRepository, RepositoryState } from '../ports.ts';
import { pausable } from './pause.ts';
import type { BuildInput } from './policy.ts';
import type { Services } from './services.ts';

/** Names tried for a new project whose own name is taken: `notes`, `notes-2`, `notes-3`, then one with the run's own ending. */
const PLAIN_NAMES = 3;

/**
 * The repository to push to: the configured one, else the one that the workspace already has as `origin`, else a new one. A
 * repository with another history is never pushed into: an explicit choice is refused, a name that we made up is changed.
 */
export async function findRemote(
  ctx: Ctx,
  services: Services,
  input: BuildInput,
  state: RepositoryState,
): Promise<ForgeRepository> {
  return pausable(ctx, 'forge-repository', async ({ signal }) => {
    const { remote } = services;
    const origin = remote.repository === null ? await originOf(services, state) : null;
    const chosen = remote.repository ?? origin?.name ?? null;
    const ensure = (name: string) =>
      services.forge.ensureRepository(
        {
          owner: remote.owner ?? origin?.owner ?? null,
          name,
          private: remote.private,
          description: input.brief.description.slice(0, 200),
        },
        signal,
      );
    if (chosen !== null) {
      const found = await ensure(chosen);
      if (await isOurs(services, state, found, signal)) return found;
      throw unrelated(found);
    }
    for (let n = 1; n <= PLAIN_NAMES; n += 1) {
      const found = await ensure(n === 1 ? input.slug : `${input.slug}-${n}`);
      if (await isOurs(services, state, found, signal)) return found;
    }
    const own = await ensure(`${input.slug}-${ctx.rootRunId.slice(-6)}`);
    if (await isOurs(services, state, own, signal)) return own;
    throw unrelated(own);
  });
}

async function originOf(services: Services, state: RepositoryState): Promise<{ owner: string; name: string } | null> {
  const url = await services.repository.originUrl(state.repoDir);
  return url === null ? null : services.forge.recognise(url);
}

/**
 * With history in common. An empty one gets ours, as its default branch, which also gives the pull request something to be
 * merged into: of two runs that find it empty at the same time, only one comes first.
 */
async function isOurs(
  services: Services,
  state: RepositoryState,
  found: ForgeRepository,
  signal: AbortSignal,
): Promise<boolean> {
  const authorization = services.forge.gitAuthorization();
  const { repository } = services;
  if (found.empty) {
    const first = { commit: state.baseCommit, branch: found.defaultBranch };
    try {
      await repository.push(state.repoDir, found.cloneUrl, [first], authorization, signal);
      return true;
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
  }
  const head = await repository.fetch(state.repoDir, found.cloneUrl, found.defaultBranch, authorization, signal);
  return repository.hasCommonHistory(state.repoDir, state.baseCommit, head);
}

function isTaken(error: unknown): boolean {
  return error instanceof AppError && error.details?.reason === 'branch_taken';
}

function unrelated(found: ForgeRepository): AppError {
  return new AppError({
    code: 'forge_failed',
    message: `${found.owner}/${found.name} has another history`,
    userMessage: `The repository ${found.owner}/${found.name} has no history in common with the workspace, so nothing was pushed. Name another in orchestrator.config.json (remote.repository), or work in a clone of it.`,
  });
}

/** Pushes the work; a branch name that somebody else's commits hold is left alone and another taken. Returns the name. */
export async function pushWork(
  ctx: Ctx,
  services: Services,
  remote: ForgeRepository,
  work: { state: RepositoryState; commit: string; branch: string },
): Promise<string> {
  return pausable(ctx, 'push', async ({ signal }) => {
    const { repository } = services;
    const authorization = services.forge.gitAuthorization();
    const send = (commit: string, branch: string) =>
      repository.push(work.state.repoDir, remote.cloneUrl, [{ commit, branch }], authorization, signal);
    try {
      await send(work.commit, work.branch);
      return work.branch;
    } catch (error) {
      if (!isTaken(error)) throw error;
      const other = `${work.branch}-${ctx.rootRunId.slice(-6)}`;
      await send(work.commit, other);
      return other;
    }
  });
}
