import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Repository } from '../../src/core/ports.ts';
import { git, message, read, withRepository, write } from './repository-support.ts';
import { openOne, REF } from './repository-worktrees.ts';

function gitDirOf(dir: string): string {
  return git(dir, 'rev-parse', '--absolute-git-dir');
}

export function crashContract(make: () => Repository): void {
  describe('worktrees after a crash', () => {
    it('finds a complete worktree with its uncommitted work', () =>
      withRepository(make, async (fixture) => {
        const dir = await openOne(fixture);
        write(dir, 'in progress', 'x');
        rmSync(path.join(dir, '.git'));
        await openOne(fixture);
        assert.equal(read(dir, 'in progress'), 'x');
        const made = await fixture.repository.commitWorktree(dir, [fixture.base], REF, message('k1'));
        assert.deepEqual(
          made?.files.map((file) => file.path),
          ['in progress'],
        );
      }));

    it('finds a worktree with its uncommitted work whose folder was moved, and takes nothing from a living one', () =>
      withRepository(make, async (fixture) => {
        const { repository, repoDir, base } = fixture;
        const dir = await openOne(fixture, 'state/a');
        const other = await openOne(fixture, 'state/b');
        write(dir, 'in progress', 'x');
        write(other, 'in progress', 'y');
        renameSync(path.join(dir, '..'), path.join(dir, '../../moved'));
        const moved = await openOne(fixture, 'moved/a');
        assert.equal(read(moved, 'in progress'), 'x');
        const made = await repository.commitWorktree(moved, [base], REF, message('k1'));
        assert.deepEqual(
          made?.files.map((file) => file.path),
          ['in progress'],
        );
        const living = await openOne(fixture, 'moved/b');
        cpSync(living, path.join(living, '../copy'), { recursive: true });
        await openOne(fixture, 'moved/copy');
        assert.equal(read(living, 'in progress'), 'y');
        assert.match(git(living, 'status', '--porcelain'), /in progress/);
        assert.equal(git(repoDir, 'worktree', 'list').split('\n').length, 4);
        assert.doesNotMatch(git(repoDir, 'worktree', 'list'), /prunable/);
      }));

    it('makes a half-made worktree again', () =>
      withRepository(make, async (fixture) => {
        const dir = path.join(fixture.root, 'worktrees', 'half');
        // As `worktree add` leaves it when it is killed before the files are written.
        git(fixture.repoDir, 'worktree', 'add', '-q', '--detach', '--no-checkout', dir, fixture.base);
        writeFileSync(path.join(gitDirOf(dir), 'locked'), 'initializing');
        write(dir, 'src/list.txt', 'half a fi');
        await openOne(fixture, 'half');
        assert.equal(git(dir, 'status', '--porcelain'), '');
        assert.deepEqual(readdirSync(path.join(fixture.repoDir, '.git', 'worktrees')), ['half']);
      }));

    it('makes a worktree again whose folder or whose registration is gone', () =>
      withRepository(make, async (fixture) => {
        const dir = await openOne(fixture);
        rmSync(dir, { recursive: true });
        await openOne(fixture);
        assert.equal(git(dir, 'status', '--porcelain'), '');
        rmSync(gitDirOf(dir), { recursive: true });
        await openOne(fixture);
        assert.equal(git(dir, 'status', '--porcelain'), '');
      }));

    it('does not take a folder with files that are not its own', () =>
      withRepository(make, async (fixture) => {
        const dir = path.join(fixture.root, 'worktrees', 'mine');
        write(dir, 'precious', 'x');
        await assert.rejects(openOne(fixture, 'mine'), { code: 'git_failed' });
        await fixture.repository.removeWorktree(fixture.repoDir, dir);
        assert.equal(read(dir, 'precious'), 'x');
      }));

    it('removes an index lock that was left behind, and waits for one that is in use', () =>
      withRepository(make, async (fixture) => {
        const { repository, base } = fixture;
        const dir = await openOne(fixture);
        const lock = path.join(gitDirOf(dir), 'index.lock');
        const old = new Date(Date.now() - 60_000);
        write(dir, 'x', 'x');
        writeFileSync(lock, '');
        utimesSync(lock, old, old);
        assert.ok(await repository.commitWorktree(dir, [base], REF, message('k1')));

        writeFileSync(lock, '');
        const reset = repository.resetWorktree(dir, base);
        const release = setTimeout(() => rmSync(lock), 300);
        await reset.finally(() => clearTimeout(release));
        assert.equal(existsSync(path.join(dir, 'x')), false);
      }));

    it('removes locks that were left on HEAD and on the ref', () =>
      withRepository(make, async (fixture) => {
        const { repository, repoDir, base } = fixture;
        const dir = await openOne(fixture);
        const old = new Date(Date.now() - 60_000);
        const leaveLocks = () => {
          for (const lock of [path.join(gitDirOf(dir), 'HEAD.lock'), path.join(repoDir, '.git', `${REF}.lock`)]) {
            mkdirSync(path.dirname(lock), { recursive: true });
            writeFileSync(lock, '');
            utimesSync(lock, old, old);
          }
        };
        write(dir, 'x', 'x');
        leaveLocks();
        const made = await repository.commitWorktree(dir, [base], REF, message('k1'));
        assert.equal(await repository.readRef(repoDir, REF), made?.commit);
        leaveLocks();
        await repository.setRef(repoDir, REF, base, made?.commit ?? null);
        assert.equal(await repository.readRef(repoDir, REF), base);
      }));

    it('repairs an emptied HEAD and index, as a power cut leaves them', () =>
      withRepository(make, async (fixture) => {
        const dir = await openOne(fixture);
        const gitDir = gitDirOf(dir);
        writeFileSync(path.join(gitDir, 'HEAD'), '');
        writeFileSync(path.join(gitDir, 'index'), '');
        write(dir, 'x', 'x');
        await openOne(fixture);
        const made = await fixture.repository.commitWorktree(dir, [fixture.base], REF, message('k1'));
        assert.deepEqual(
          made?.files.map((file) => file.path),
          ['x'],
        );
      }));
  });
}
