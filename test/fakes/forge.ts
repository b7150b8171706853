import { createHash } from 'node:crypto';
import type { Forge, ForgeRepository } from '../../src/core/ports.ts';
import { AppError } from '../../src/protocol/errors.ts';
import type { CheckSummary, PullRequest } from '../../src/protocol/work.ts';

export interface FakeCommit {
  id: string;
  parents: string[];
  files: Record<string, string>;
}

interface FakePull extends PullRequest {
  headCommit: string;
  mergeCommit: string | null;
}

interface FakeRepository {
  info: ForgeRepository;
  branches: Map<string, string>;
  commits: Map<string, FakeCommit>;
  pulls: FakePull[];
  checks: Map<string, CheckSummary>;
}

export interface FakeForge extends Forge {
  /** Number of repositories, pull requests and merges that were made, not found: for tests of "nothing happens twice". */
  readonly made: { repositories: number; pullRequests: number; merges: number };
  /** The same world, asked with a token that it refuses. */
  stranger(): Forge;
  /** Puts a commit on a branch; its id is taken from the content unless given. */
  push(repository: ForgeRepository, branch: string, commit: Omit<FakeCommit, 'id'> & { id?: string }): string;
  deleteBranch(repository: ForgeRepository, branch: string): void;
  commitAt(repository: ForgeRepository, branch: string): FakeCommit;
  /** What `checks` says of a commit from now on; without it, `none`. */
  setChecks(repository: ForgeRepository, commit: string, summary: CheckSummary): void;
}

const refuse = (code: 'auth' | 'not_found' | 'forge_failed' | 'aborted', message: string, reason?: string): AppError =>
  new AppError({ code, message, ...(reason === undefined ? {} : { details: { reason } }) });

/** A forge in memory. Commits hold whole file maps; a merge works by file, so two changes of one file conflict. */
export function createFakeForge(user = 'fake-user'): FakeForge {
  const repositories = new Map<string, FakeRepository>();
  const made = { repositories: 0, pullRequests: 0, merges: 0 };

  const at = (repository: { owner: string; name: string }): FakeRepository => {
    const found = repositories.get(`${repository.owner}/${repository.name}`.toLowerCase());
    if (found === undefined) throw refuse('not_found', `No repository ${repository.owner}/${repository.name}.`);
    return found;
  };
  const begin = (signal: AbortSignal): void => {
    if (signal.aborted) throw refuse('aborted', 'Cancelled.');
  };

  const forge: Forge = {
    recognise: () => null,
    gitAuthorization: () => null,
    async ensureRepository(request, signal) {
      begin(signal);
      const owner = request.owner ?? user;
      const key = `${owner}/${request.name}`.toLowerCase();
      const known = repositories.get(key);
      if (known !== undefined) return { ...known.info, empty: known.branches.size === 0 };
      const webUrl = `https://forge.invalid/${owner}/${request.name}`;
      const info = { owner, name: request.name, cloneUrl: `${webUrl}.git`, webUrl, defaultBranch: 'main', empty: true };
      repositories.set(key, { info, branches: new Map(), commits: new Map(), pulls: [], checks: new Map() });
      made.repositories += 1;
      return { ...info };
    },
    async ensurePullRequest(repository, request, signal) {
      begin(signal);
      const world = at(repository);
      const tip = world.branches.get(request.head);
      const twins = world.pulls.filter((pull) => pull.headBranch === request.head && pull.baseBranch === request.base);
      const known =
        twins.find((pull) => pull.state === 'open') ??
        twins.findLast((pull) => pull.state === 'merged' && (tip === undefined || pull.headCommit === tip));
      if (known !== undefined) return publicPull(known);
      if (tip === undefined || !world.branches.has(request.base)) {
        throw refuse('forge_failed', `No branch ${request.head} or ${request.base}.`);
      }
      const number = world.pulls.length + 1;
      const pull: FakePull = {
        number,
        url: `${world.info.webUrl}/pull/${number}`,
        headBranch: request.head,
        baseBranch: request.base,
        state: 'open',
        headCommit: tip,
        mergeCommit: null,
      };
      world.pulls.push(pull);
      made.pullRequests += 1;
      return publicPull(pull);
    },
    async checks(repository, commit, signal) {
      begin(signal);
      return at(repository).checks.get(commit) ?? { state: 'none', runs: [] };
    },
    async merge(repository, number, request, signal) {
      begin(signal);
      const world = at(repository);
      const pull = world.pulls.find((candidate) => candidate.number === number);
      if (pull === undefined) throw refuse('not_found', `No pull request ${number}.`);
      if (pull.state === 'open') pull.headCommit = world.branches.get(pull.headBranch) ?? pull.headCommit;
      if (pull.headCommit !== request.commit) throw refuse('forge_failed', 'The head has moved.', 'head_moved');
      if (pull.mergeCommit !== null) return { commit: pull.mergeCommit };
      const commit = mergeInto(world, pull, request.method);
      pull.state = 'merged';
      pull.mergeCommit = commit.id;
      world.commits.set(commit.id, commit);
      world.branches.set(pull.baseBranch, commit.id);
      made.merges += 1;
      return { commit: commit.id };
    },
  };

  const denied = async (): Promise<never> => {
    throw refuse('auth', 'GITHUB_TOKEN was refused.');
  };
  return {
    ...forge,
    made,
    stranger: () => ({
      recognise: () => null,
      gitAuthorization: () => 'Basic wrong',
      ensureRepository: denied,
      ensurePullRequest: denied,
      checks: denied,
      merge: denied,
    }),
    push(repository, branch, commit) {
      const world = at(repository);
      const made = { ...commit, id: commit.id ?? idOf(commit) };
      world.commits.set(made.id, made);
      world.branches.set(branch, made.id);
      return made.id;
    },
    deleteBranch: (repository, branch) => void at(repository).branches.delete(branch),
    commitAt(repository, branch) {
      const world = at(repository);
      const commit = world.commits.get(world.branches.get(branch) ?? '');
      if (commit === undefined) throw refuse('not_found', `No branch ${branch}.`);
      return commit;
    },
    setChecks: (repository, commit, summary) => void at(repository).checks.set(commit, summary),
  };
}

