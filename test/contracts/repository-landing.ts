import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Repository, RepositoryState } from '../../src/core/ports.ts';
import {
  git,
  message,
  plantFailingHooks,
  type RepositoryFixture,
  read,
  signal,
  userState,
  withRepository,
  write,
} from './repository-support.ts';

const FILE = { path: 'feature.txt', content: 'work\n' };

async function prepare(fixture: RepositoryFixture): Promise<{ state: RepositoryState; commit: string }> {
  const { repository, repoDir } = fixture;
  const state = await repository.open(repoDir, signal);
  const commit = await repository.commitFiles(repoDir, state.baseCommit, [FILE], message('feature'));
  return { state, commit };
}

/** Lands in a workspace that must stay as it is, apart from the new branch. */
async function landUntouched(fixture: RepositoryFixture, disturb: (repoDir: string) => void): Promise<void> {
  const { repository, repoDir } = fixture;
  const { state, commit } = await prepare(fixture);
  disturb(repoDir);
  const before = userState(repoDir);
  const landing = await repository.land(state, 'feature/x', commit);
  assert.equal(landing.checkedOut, false);
  assert.match(landing.note, /git switch feature\/x/);
  assert.equal(git(repoDir, 'rev-parse', 'feature/x'), commit);
  const after = userState(repoDir);
  assert.deepEqual({ ...after, refs: '' }, { ...before, refs: '' });
}

export function landingContract(make: () => Repository): void {
  describe('land', () => {
    it('checks the branch out in a clean workspace, keeps unrelated untracked files, and can be repeated', () =>
      withRepository(make, async (fixture) => {
        const { repository, root, repoDir, base } = fixture;
        const { state, commit } = await prepare(fixture);
        write(repoDir, 'notes.txt', 'mine\n');
        const mark = path.join(root, 'hooks-ran');
        plantFailingHooks(repoDir, mark);
        for (const attempt of [1, 2]) {
          const landing = await repository.land(state, 'feature/x', commit);
          assert.deepEqual(
            [landing.branch, landing.commit, landing.checkedOut],
            ['feature/x', commit, true],
            `${attempt}`,
          );
        }
        assert.equal(existsSync(mark), false);
        assert.equal(read(repoDir, 'feature.txt'), 'work\n');
        assert.equal(read(repoDir, 'notes.txt'), 'mine\n');
        assert.equal(git(repoDir, 'symbolic-ref', '--short', 'HEAD'), 'feature/x');
        assert.equal(git(repoDir, 'rev-parse', 'main'), base);
      }));

    it('leaves a workspace with changes alone', () =>
      withRepository(make, (fixture) => landUntouched(fixture, (dir) => write(dir, 'readme.md', 'changed\n'))));

    it('leaves a workspace alone that would lose an untracked file', () =>
      withRepository(make, (fixture) => landUntouched(fixture, (dir) => write(dir, 'feature.txt', 'mine\n'))));

    it('leaves a workspace alone that would lose an ignored file', () =>
      withRepository(make, (fixture) =>
        landUntouched(fixture, (dir) => {
          write(dir, '.git/info/exclude', 'feature.txt\n');
          write(dir, 'feature.txt', 'mine\n');
        }),
      ));

    it('leaves a workspace alone that has moved to other commits', () =>
      withRepository(make, (fixture) =>
        landUntouched(fixture, (dir) => {
          write(dir, 'own.txt', 'own\n');
          git(dir, 'add', '-A');
          git(dir, 'commit', '-q', '-m', 'own work');
        }),
      ));

    it('takes the next free name when the branch exists with other work', () =>
      withRepository(make, async (fixture) => {
        const { repository, repoDir, base } = fixture;
        const { state, commit } = await prepare(fixture);
        git(repoDir, 'branch', 'work', base);
        git(repoDir, 'branch', 'work-2', base);
        for (const attempt of [1, 2]) {
          const landing = await repository.land(state, 'work', commit);
          assert.equal(landing.branch, 'work-3', `attempt ${attempt}`);
          assert.equal(landing.checkedOut, true);
        }
        assert.equal(git(repoDir, 'rev-parse', 'work'), base);
      }));

    it('refuses a name that git does not take', () =>
      withRepository(make, async (fixture) => {
        const { state, commit } = await prepare(fixture);
        for (const name of ['a..b', '-x', '', 'a b']) {
          await assert.rejects(fixture.repository.land(state, name, commit), { code: 'git_failed' }, name);
        }
      }));
  });
}
