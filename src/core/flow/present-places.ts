import { toAppError } from '../../protocol/errors.ts';
import type { OwnPlace, RepositoryMap, RepositoryState } from '../ports.ts';
import type { BuildInput } from './policy.ts';
import { existingRemote } from './remote.ts';
import type { Services } from './services.ts';

/** What a plan begins with: the repository, and what the project has on Appwrite. */
export type ProjectMap = RepositoryMap & { deployed: OwnPlace[] };

/** A plan is made without it when it takes longer. */
const LIMIT_MS = 20_000;

/**
 * What earlier runs of the project have deployed, so that a plan keeps its ids; none for a run that is not going to be
 * deployed, and where it cannot be found out: a database that is not the one with the data needs an approval in any case.
 */
export async function presentPlaces(
  services: Services,
  input: BuildInput,
  state: RepositoryState,
  signal: AbortSignal,
): Promise<OwnPlace[]> {
  if (!['commit', 'deploy'].includes(input.until)) return [];
  const limited = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]);
  try {
    const remote = await existingRemote(services, input, state, limited);
    return remote === null ? [] : await services.deployer.places(remote.id, limited);
  } catch (error) {
    if (signal.aborted) throw error;
    services.log.warn('the plan is made without what the project has on Appwrite', {
      error: toAppError(error).message,
    });
    return [];
  }
}
