import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRepository } from '../../src/adapters/git/repository.ts';
import { weakenedByMerge } from '../../src/core/flow/merge-guard.ts';
import { mergeLosses } from '../../src/core/flow/merge-losses.ts';
import { message, type RepositoryFixture, withRepository, write } from '../contracts/repository-support.ts';

type Change = (dir: string) => void;

const OLD = 'test/old.test.js';
const OTHER = 'test/other.test.js';
const tests = (...titles: string[]) =>
  titles.map((title) => `it('${title}', () => assert.equal(${title}(), 1));\n`).join('');

async function commitOf(fixture: RepositoryFixture, name: string, from: string, change: Change): Promise<string> {
  const { repository, root, repoDir } = fixture;
  const dir = join(root, 'worktrees', name);
  await repository.openWorktree(repoDir, dir, from);
  change(dir);
  const made = await repository.commitWorktree(dir, [from], `refs/orchestrator/r/${name}`, message(name));
  return made?.commit ?? from;
}

interface Merge {
  /** What was integrated in the meantime, and what the subtask did. */
  ours?: Change;
  theirs?: Change;
  /** What the agent does that joins both. */
  agent: Change;
}

/** What is said about a merge when the plan lets the subtask take tests out of `OLD`, and when it does not. */
async function saidOf({ ours = () => {}, theirs = () => {}, agent }: Merge) {
  const said = { planned: [''], unplanned: [''] };
  await withRepository(
    () => createRepository({ tempDir: tmpdir }),
    async (fixture) => {
      const { repository, repoDir } = fixture;
      const base = await commitOf(fixture, 'base', fixture.base, (dir) => {
        write(dir, OLD, tests('a', 'b', 'c'));
        write(dir, OTHER, tests('d', 'e', 'f'));
        write(dir, 'src/main.js', 'main\n');
      });
      const one = await commitOf(fixture, 'ours', base, (dir) => {
        write(dir, 'src/main.js', 'main of ours\n');
        ours(dir);
      });
      const two = await commitOf(fixture, 'theirs', base, (dir) => {
        write(dir, 'src/main.js', 'main of theirs\n');
        theirs(dir);
      });
      const git = await repository.merge(repoDir, one, two);
      const conflicts = git.conflicts.map((conflict) => conflict.path);
      const clean = await repository.commitTree(repoDir, git.tree, [one], message('clean'));
      const merged = await commitOf(fixture, 'merge', clean, (dir) => {
        write(dir, 'src/main.js', 'main of ours\nmain of theirs\n');
        agent(dir);
      });
      const commits = { base, ours: one, theirs: two, clean, merged };
      const { losses } = await mergeLosses(repository, repoDir, commits, conflicts);
      const textsWith = async (removable: string[]) => {
        const weakened = await weakenedByMerge(repository, repoDir, commits, [], removable);
        return [...losses, ...weakened].map((loss) => loss.text);
      };
      Object.assign(said, { planned: await textsWith([OLD]), unplanned: await textsWith([]) });
    },
  );
  return said;
}

const remove =
  (file: string): Change =>
  (dir) =>
    rmSync(join(dir, file));

describe('tests that a merge does not have', function () {
  this.timeout(30_000);

  it('are no loss when the subtask had removed the file, or tests of it', async () => {
    const none = { planned: [], unplanned: [] };
    assert.deepEqual(await saidOf({ theirs: remove(OLD), agent: () => {} }), none);
    assert.deepEqual(await saidOf({ theirs: (dir) => write(dir, OLD, tests('a')), agent: () => {} }), none);
  });

  it('are no loss of a merge either when the plan lets them go', async () => {
    const { planned, unplanned } = await saidOf({ agent: (dir) => write(dir, OLD, tests('a')) });
    assert.deepEqual(planned, []);
    assert.match(unplanned.join(), /old\.test\.js:0 2 tests that were there before are gone/);
    const both = await saidOf({
      ours: (dir) => write(dir, OLD, tests('ours', 'a', 'b', 'c')),
      theirs: (dir) => write(dir, OLD, tests('a', 'b', 'c', 'theirs')),
      agent: (dir) => write(dir, OLD, tests('ours', 'a', 'c', 'theirs')),
    });
    assert.deepEqual(both.planned, []);
    assert.match(both.unplanned.join(), /old\.test\.js:0 Tests that both sides have are gone: "b"/);
  });

  it('are one in every other file, and so is what the other side wrote', async () => {
    const { planned } = await saidOf({ theirs: remove(OLD), agent: (dir) => write(dir, OTHER, tests('d')) });
    assert.equal(planned.length, 1);
    assert.match(planned.join(), /other\.test\.js:0 2 tests that were there before are gone/);
    const changed = await saidOf({
      ours: (dir) => write(dir, OLD, tests('a', 'b', 'c', 'ours')),
      theirs: remove(OLD),
      agent: remove(OLD),
    });
    assert.match(changed.planned.join(), /old\.test\.js: .* changed it, .* deleted it; the merge leaves it deleted/);
  });
});
