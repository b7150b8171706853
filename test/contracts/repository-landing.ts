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

  describe('landAgain', () => {
    const further = { path: 'more.txt', content: 'more\n' };
    const landedTwice = async (fixture: RepositoryFixture, disturb: (repoDir: string) => void) => {
      const { repository, repoDir } = fixture;
      const { state, commit } = await prepare(fixture);
      await repository.land(state, 'feature/x', commit);
      const next = await repository.commitFiles(repoDir, commit, [further], message('more'));
      disturb(repoDir);
      return { commit, next, state, again: await repository.landAgain(state, 'feature/x', commit, next) };
    };

    it('moves the branch forward with the files, where it is checked out and clean', () =>
      withRepository(make, async (fixture) => {
        const { repoDir } = fixture;
        const { again, next, commit, state } = await landedTwice(fixture, () => {});
        assert.deepEqual([again.branch, again.commit, again.checkedOut], ['feature/x', next, true]);
        assert.equal(git(repoDir, 'rev-parse', 'feature/x'), next);
        assert.equal(read(repoDir, 'more.txt'), 'more\n');
        assert.equal(git(repoDir, 'status', '--porcelain'), '');
        const repeated = await fixture.repository.landAgain(state, 'feature/x', commit, next);
        assert.deepEqual([repeated.branch, repeated.checkedOut], ['feature/x', true]);
      }));

    it('moves only the branch when another one is checked out', () =>
      withRepository(make, async (fixture) => {
        const { repoDir } = fixture;
        const { again, next } = await landedTwice(fixture, (dir) => void git(dir, 'switch', '--quiet', '--detach'));
        assert.deepEqual([again.branch, again.checkedOut], ['feature/x', false]);
        assert.equal(git(repoDir, 'rev-parse', 'feature/x'), next);
        assert.equal(existsSync(path.join(repoDir, 'more.txt')), false);
      }));

    it('moves nobody to another branch when it is repeated', () =>
      withRepository(make, async (fixture) => {
        const { repoDir, base } = fixture;
        const toBase = (dir: string) => void git(dir, 'switch', '--quiet', '--detach', base);
        const { state, commit, next } = await landedTwice(fixture, toBase);
        const repeated = await fixture.repository.landAgain(state, 'feature/x', commit, next);
        assert.deepEqual([repeated.branch, repeated.checkedOut], ['feature/x', false]);
        assert.equal(git(repoDir, 'rev-parse', 'HEAD'), base);
      }));

    it('leaves a branch alone that another worktree has checked out', () =>
      withRepository(make, async (fixture) => {
        const { repoDir } = fixture;
        const other = path.join(repoDir, '..', 'other-worktree');
        const { again, next, commit } = await landedTwice(fixture, (dir) => {
          git(dir, 'switch', '--quiet', '--detach');
          git(dir, 'worktree', 'add', '--quiet', other, 'feature/x');
        });
        assert.equal(git(other, 'status', '--porcelain'), '');
        assert.equal(git(repoDir, 'rev-parse', 'feature/x'), commit);
        assert.equal(again.branch, 'feature/x-2');
        assert.equal(git(repoDir, 'rev-parse', 'feature/x-2'), next);
      }));

    it('leaves a branch alone in which the user is at work or has committed', () =>
      withRepository(make, async (fixture) => {
        const { repoDir } = fixture;
        const { again, next, commit } = await landedTwice(fixture, (dir) => write(dir, 'feature.txt', 'mine\n'));
        assert.deepEqual([again.branch, again.checkedOut], ['feature/x-2', false]);
        assert.equal(git(repoDir, 'rev-parse', 'feature/x'), commit);
        assert.equal(git(repoDir, 'rev-parse', 'feature/x-2'), next);
        assert.equal(read(repoDir, 'feature.txt'), 'mine\n');
      }));
  });

  describe('undo', () => {
    it('takes one change out of a history that has gone on', () =>
      withRepository(make, async ({ repository, repoDir, base }) => {
        const added = await repository.commitFiles(repoDir, base, [FILE], message('feature'));
        const later = await repository.commitFiles(
          repoDir,
          added,
          [{ path: 'later.txt', content: 'x\n' }],
          message('l'),
        );
        assert.deepEqual(await repository.parents(repoDir, added), [base]);
        const { tree, conflicts } = await repository.undo(repoDir, later, { from: base, to: added });
        assert.deepEqual(conflicts, []);
        assert.equal(await repository.readFile(repoDir, tree, 'feature.txt'), null);
        assert.equal(await repository.readFile(repoDir, tree, 'later.txt'), 'x\n');
      }));

    it('gives back the tree of before when nothing came after, and nothing twice', () =>
      withRepository(make, async ({ repository, repoDir, base }) => {
        const added = await repository.commitFiles(repoDir, base, [FILE], message('feature'));
        const undone = await repository.undo(repoDir, added, { from: base, to: added });
        assert.equal(undone.tree, git(repoDir, 'rev-parse', `${base}^{tree}`));
        const again = await repository.undo(repoDir, base, { from: base, to: added });
        assert.equal(again.tree, undone.tree);
      }));

    it('names the files in which later work stands in the way', () =>
      withRepository(make, async ({ repository, repoDir, base }) => {
        const added = await repository.commitFiles(repoDir, base, [FILE], message('feature'));
        const changed = { path: FILE.path, content: 'changed\n' };
        const later = await repository.commitFiles(repoDir, added, [changed], message('later'));
        const { conflicts } = await repository.undo(repoDir, later, { from: base, to: added });
        assert.deepEqual(
          conflicts.map((conflict) => conflict.path),
          [FILE.path],
        );
      }));
  });
}
