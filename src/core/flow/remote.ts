import { AppError } from '../../protocol/errors.ts';
import type { Ctx } from '../engine/port.ts';
import { inertLine } from '../inert-text.ts';
import type { ForgeRepository, RepositoryState } from '../ports.ts';
import { pausable } from './pause.ts';
import type { BuildInput } from './policy.ts';
import type { Services } from './services.ts';

/** Names tried for a new project whose own name is taken: `notes`, `notes-2`, `notes-3`, then one with the run's own ending. */
const PLAIN_NAMES = 3;
/** Times that another run may be the first to push into a repository that was empty. */
const LOOKS = 5;

/**
 * The repository to push to: that of the issue, else the configured one, else the one that the workspace already has as `origin`, else a new one. A
 * repository with another history is never pushed into: an explicit choice is refused, a name that we made up is changed.
 */
export async function findRemote(
  ctx: Ctx,
  services: Services,
  input: BuildInput,
  state: RepositoryState,
): Promise<ForgeRepository> {
  for (let look = 1; ; look += 1) {
    const suffix = look === 1 ? '' : `-${look}`;
    const found = await lookForRemote(ctx, services, input, state, `forge-repository${suffix}`);
    if (!found.empty || look === LOOKS) return found;
    // Somebody else may find it empty at the same time; then it is another one's, and the next look sees that.
    if (await claim(ctx, services, state, found, `forge-claim${suffix}`)) return found;
  }
}

/** Of a run for an issue, which is pushed to the issue's repository or nowhere: found out before any money is spent. */
export async function requireIssueRepository(
  ctx: Ctx,
  services: Services,
  input: BuildInput,
  state: RepositoryState,
): Promise<void> {
  if (input.issue == null || !['commit', 'deploy'].includes(input.until)) return;
  await lookForRemote(ctx, services, input, state, 'issue-repository');
}

function lookForRemote(
  ctx: Ctx,
  services: Services,
  input: BuildInput,
  state: RepositoryState,
  stepName: string,
): Promise<ForgeRepository> {
  return pausable(ctx, stepName, async ({ signal }) => {
    const { owner, chosen, plain } = await wishedRemote(services, input, state);
    const ensure = (name: string) =>
      services.forge.ensureRepository(
        {
          owner,
          name,
          private: services.remote.private,
          // GitHub refuses line breaks in it.
          description: inertLine(input.brief.description.slice(0, 200)),
        },
        signal,
      );
    if (chosen !== null) {
      const found = await ensure(chosen);
      if (await isOurs(services, state, found, signal)) return found;
      throw input.issue == null ? unrelated(found) : unrelatedIssue(found);
    }
    for (const name of plain) {
      const found = await ensure(name);
      if (await isOurs(services, state, found, signal)) return found;
    }
    const own = await ensure(`${input.slug}-${ctx.rootRunId.slice(-6)}`);
    if (await isOurs(services, state, own, signal)) return own;
    throw unrelated(own);
  });
}

/** Where the work is to be pushed: to the repository that somebody chose, else to the first of the plain names that is ours. */
async function wishedRemote(
  services: Services,
  input: BuildInput,
  state: RepositoryState,
): Promise<{ owner: string | null; chosen: string | null; plain: string[] }> {
  const { remote } = services;
  const issue = input.issue ?? null;
  const origin = remote.repository === null && issue === null ? await originOf(services, state) : null;
  return {
    owner: issue?.owner ?? remote.owner ?? origin?.owner ?? null,
    chosen: issue?.name ?? remote.repository ?? origin?.name ?? null,
    plain: Array.from({ length: PLAIN_NAMES }, (_, at) => (at === 0 ? input.slug : `${input.slug}-${at + 1}`)),
  };
}