const publicPull = ({ number, url, headBranch, baseBranch, state }: FakePull): PullRequest => ({
  number,
  url,
  headBranch,
  baseBranch,
  state,
});

const idOf = (commit: Omit<FakeCommit, 'id'>): string =>
  createHash('sha1')
    .update(JSON.stringify([commit.parents, commit.files]))
    .digest('hex');

function mergeInto(world: FakeRepository, pull: FakePull, method: 'merge' | 'squash' | 'rebase'): FakeCommit {
  const base = world.branches.get(pull.baseBranch) ?? '';
  const ours = world.commits.get(base)?.files ?? {};
  const theirs = world.commits.get(pull.headCommit)?.files ?? {};
  const ancestors = ancestorsOf(world, base);
  const common = [...ancestorsOf(world, pull.headCommit)].find((id) => ancestors.has(id));
  const origin = world.commits.get(common ?? '')?.files ?? {};
  const files: Record<string, string> = {};
  for (const path of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const changed = theirs[path] !== origin[path];
    if (changed && ours[path] !== origin[path] && ours[path] !== theirs[path]) {
      throw refuse('forge_failed', `Not mergeable: ${path} conflicts.`, 'conflict');
    }
    const content = changed ? theirs[path] : ours[path];
    if (content !== undefined) files[path] = content;
  }
  const parents = method === 'merge' ? [base, pull.headCommit] : [base];
  return { id: idOf({ parents, files }), parents, files };
}

/** The commit and everything before it, nearest first. */
function ancestorsOf(world: FakeRepository, commit: string): Set<string> {
  const seen = new Set<string>([commit]);
  for (const id of seen) for (const parent of world.commits.get(id)?.parents ?? []) seen.add(parent);
  return seen;
}
