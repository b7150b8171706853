import assert from 'node:assert/strict';
import { chmodSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { Repository } from '../../src/core/ports.ts';
import { GONE, git, LINES, message, read, withRepository, work, write } from './repository-support.ts';

const LIST = 'src/list.txt';

function mergeContract(make: () => Repository): void {
  it('follows a rename: an edit of the old file arrives in the renamed one', () =>
    withRepository(make, async (fixture) => {
      const { repository, repoDir } = fixture;
      const renamed = await work(fixture, 'a', (dir) => git(dir, 'mv', LIST, 'src/renamed ü.txt'));
      const edited = await work(fixture, 'b', (dir) => write(dir, LIST, LINES.replace('six', 'SIX')));
      const { tree, conflicts } = await repository.merge(repoDir, renamed, edited);
      assert.deepEqual(conflicts, []);
      assert.equal(await repository.readFile(repoDir, tree, 'src/renamed ü.txt'), LINES.replace('six', 'SIX'));
      assert.equal(await repository.readFile(repoDir, tree, LIST), null);
    }));

  it('names the conflicts of content, both-add and delete-edit, and keeps both sides in the tree', () =>
    withRepository(make, async (fixture) => {
      const { repository, repoDir } = fixture;
      const ours = await work(fixture, 'a', (dir) => {
        write(dir, LIST, LINES.replace('two', 'OURS'));
        write(dir, 'added both.txt', 'ours\n');
        git(dir, 'rm', '-q', 'gone.txt');
      });
      const theirs = await work(fixture, 'b', (dir) => {
        write(dir, LIST, LINES.replace('two', 'THEIRS'));
        write(dir, 'added both.txt', 'theirs\n');
        write(dir, 'gone.txt', `${GONE}more\n`);
      });
      const { tree, conflicts } = await repository.merge(repoDir, ours, theirs);
      assert.deepEqual(
        conflicts.sort((a, b) => (a.path < b.path ? -1 : 1)),
        [
          { path: 'added both.txt', kind: 'CONFLICT (contents)' },
          { path: 'gone.txt', kind: 'CONFLICT (modify/delete)' },
          { path: LIST, kind: 'CONFLICT (contents)' },
        ],
      );
      const list = (await repository.readFile(repoDir, tree, LIST)) ?? '';
      assert.match(list, /<<<<<<< [\s\S]*OURS\n=======\nTHEIRS\n>>>>>>> /);
      assert.equal(await repository.readFile(repoDir, tree, 'gone.txt'), `${GONE}more\n`);
    }));

  it('lets an agent resolve a conflicted merge in a worktree and commits it with both parents', () =>
    withRepository(make, async (fixture) => {
      const { repository, root, repoDir } = fixture;
      const ours = await work(fixture, 'a', (dir) => write(dir, LIST, LINES.replace('two', 'OURS')));
      const theirs = await work(fixture, 'b', (dir) => write(dir, LIST, LINES.replace('two', 'THEIRS')));
      const { tree } = await repository.merge(repoDir, ours, theirs);
      const dir = path.join(root, 'worktrees', 'merge');
      await repository.openWorktree(repoDir, dir, ours);
      await repository.checkoutTree(dir, tree);
      assert.match(read(dir, LIST), /<<<<<<<[\s\S]*>>>>>>>/);
      write(dir, LIST, LINES.replace('two', 'BOTH'));
      const made = await repository.commitWorktree(dir, [ours, theirs], 'refs/orchestrator/r1/head', message('merge'));
      assert.ok(made);
      assert.deepEqual(made.files, [{ path: LIST, status: 'modified', addedLines: 1, removedLines: 1 }]);
      assert.equal(git(repoDir, 'rev-parse', `${made.commit}^2`), theirs);
      assert.equal(await repository.mergeBase(repoDir, made.commit, theirs), theirs);
    }));

  it('refuses to merge or compare what has no common history', () =>
    withRepository(make, async ({ repository, repoDir, base }) => {
      const tree = git(repoDir, 'rev-parse', `${base}^{tree}`);
      const lone = await repository.commitTree(repoDir, tree, [], message('lone'));
      await assert.rejects(repository.merge(repoDir, base, lone), { code: 'git_failed' });
      await assert.rejects(repository.mergeBase(repoDir, base, lone), { code: 'git_failed' });
    }));
}

function commitContract(make: () => Repository): void {
  it('gives the same commit for the same call, and the parent when nothing differs', () =>
    withRepository(make, async ({ repository, repoDir, base }) => {
      const files = [{ path: 'a dir/ü.txt', content: 'x\n' }];
      const first = await repository.commitFiles(repoDir, base, files, message('same'));
      assert.equal(await repository.commitFiles(repoDir, base, files, message('same')), first);
      assert.equal(await repository.commitFiles(repoDir, first, files, message('other')), first);
      const tree = git(repoDir, 'rev-parse', `${first}^{tree}`);
      const again = await repository.commitTree(repoDir, tree, [base], message('same'));
      assert.equal(again, first);
      const seconds = (commit: string) => Number(git(repoDir, 'show', '-s', '--format=%ct', commit));
      assert.equal(seconds(first), seconds(base) + 1);
    }));

  it("writes the user's identity, trailers that git reads, and the date of Orchestrator-At", () =>
    withRepository(make, async ({ repository, repoDir, base }) => {
      const text = {
        subject: 'Add\nx',
        body: 'Why: because.\n\nMore.',
        trailers: { 'Orchestrator-Key': 'r1:step', 'Orchestrator-At': '2026-03-04T05:06:07.000Z' },
      };
      const commit = await repository.commitFiles(repoDir, base, [{ path: 'x', content: 'x' }], text);
      const show = (format: string) => git(repoDir, 'show', '-s', `--format=${format}`, commit);
      assert.equal(show('%an <%ae>|%cn <%ce>'), 'Test User <user@example.test>|Test User <user@example.test>');
      assert.equal(show('%(trailers)'), 'Orchestrator-Key: r1:step');
      assert.equal(show('%s'), 'Add x');
      assert.equal(show('%at %ct'), '1772600767 1772600767');
    }));

  it('keeps the executable bit and replaces a file by a folder', () =>
    withRepository(make, async (fixture) => {
      const { repository, repoDir, base } = fixture;
      const executable = await work(fixture, 'x', (dir) => chmodSync(path.join(dir, LIST), 0o755));
      const files = [
        { path: LIST, content: 'new\n' },
        { path: 'gone.txt/inside', content: 'folder\n' },
      ];
      const commit = await repository.commitFiles(repoDir, executable, files, message('modes'));
      assert.match(git(repoDir, 'ls-tree', commit, '--', LIST), /^100755 /);
      assert.equal(await repository.readFile(repoDir, commit, 'gone.txt/inside'), 'folder\n');
      assert.equal(await repository.readFile(repoDir, base, 'gone.txt'), GONE);
    }));

  it('leaves files out, those that are not there included, and touches no other entry', () =>
    withRepository(make, async (fixture) => {
      const { repository, repoDir } = fixture;
      const parent = await work(fixture, 'x', (dir) => {
        chmodSync(path.join(dir, LIST), 0o755);
        symlinkSync('readme.md', path.join(dir, 'link'));
      });
      const files = [
        { path: 'gone.txt/inside', content: 'folder\n' },
        { path: 'gone.txt', content: null },
        { path: 'src/spaces and ü/ñandú file.txt', content: null },
        { path: 'never/was.txt', content: null },
      ];
      const commit = await repository.commitFiles(repoDir, parent, files, message('left out'));
      const tree = git(repoDir, 'ls-tree', '-r', '-z', commit).split('\0').filter(Boolean);
      assert.deepEqual(
        tree.map((entry) => `${entry.slice(0, 6)} ${entry.split('\t')[1]}`),
        ['100644 gone.txt/inside', '120000 link', '100644 readme.md', `100755 ${LIST}`],
      );
      const nothing = [{ path: 'never/was.txt', content: null }];
      assert.equal(await repository.commitFiles(repoDir, commit, nothing, message('nothing')), commit);
      for (const bad of ['../x', '.git/config']) {
        const call = repository.commitFiles(repoDir, commit, [{ path: bad, content: null }], message('bad'));
        await assert.rejects(call, { code: 'git_failed' }, bad);
      }
    }));

  it('refuses paths outside the repository and inside .git', () =>
    withRepository(make, async ({ repository, repoDir, base }) => {
      for (const bad of ['../x', '/x', 'a/../../x', '.git/config', 'a/.GIT/x', '', 'a//b', './x']) {
        const call = repository.commitFiles(repoDir, base, [{ path: bad, content: 'x' }], message('bad'));
        await assert.rejects(call, { code: 'git_failed' }, bad);
      }
    }));
}

function inspectContract(make: () => Repository): void {
  it('lists changed files with their lines, binary and renamed ones included', () =>
    withRepository(make, async (fixture) => {
      const { repository, repoDir, base } = fixture;
      const commit = await work(fixture, 'x', (dir) => {
        git(dir, 'mv', LIST, 'moved ü.txt');
        write(dir, 'moved ü.txt', `${LINES}eight\n`);
        git(dir, 'rm', '-q', 'gone.txt');
        write(dir, 'bin', 'a\0b');
        write(dir, 'tab\tname', 'x\n');
      });
      const files = await repository.changedFiles(repoDir, base, commit);
      assert.deepEqual(
        files.map((file) => [file.path, file.status, file.addedLines, file.removedLines].join('|')).sort(),
        ['bin|added|0|0', 'gone.txt|deleted|0|3', 'moved ü.txt|renamed|1|0', 'tab\tname|added|1|0'],
      );
      assert.deepEqual(
        files.filter((file) => 'oldPath' in file).map((file) => [file.path, file.oldPath]),
        [['moved ü.txt', LIST]],
      );
    }));

  it('says how large files are, whatever they hold and are called', () =>
    withRepository(make, async (fixture) => {
      const { repository, repoDir } = fixture;
      const commit = await work(fixture, 'x', (dir) => {
        write(dir, 'bin', 'a\0b'.repeat(1_000));
        write(dir, 'new\nline ü', 'x\n');
        write(dir, 'empty', '');
      });
      const paths = ['bin', 'not\nthere', 'new\nline ü', '12\n', 'empty'];
      assert.deepEqual(await repository.fileSizes(repoDir, commit, paths), [3_000, null, 2, null, 0]);
      assert.deepEqual(await repository.fileSizes(repoDir, commit, []), []);
    }));

  it('cuts a long patch at a line end and says so', () =>
    withRepository(make, async ({ repository, repoDir, base }) => {
      const files = [{ path: 'long.txt', content: 'zeile mit ü\n'.repeat(10_000) }];
      const commit = await repository.commitFiles(repoDir, base, files, message('long'));
      const cut = await repository.patch(repoDir, base, commit, 1_000);
      assert.ok(cut.length < 1_100);
      assert.match(cut, /\+zeile mit ü\n\[diff cut after 1000 bytes\]\n$/);
      assert.match(await repository.patch(repoDir, base, commit, 1_000_000), /^diff --git [\s\S]*\+zeile mit ü\n$/);
    }));

  it('reads files with unusual names, and null for what is no file', () =>
    withRepository(make, async ({ repository, repoDir, base }) => {
      assert.equal(await repository.readFile(repoDir, base, 'src/spaces and ü/ñandú file.txt'), LINES);
      for (const absent of ['src', 'nope', '../readme.md', './readme.md', '', 'a\nb']) {
        assert.equal(await repository.readFile(repoDir, base, absent), null, absent);
      }
      await assert.rejects(repository.readFile(repoDir, 'f'.repeat(40), 'readme.md'), { code: 'git_failed' });
    }));

  it('exports the files of a commit and nothing else, and refuses a folder that is not empty', () =>
    withRepository(make, async ({ repository, root, repoDir, base }) => {
      const dir = path.join(root, 'deep', 'export ü');
      await repository.exportTree(repoDir, base, dir);
      assert.deepEqual(readdirSync(dir).sort(), ['gone.txt', 'readme.md', 'src']);
      assert.equal(read(dir, 'src/spaces and ü/ñandú file.txt'), LINES);
      assert.equal(statSync(path.join(dir, 'gone.txt')).size, GONE.length);
      await assert.rejects(repository.exportTree(repoDir, base, dir), { code: 'git_failed' });
    }));
}

function refsContract(make: () => Repository): void {
  it('moves a ref only from the value expected, and takes a repeated move as done', () =>
    withRepository(make, async ({ repository, repoDir, base }) => {
      const ref = 'refs/orchestrator/r1/state';
      const next = await repository.commitFiles(repoDir, base, [{ path: 'n', content: 'n' }], message('n'));
      assert.equal(await repository.readRef(repoDir, ref), null);
      await repository.setRef(repoDir, ref, base, null);
      await repository.setRef(repoDir, ref, base, null);
      await assert.rejects(repository.setRef(repoDir, ref, next, null), { code: 'git_failed' });
      await assert.rejects(repository.setRef(repoDir, ref, next, next.replace(/./g, 'a')), { code: 'git_failed' });
      await repository.setRef(repoDir, ref, next, base);
      assert.equal(await repository.readRef(repoDir, ref), next);
      await repository.setRef(repoDir, 'refs/orchestrator/r10/state', base, null);
      assert.deepEqual(await repository.listRefs(repoDir, 'refs/orchestrator/r1'), { [ref]: next });
      assert.equal(Object.keys(await repository.listRefs(repoDir, 'refs/orchestrator/')).length, 2);
    }));

  it('refuses names that are not full ref names', () =>
    withRepository(make, async ({ repository, repoDir, base }) => {
      for (const ref of ['main', '--stdin', 'refs/a b', 'refs/a\nb', 'refs/a\0b']) {
        await assert.rejects(repository.setRef(repoDir, ref, base, null), { code: 'git_failed' }, ref);
      }
    }));
}

export function mergingContract(make: () => Repository): void {
  describe('merges', () => mergeContract(make));
  describe('commits in memory', () => commitContract(make));
  describe('what a commit holds', () => inspectContract(make));
  describe('refs', () => refsContract(make));
}
