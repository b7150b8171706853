import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Repository } from '../../src/core/ports.ts';
import type { AppError } from '../../src/protocol/errors.ts';
import {
  git,
  hasReftable,
  message,
  type RepositoryFixture,
  read,
  userState,
  withRepository,
  write,
} from './repository-support.ts';

export const REF = 'refs/orchestrator/r1/s1';

export async function openOne(fixture: RepositoryFixture, name = 'wörk tree'): Promise<string> {
  const dir = path.join(fixture.root, 'worktrees', name);
  await fixture.repository.openWorktree(fixture.repoDir, dir, fixture.base);
  return dir;
}

/** A repository as a project generator makes one. */
function commitInner(dir: string, withFiles: boolean): void {
  mkdirSync(dir, { recursive: true });
  git(dir, 'init', '-q');
  if (withFiles) git(dir, '-c', 'advice.addEmbeddedRepo=false', 'add', '-A');
  git(dir, '-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '-q', '--allow-empty', '-m', 'inner');
}

function committingContract(make: () => Repository): void {
  it('commits everything that changed, moves ref and HEAD, and says what changed', () =>
    withRepository(make, async (fixture) => {
      const { repository, repoDir, base } = fixture;
      const dir = await openOne(fixture);
      write(dir, 'src/list.txt', 'one\n');
      write(dir, 'new dir/ü.txt', 'x\n');
      rmSync(path.join(dir, 'gone.txt'));
      const made = await repository.commitWorktree(dir, [base], REF, message('k1'));
      assert.deepEqual(made?.files, [
        { path: 'gone.txt', status: 'deleted', addedLines: 0, removedLines: 3 },
        { path: 'new dir/ü.txt', status: 'added', addedLines: 1, removedLines: 0 },
        { path: 'src/list.txt', status: 'modified', addedLines: 0, removedLines: 6 },
      ]);
      assert.equal(await repository.readRef(repoDir, REF), made?.commit);
      assert.equal(git(dir, 'status', '--porcelain'), '');
      assert.equal(git(dir, 'rev-parse', 'HEAD'), made?.commit);
    }));

  it('does so where refs are kept in tables', function () {
    if (!hasReftable()) {
      console.log('      skipped: this git keeps no refs in tables (2.45 and newer do)');
      this.skip();
    }
    return withRepository(make, async ({ repository, root }) => {
      const repoDir = path.join(root, 'tables');
      git(root, 'init', '--quiet', '--ref-format=reftable', 'tables');
      const who = ['-c', 'user.name=U', '-c', 'user.email=u@example.test'];
      git(repoDir, ...who, 'commit', '--quiet', '--allow-empty', '-m', 'first');
      const base = git(repoDir, 'rev-parse', 'HEAD');
      const dir = path.join(root, 'worktree of tables');
      await repository.openWorktree(repoDir, dir, base);
      let last = base;
      for (const name of ['a', 'b']) {
        write(dir, name, name);
        last = (await repository.commitWorktree(dir, [last], REF, message(name)))?.commit ?? '';
        assert.equal(git(dir, 'rev-parse', 'HEAD'), last);
        assert.equal(git(dir, 'status', '--porcelain'), '');
        assert.equal(await repository.readRef(repoDir, REF), last);
      }
      assert.equal(git(repoDir, 'rev-parse', 'HEAD'), base);
    });
  });

  it('gives null without a change, and the same commit when the step is repeated', () =>
    withRepository(make, async (fixture) => {
      const { repository, repoDir, base } = fixture;
      const dir = await openOne(fixture);
      assert.equal(await repository.commitWorktree(dir, [base], REF, message('k1')), null);
      write(dir, 'x', 'x');
      const first = await repository.commitWorktree(dir, [base], REF, message('k1'));
      const second = await repository.commitWorktree(dir, [base], REF, message('k1'));
      assert.deepEqual(second, first);
      // The same step made it under another date: it is found by its key.
      const other = {
        ...message('k1'),
        trailers: { ...message('k1').trailers, 'Orchestrator-At': '2030-01-01T00:00:00Z' },
      };
      assert.deepEqual(await repository.commitWorktree(dir, [base], REF, other), first);
      const another = await repository.commitWorktree(dir, [base], REF, message('k2'));
      assert.notEqual(another?.commit, first?.commit);
      assert.equal(await repository.readRef(repoDir, REF), another?.commit);
    }));

  it('leaves out what is ignored, and node_modules even when nothing says so', () =>
    withRepository(make, async (fixture) => {
      const { repository, repoDir, base } = fixture;
      const excludes = path.join(fixture.root, 'excludes');
      writeFileSync(excludes, '*.secret\n');
      git(repoDir, 'config', 'core.excludesFile', excludes);
      const dir = await openOne(fixture);
      write(dir, 'node_modules/a/index.js', 'x');
      write(dir, 'packages/b/node_modules/c.js', 'x');
      write(dir, 'my.secret', 'x');
      write(dir, '.gitignore', '*.log\n');
      write(dir, 'x.log', 'x');
      const made = await repository.commitWorktree(dir, [base], REF, message('k1'));
      assert.deepEqual(
        made?.files.map((file) => file.path),
        ['.gitignore'],
      );
    }));

  it('commits the files of repositories that a command made inside, with and without a commit', () =>
    withRepository(make, async (fixture) => {
      const { repository, repoDir, base } = fixture;
      const dir = await openOne(fixture);
      for (const name of ['app one', 'two']) {
        git(dir, 'init', '-q', name);
        write(path.join(dir, name), 'main.js', 'x\n');
      }
      git(path.join(dir, 'two'), 'add', '-A');
      git(path.join(dir, 'two'), '-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '-q', '-m', 'inner');
      const made = await repository.commitWorktree(dir, [base], REF, message('k1'));
      assert.deepEqual(
        made?.files.map((file) => file.path),
        ['app one/main.js', 'two/main.js'],
      );
      assert.equal(await repository.readFile(repoDir, made?.commit ?? '', 'two/main.js'), 'x\n');
    }));

  for (const [what, makeInner] of Object.entries({
    'with files beside its commit': (dir: string) => {
      commitInner(dir, false);
      write(dir, 'app/main.js', 'x\n');
    },
    'with its files committed': (dir: string) => {
      write(dir, 'app/main.js', 'x\n');
      commitInner(dir, true);
    },
    'with another one inside': (dir: string) => {
      write(dir, 'main.js', 'x\n');
      commitInner(path.join(dir, 'app'), false);
      write(dir, 'app/main.js', 'x\n');
      commitInner(dir, true);
    },
    'with another one inside that has no commit': (dir: string) => {
      commitInner(dir, false);
      git(dir, 'init', '-q', 'app');
      write(dir, 'app/main.js', 'x\n');
    },
  })) {
    it(`commits the files of a repository that a command made inside, ${what}, and nothing as a pointer`, () =>
      withRepository(make, async (fixture) => {
        const { repository, repoDir, base } = fixture;
        const dir = await openOne(fixture);
        makeInner(path.join(dir, 'made'));
        const made = await repository.commitWorktree(dir, [base], REF, message('k1'));
        assert.equal(await repository.readFile(repoDir, made?.commit ?? '', 'made/app/main.js'), 'x\n');
        assert.doesNotMatch(git(repoDir, 'ls-tree', '-r', made?.commit ?? ''), /^160000/m);
        // Committed once, they are files like all others.
        write(dir, 'made/app/main.js', 'y\n');
        const next = await repository.commitWorktree(dir, [made?.commit ?? ''], REF, message('k2'));
        assert.equal(await repository.readFile(repoDir, next?.commit ?? '', 'made/app/main.js'), 'y\n');
      }));
  }

  it('commits the files of a repository that a command made in the place of a file', () =>
    withRepository(make, async (fixture) => {
      const { repository, repoDir, base } = fixture;
      const dir = await openOne(fixture);
      rmSync(path.join(dir, 'gone.txt'));
      write(dir, 'gone.txt/main.js', 'x\n');
      commitInner(path.join(dir, 'gone.txt'), false);
      const made = await repository.commitWorktree(dir, [base], REF, message('k1'));
      assert.equal(await repository.readFile(repoDir, made?.commit ?? '', 'gone.txt/main.js'), 'x\n');
    }));

  for (const [what, said, put] of [
    // Git refuses on every system what is .git on one of them.
    ['a name', /invalid path 'app\/\.git '/, (dir: string) => write(dir, 'app/.git ', 'x')],
    [
      'an encoding that the file does not have',
      /BOM is required in 'a\.u'/,
      (dir: string) => {
        write(dir, '.gitattributes', '*.u working-tree-encoding=UTF-16\n');
        write(dir, 'a.u', 'abc');
      },
    ],
    [
      'a filter that fails',
      /a\.x: clean filter 'bad' failed/,
      (dir: string) => {
        git(dir, 'config', 'filter.bad.clean', 'false');
        git(dir, 'config', 'filter.bad.required', 'true');
        write(dir, '.gitattributes', '*.x filter=bad\n');
        write(dir, 'a.x', 'x');
      },
    ],
  ] as const) {
    it(`says that git refuses the files, why, and takes them when that is mended: ${what}`, () =>
      withRepository(make, async (fixture) => {
        const { repository, base } = fixture;
        const dir = await openOne(fixture);
        put(dir);
        write(dir, 'work', 'x');
        await assert.rejects(repository.commitWorktree(dir, [base], REF, message('k1')), (thrown: AppError) => {
          assert.equal(thrown.code, 'files_refused');
          assert.match(String(thrown.details?.said), said);
          assert.match(thrown.userMessage, said);
          assert.match(thrown.userMessage, /cannot be committed.*Mend or remove that there, then resume the run\.$/s);
          return true;
        });
        const left = readdirSync(git(dir, 'rev-parse', '--absolute-git-dir'));
        assert.deepEqual(
          left.filter((name) => name.startsWith('refused-')),
          [],
        );
        for (const name of ['app', 'a.u', 'a.x', '.gitattributes'])
          rmSync(path.join(dir, name), { recursive: true, force: true });
        const made = await repository.commitWorktree(dir, [base], REF, message('k1'));
        assert.deepEqual(
          made?.files.map((file) => file.path),
          ['work'],
        );
      }));
  }

  // The superuser can read every file.
  (process.getuid?.() === 0 ? it.skip : it)('says so of a file that it cannot read', () =>
    withRepository(make, async (fixture) => {
      const { repository, base } = fixture;
      const dir = await openOne(fixture);
      write(dir, 'closed', 'x');
      chmodSync(path.join(dir, 'closed'), 0);
      await assert.rejects(repository.commitWorktree(dir, [base], REF, message('k1')), {
        code: 'files_refused',
        userMessage: /open\("closed"\): Permission denied/,
      });
    }),
  );

  it('does not blame the files for what is wrong with the repository', () =>
    withRepository(make, async (fixture) => {
      const { repository, repoDir, base } = fixture;
      const dir = await openOne(fixture);
      write(dir, 'work', 'no room for this\n');
      const id = git(dir, 'hash-object', 'work');
      const inTheWay = path.join(repoDir, '.git', 'objects', id.slice(0, 2));
      rmSync(inTheWay, { recursive: true, force: true });
      writeFileSync(inTheWay, '');
      await assert.rejects(repository.commitWorktree(dir, [base], REF, message('k1')), { code: 'git_failed' });
      rmSync(inTheWay);
      const index = path.join(git(dir, 'rev-parse', '--absolute-git-dir'), 'index');
      writeFileSync(index, 'no index');
      await assert.rejects(repository.commitWorktree(dir, [base], REF, message('k1')), { code: 'git_failed' });
      rmSync(index);
      assert.ok(await repository.commitWorktree(dir, [base], REF, message('k1')));
    }));

  it('never works on the repository around it when its .git file is gone', () =>
    withRepository(make, async (fixture) => {
      const { repository, repoDir, base } = fixture;
      const dir = path.join(repoDir, 'inside');
      await repository.openWorktree(repoDir, dir, base);
      rmSync(path.join(dir, '.git'));
      const before = userState(repoDir);
      await assert.rejects(repository.commitWorktree(dir, [base], REF, message('k')), { code: 'git_failed' });
      await assert.rejects(repository.resetWorktree(dir, base), { code: 'git_failed' });
      assert.deepEqual(userState(repoDir), before);
    }));
}

export function worktreesContract(make: () => Repository): void {
  describe('worktrees', () => {
    it('resets tracked and untracked files and keeps ignored ones and node_modules', () =>
      withRepository(make, async (fixture) => {
        const dir = await openOne(fixture);
        write(dir, 'src/list.txt', 'changed');
        write(dir, 'untracked/x', 'x');
        write(dir, 'node_modules/a.js', 'kept');
        git(dir, 'add', 'src/list.txt');
        await fixture.repository.resetWorktree(dir, fixture.base);
        assert.equal(git(dir, 'status', '--porcelain', '--', ':!node_modules'), '');
        assert.equal(existsSync(path.join(dir, 'untracked')), false);
        assert.equal(read(dir, 'node_modules/a.js'), 'kept');
      }));

    it('lists what is not committed, and nothing that is ignored', () =>
      withRepository(make, async (fixture) => {
        const { repository } = fixture;
        const dir = await openOne(fixture);
        assert.deepEqual(await repository.uncommitted(dir), []);
        write(dir, 'src/list.txt', 'changed');
        write(dir, 'new dir/ü.txt', 'x');
        write(dir, 'node_modules/a.js', 'x');
        rmSync(path.join(dir, 'gone.txt'));
        commitInner(path.join(dir, 'inner'), false);
        const found = await repository.uncommitted(dir);
        assert.deepEqual(found.sort(), ['gone.txt', 'inner/', 'new dir/ü.txt', 'src/list.txt']);
      }));

    it('serves eight at the same time, with the same folder name too', () =>
      withRepository(make, async (fixture) => {
        const { repository, root, repoDir, base } = fixture;
        const names = Array.from({ length: 8 }, (_, index) => (index < 4 ? `task-${index}` : `deep/${index}/same`));
        const commits = await Promise.all(
          names.map(async (name, index) => {
            const dir = await openOne(fixture, name);
            write(dir, `file-${index}`, `${index}`);
            return repository.commitWorktree(dir, [base], `refs/orchestrator/r1/s${index}`, message(`k${index}`));
          }),
        );
        assert.equal(new Set(commits.map((made) => made?.commit)).size, 8);
        assert.equal(git(repoDir, 'worktree', 'list').split('\n').length, 9);
        await Promise.all(names.map((name) => repository.removeWorktree(repoDir, path.join(root, 'worktrees', name))));
        assert.equal(git(repoDir, 'worktree', 'list').split('\n').length, 1);
        assert.equal(existsSync(path.join(root, 'worktrees', 'task-0')), false);
        git(repoDir, 'fsck', '--strict');
      }));

    it('finds a worktree that is there, whatever it holds, and makes none that is not', () =>
      withRepository(make, async (fixture) => {
        const { repository, repoDir, base } = fixture;
        const dir = await openOne(fixture);
        write(dir, 'untracked', 'x');
        assert.equal(await repository.findWorktree(repoDir, dir, base), true);
        rmSync(path.join(dir, '.git'));
        assert.equal(await repository.findWorktree(repoDir, dir, base), true);
        assert.equal(git(dir, 'status', '--porcelain'), '?? untracked');
        rmSync(dir, { recursive: true });
        assert.equal(await repository.findWorktree(repoDir, dir, base), false);
        assert.equal(existsSync(dir), false);
      }));

    it('never fails to remove, whatever is left of the worktree', () =>
      withRepository(make, async (fixture) => {
        const { repository, root, repoDir } = fixture;
        const dir = await openOne(fixture);
        rmSync(path.join(dir, '.git'));
        await repository.removeWorktree(repoDir, dir);
        assert.equal(existsSync(dir), false);
        await repository.removeWorktree(repoDir, dir);
        mkdirSync(path.join(root, 'no-repository'));
        await repository.removeWorktree(path.join(root, 'no-repository'), dir);
        assert.equal(git(repoDir, 'worktree', 'list').split('\n').length, 1);
      }));

    it('ends a removal that was cut', () =>
      withRepository(make, async (fixture) => {
        const { repository, repoDir } = fixture;
        const [dir, other] = [await openOne(fixture), await openOne(fixture, 'other')];
        const rest = `${dir}.gone-0123abcd`;
        renameSync(dir, rest);
        assert.deepEqual([dir, rest].map(repository.isGivenUp), [false, true]);
        await repository.removeWorktree(repoDir, rest);
        await repository.close();
        assert.deepEqual(readdirSync(path.dirname(dir)), [path.basename(other)]);
        assert.equal(git(repoDir, 'worktree', 'list').split('\n').length, 2);
      }));

    it('has removed what was discarded when it is closed', () =>
      withRepository(make, async (fixture) => {
        const { repository, repoDir } = fixture;
        const dir = await openOne(fixture);
        repository.discardWorktree(repoDir, dir);
        repository.discardWorktree(repoDir, dir);
        await repository.close();
        assert.equal(existsSync(dir), false);
        assert.deepEqual(readdirSync(path.dirname(dir)), []);
        assert.equal(git(repoDir, 'worktree', 'list').split('\n').length, 1);
      }));

    committingContract(make);
  });
}