/** The repository that `findRemote` would find and not make; creates nothing. Null when there is none. */
export async function existingRemote(
  services: Services,
  input: BuildInput,
  state: RepositoryState,
  signal: AbortSignal,
): Promise<ForgeRepository | null> {
  const { owner, chosen, plain } = await wishedRemote(services, input, state);
  for (const name of chosen === null ? plain : [chosen]) {
    const found = await findIn(services, { owner, name }, signal);
    if (found === null || found.empty) return null;
    if (await sharesHistory(services, state, found, signal)) return found;
  }
  return null;
}

async function findIn(
  { forge }: Services,
  place: { owner: string | null; name: string },
  signal: AbortSignal,
): Promise<ForgeRepository | null> {
  try {
    return await forge.findRepository(place, signal);
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return null;
    throw error;
  }
}

async function originOf(services: Services, state: RepositoryState): Promise<{ owner: string; name: string } | null> {
  const url = await services.repository.originUrl(state.repoDir);
  return url === null ? null : services.forge.recognise(url);
}

/** Empty, or with history in common. */
async function isOurs(
  services: Services,
  state: RepositoryState,
  found: ForgeRepository,
  signal: AbortSignal,
): Promise<boolean> {
  if (found.empty) return true;
  return sharesHistory(services, state, found, signal);
}

async function sharesHistory(
  { forge, repository }: Services,
  state: RepositoryState,
  found: ForgeRepository,
  signal: AbortSignal,
): Promise<boolean> {
  const authorization = forge.gitAuthorization();
  const head = await repository.fetch(state.repoDir, found.cloneUrl, found.defaultBranch, authorization, signal);
  return repository.hasCommonHistory(state.repoDir, state.baseCommit, head);
}

/**
 * Gives an empty repository our history as its default branch, which the pull request is merged into. False when somebody
 * with another history was first.
 */
function claim(
  ctx: Ctx,
  services: Services,
  state: RepositoryState,
  found: ForgeRepository,
  stepName: string,
): Promise<boolean> {
  return pausable(ctx, stepName, async ({ signal }) => {
    const first = { commit: state.baseCommit, branch: found.defaultBranch };
    const authorization = services.forge.gitAuthorization();
    try {
      await services.repository.push(state.repoDir, found.cloneUrl, [first], authorization, signal);
      return true;
    } catch (error) {
      // Servers have many words for "somebody was first"; it was so when there is a branch now.
      return await sharesHistory(services, state, found, signal).catch(() => {
        throw error;
      });
    }
  });
}

function unrelated(found: ForgeRepository): AppError {
  return new AppError({
    code: 'forge_failed',
    message: `${found.owner}/${found.name} has another history`,
    userMessage: `The repository ${found.owner}/${found.name} has no history in common with the workspace, so nothing was pushed. Name another in orchestrator.config.json (remote.repository), or work in a clone of it.`,
  });
}

function unrelatedIssue({ owner, name, cloneUrl }: ForgeRepository): AppError {
  return new AppError({
    code: 'forge_failed',
    message: `${owner}/${name} has another history than the workspace`,
    userMessage: `The issue is one of ${owner}/${name}, which has no history in common with the workspace, so the work could not be pushed there. Cancel the run and start it in a clone (git clone ${cloneUrl}).`,
  });
}

/** Pushes the work; a branch name that somebody else's commits hold is left alone and another taken. Returns the name. */
export async function pushWork(
  ctx: Ctx,
  services: Services,
  remote: ForgeRepository,
  work: { state: RepositoryState; name: string; commit: string; branch: string },
): Promise<string> {
  return pausable(ctx, work.name, async ({ signal }) => {
    const { repository } = services;
    const authorization = services.forge.gitAuthorization();
    const send = (commit: string, branch: string) =>
      repository.push(work.state.repoDir, remote.cloneUrl, [{ commit, branch }], authorization, signal);
    try {
      await send(work.commit, work.branch);
      return work.branch;
    } catch (error) {
      if (!(error instanceof AppError) || error.details?.reason !== 'branch_taken') throw error;
      const other = `${work.branch}-${ctx.rootRunId.slice(-6)}`;
      await send(work.commit, other);
      return other;
    }
  });
}
