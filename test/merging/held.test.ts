import assert from 'node:assert/strict';
import { chmodSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRepository } from '../../src/adapters/git/repository.ts';
import { mergeLosses } from '../../src/core/flow/merge-losses.ts';
import {
  GONE,
  git,
  LINES,
  message,
  type RepositoryFixture,
  read,
  withRepository,
  write,
} from '../contracts/repository-support.ts';

type Change = (dir: string) => void;
const LIST = 'src/list.txt';

async function commitOf(fixture: RepositoryFixture, name: string, from: string, change: Change): Promise<string> {
  const { repository, root, repoDir } = fixture;
  const dir = join(root, 'worktrees', name);
  await repository.openWorktree(repoDir, dir, from);
  change(dir);
  const made = await repository.commitWorktree(dir, [from], `refs/orchestrator/r/${name}`, message(name));
  return made?.commit ?? from;
}

/** What is found missing when two sides are merged by git and an agent works on the result. */
async function lossesOf(ours: Change, theirs: Change, agent: Change) {
  let found: { text: string; needsPerson: boolean }[] = [];
  let conflicts: string[] = [];
  await withRepository(
    () => createRepository({ tempDir: tmpdir }),
    async (fixture) => {
      const { repository, repoDir, base } = fixture;
      const a = await commitOf(fixture, 'a', base, ours);
      const b = await commitOf(fixture, 'b', base, theirs);
      const merged = await repository.merge(repoDir, a, b);
      conflicts = merged.conflicts.map((conflict) => conflict.path).sort();
      const clean = await repository.commitTree(repoDir, merged.tree, [a], message('clean'));
      const result = await commitOf(fixture, 'merge', clean, agent);
      const commits = { base, ours: a, theirs: b, clean, merged: result };
      found = (await mergeLosses(repository, repoDir, commits, conflicts)).losses;
    },
  );
  return { conflicts, needsPerson: found.some((loss) => loss.needsPerson), texts: found.map((loss) => loss.text) };
}

const edit =
  (file: string, from: string, to: string): Change =>
  (dir) =>
    write(dir, file, read(dir, file).replace(from, to));
const remove =
  (file: string): Change =>
  (dir) =>
    rmSync(join(dir, file));
const all =
  (...changes: Change[]): Change =>
  (dir) => {
    for (const change of changes) change(dir);
  };
const nothing: Change = () => {};

