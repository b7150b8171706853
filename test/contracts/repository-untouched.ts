import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Repository } from '../../src/core/ports.ts';
import { git, message, plantFailingHooks, signal, userState, withRepository, write } from './repository-support.ts';

/** A repository in the state in which a person leaves it for lunch. */
function makeDirty(repoDir: string): void {
  write(repoDir, 'readme.md', 'stashed\n');
  git(repoDir, 'stash', '-q');
  write(repoDir, 'staged.txt', 'staged\n');
  git(repoDir, 'add', 'staged.txt');
  write(repoDir, 'src/list.txt', 'not staged\n');
  write(repoDir, 'untracked ü.txt', 'untracked\n');
  git(repoDir, 'config', 'core.splitIndex', 'true');
  git(repoDir, 'config', 'core.untrackedCache', 'true');
  git(repoDir, 'config', 'gc.auto', '1');
  git(repoDir, 'config', 'commit.gpgSign', 'true');
  git(repoDir, 'config', 'core.logAllRefUpdates', 'always');
  git(repoDir, 'config', 'core.fsmonitor', 'false');
}

export function untouchedContract(make: () => Repository): void {
  describe("the user's side", () => {
    it('is byte for byte the same after a whole run in a dirty repository, and no hook ran', () =>
      withRepository(make, async ({ repository, root, repoDir, base }) => {
        makeDirty(repoDir);
        const mark = path.join(root, 'hooks-ran');
        plantFailingHooks(repoDir, mark);
        const before = userState(repoDir);

        const state = await repository.open(repoDir, signal);
        await repository.map(repoDir, base, 1_000);
        const files = [{ path: 'docs/brief.md', content: 'brief\n' }];
        const start = await repository.commitFiles(repoDir, state.baseCommit, files, message('start'));
        await repository.setRef(repoDir, 'refs/orchestrator/r1/base', start, null);
        const dirs = ['a', 'b'].map((name) => path.join(root, 'worktrees', name));
        const commits: string[] = [];
        for (const [index, dir] of dirs.entries()) {
          await repository.openWorktree(repoDir, dir, start);
          write(dir, `feature-${index}.txt`, 'work\n');
          const ref = `refs/orchestrator/r1/s${index}`;
          const made = await repository.commitWorktree(dir, [start], ref, message(`s${index}`));
          assert.ok(made);
          commits.push(made.commit);
          await repository.resetWorktree(dir, start);
        }
        const [a = '', b = ''] = commits;
        const merged = await repository.merge(repoDir, a, b);
        assert.deepEqual(merged.conflicts, []);
        const commit = await repository.commitTree(repoDir, merged.tree, [a, b], message('merge'));
        await repository.checkoutTree(path.join(root, 'worktrees', 'a'), merged.tree);
        await repository.changedFiles(repoDir, base, commit);
        await repository.patch(repoDir, base, commit, 10_000);
        await repository.readFile(repoDir, commit, 'docs/brief.md');
        await repository.exportTree(repoDir, commit, path.join(root, 'export'));
        const bare = path.join(root, 'remote.git');
        git(root, 'init', '-q', '--bare', bare);
        await repository.push(repoDir, bare, [{ commit, branch: 'work' }], null, signal);
        await repository.fetch(repoDir, bare, 'work', null, signal);
        for (const dir of dirs) await repository.removeWorktree(repoDir, dir);

        assert.deepEqual(userState(repoDir), before);
        assert.equal(existsSync(mark), false, 'a hook ran');
        assert.deepEqual(Object.keys(await repository.listRefs(repoDir, 'refs/orchestrator-fetch')), []);
        assert.equal(git(repoDir, 'worktree', 'list').split('\n').length, 1);
        // The hooks do work: an ordinary command meets them.
        assert.throws(() => git(repoDir, 'switch', '-q', '-c', 'ordinary'));
        assert.equal(existsSync(mark), true);
      }));

    it('is not reached through variables of git in the environment', () =>
      withRepository(make, async ({ repository, root, repoDir, base }) => {
        const other = path.join(root, 'other');
        git(root, 'init', '-q', other);
        process.env.GIT_DIR = path.join(other, '.git');
        process.env.GIT_INDEX_FILE = path.join(other, 'index');
        try {
          assert.equal((await repository.open(repoDir, signal)).baseCommit, base);
        } finally {
          delete process.env.GIT_DIR;
          delete process.env.GIT_INDEX_FILE;
        }
        assert.equal(existsSync(path.join(other, 'index')), false);
      }));
  });
}