describe('a merge that an agent worked on', function () {
  this.timeout(30_000);

  it('is not looked at where git joined both sides and the agent changed nothing', async () => {
    const result = await lossesOf(edit(LIST, 'two', 'TWO'), edit(LIST, 'six', 'SIX'), edit('readme.md', '#', '##'));
    assert.deepEqual([result.conflicts, result.texts], [[], []]);
  });

  it('must hold files of either side that had no conflict', async () => {
    const added: Change = (dir) => write(dir, 'quiet.txt', 'quiet\n');
    const dropped = all(remove('quiet.txt'), edit(LIST, 'SIX', 'six'));
    const { texts } = await lossesOf(added, edit(LIST, 'six', 'SIX'), dropped);
    assert.deepEqual(texts, [
      'quiet.txt is gone; the integrated work had changed it.',
      'src/list.txt lost what this subtask added: SIX.',
      'src/list.txt brought back what this subtask had removed: six.',
    ]);
  });

  it('must not delete what neither side had deleted', async () => {
    const { texts } = await lossesOf(edit(LIST, 'two', 'TWO'), nothing, remove('readme.md'));
    assert.deepEqual(texts, ['readme.md is gone, and neither side had deleted it.']);
  });

  it('holds both texts of a file that both added', async () => {
    const add =
      (text: string): Change =>
      (dir) =>
        write(dir, 'both.txt', text);
    const joined = await lossesOf(add('of a\n'), add('of b\n'), add('of a\nof b\n'));
    assert.deepEqual([joined.conflicts, joined.texts], [['both.txt'], []]);
    const untouched = await lossesOf(add('of a\n'), add('of b\n'), nothing);
    assert.deepEqual(untouched.texts, ['both.txt still holds conflict markers.']);
    const dropped = await lossesOf(add('of a\n'), add('of b\n'), add('of a\n'));
    assert.match(dropped.texts[0] ?? '', /this subtask added: b/);
  });

  it('lets an edit follow a deletion to another file, and otherwise asks a person', async () => {
    const theirs = edit('gone.txt', 'beta', 'beta edited');
    const moved = await lossesOf(
      remove('gone.txt'),
      theirs,
      all(remove('gone.txt'), (dir) => write(dir, 'new-home.txt', GONE.replace('beta', 'beta edited'))),
    );
    assert.deepEqual([moved.conflicts, moved.texts], [['gone.txt'], []]);
    for (const agent of [nothing, remove('gone.txt')]) {
      const result = await lossesOf(remove('gone.txt'), theirs, agent);
      assert.equal(result.needsPerson, true);
      assert.equal(result.texts.length, 1);
    }
  });

  it('holds a rename and the edit of the other side, and asks a person about two names', async () => {
    const move =
      (to: string): Change =>
      (dir) =>
        git(dir, 'mv', LIST, to);
    const theirs = edit(LIST, 'six', 'SIX');
    const lost = await lossesOf(move('moved.txt'), theirs, edit('moved.txt', 'SIX', 'six'));
    assert.match(lost.texts[0] ?? '', /src\/list\.txt lost what this subtask added: SIX/);
    const back = await lossesOf(
      move('moved.txt'),
      theirs,
      all(remove('moved.txt'), (dir) => write(dir, LIST, LINES.replace('six', 'SIX'))),
    );
    assert.deepEqual(back.texts, [
      'the integrated work had moved src/list.txt to moved.txt; the merge has it as src/list.txt.',
    ]);
    const twice = await lossesOf(move('one.txt'), move('two.txt'), remove('two.txt'));
    assert.equal(twice.needsPerson, true);
    assert.match(twice.texts.join(), /this subtask had moved src\/list\.txt to two\.txt; the merge has it as one\.txt/);
  });

  it('compares binary files by their bytes', async () => {
    const binary =
      (...bytes: number[]): Change =>
      (dir) =>
        write(dir, 'image.bin', String.fromCharCode(0, ...bytes));
    const both = await lossesOf(binary(1), binary(2), binary(1));
    assert.deepEqual([both.conflicts, both.needsPerson], [['image.bin'], true]);
    assert.deepEqual(both.texts, ['image.bin is binary; what this subtask made of it is not in the merge.']);
    const one = await lossesOf(nothing, binary(2), binary(3));
    assert.deepEqual([one.texts.length, one.needsPerson], [1, false]);
  });

  it('keeps an executable bit, also of a file whose text is changed again', async () => {
    const executable: Change = (dir) => chmodSync(join(dir, LIST), 0o755);
    const plain: Change = (dir) => chmodSync(join(dir, LIST), 0o644);
    for (const agent of [plain, all(plain, edit(LIST, 'seven', 'seven\neight'))]) {
      const { texts } = await lossesOf(executable, edit(LIST, 'two', 'TWO'), agent);
      assert.deepEqual(texts, ['src/list.txt has mode 100644 now; both sides together gave it 100755.']);
    }
  });

  it('does not leave behind what git put beside a file that became a folder', async () => {
    const file: Change = (dir) => write(dir, 'data', 'a file of a\n');
    const folder: Change = (dir) => write(dir, 'data/list.json', '["b"]\n');
    const left = await lossesOf(file, folder, nothing);
    assert.equal(left.conflicts.length, 1);
    assert.ok(
      left.texts.some((text) => /^data~\w+ was left by the conflict/.test(text)),
      left.texts.join(),
    );
    const settled = await lossesOf(file, folder, (dir) => {
      const aside = readdirSync(dir).find((name) => name.startsWith('data~')) ?? '';
      renameSync(join(dir, aside), join(dir, 'data.txt'));
    });
    assert.deepEqual(settled.texts, []);
  });
});
