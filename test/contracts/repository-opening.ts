import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Repository } from '../../src/core/ports.ts';
import {
  git,
  LINES,
  message,
  removeFolder,
  signal,
  temporaryFolder,
  withRepository,
  write,
} from './repository-support.ts';

function openingFoldersContract(makeOpen: () => Repository): void {
  let root: string;
  const made: Repository[] = [];
  const make = () => {
    const repository = makeOpen();
    made.push(repository);
    return repository;
  };
  beforeEach(() => {
    root = temporaryFolder();
  });
  afterEach(async () => {
    for (const repository of made.splice(0)) await repository.close();
    removeFolder(root);
  });

  it('makes a repository with one empty commit in a missing folder, and finds it the second time', async () => {
    const repository = make();
    const dir = path.join(root, 'new', 'project');
    const first = await repository.open(dir, signal);
    assert.equal(first.created, true);
    assert.equal(first.branch, 'main');
    assert.equal(first.repoDir, dir);
    assert.equal(git(dir, 'rev-list', '--count', 'HEAD'), '1');
    assert.equal(git(dir, 'ls-tree', 'HEAD'), '');
    assert.equal(git(dir, 'status', '--porcelain'), '');
    const second = await repository.open(dir, signal);
    assert.deepEqual(second, { ...first, created: false });
  });

  it('finishes a repository whose making was interrupted before the first commit', async () => {
    git(root, 'init', '-q', '-b', 'trunk', 'half');
    const state = await make().open(path.join(root, 'half'), signal);
    assert.deepEqual({ created: state.created, branch: state.branch }, { created: true, branch: 'trunk' });
    // Killed earlier still, in the middle of `git init`.
    mkdirSync(path.join(root, 'quarter', '.git', 'objects'), { recursive: true });
    assert.equal((await make().open(path.join(root, 'quarter'), signal)).created, true);
  });

  it('gives one first commit when an empty folder is opened several times at once', async () => {
    const repository = make();
    const dir = path.join(root, 'race');
    const states = await Promise.all([1, 2, 3, 4].map(() => repository.open(dir, signal)));
    assert.equal(new Set(states.map((state) => state.baseCommit)).size, 1);
    assert.equal(states.filter((state) => state.created).length, 1);
  });

  it('refuses a folder with files that is no repository, and says what to run', async () => {
    write(root, 'file.txt', 'x');
    await assert.rejects(make().open(root, signal), (error: { code?: string; userMessage?: string }) => {
      assert.equal(error.code, 'workspace_unusable');
      assert.match(error.userMessage ?? '', /git init && git add -A && git commit/);
      return true;
    });
  });

  it('refuses a repository with files and no commit, a bare one, the inside of .git, and a file', async () => {
    const repository = make();
    git(root, 'init', '-q', 'unborn');
    write(path.join(root, 'unborn'), 'file.txt', 'x');
    git(root, 'init', '-q', '--bare', 'bare.git');
    writeFileSync(path.join(root, 'file'), '');
    for (const dir of ['unborn', 'bare.git', 'unborn/.git', 'file']) {
      await assert.rejects(repository.open(path.join(root, dir), signal), { code: 'workspace_unusable' }, dir);
    }
  });

  it('rejects with aborted when the signal has fired', async () => {
    await assert.rejects(make().open(path.join(root, 'x'), AbortSignal.abort()), { code: 'aborted' });
  });
}

export function openingContract(make: () => Repository): void {
  describe('open', () => {
    openingFoldersContract(make);

    it('finds the repository from a folder inside it and reports uncommitted and untracked paths', () =>
      withRepository(make, async ({ repository, repoDir, base }) => {
        write(repoDir, 'src/list.txt', 'changed\n');
        write(repoDir, 'new dir/ünt racked.txt', 'x');
        write(repoDir, 'staged.txt', 'x');
        git(repoDir, 'add', 'staged.txt');
        git(repoDir, 'mv', 'gone.txt', 'moved.txt');
        const state = await repository.open(path.join(repoDir, 'src'), signal);
        assert.deepEqual(
          { ...state, dirtyPaths: state.dirtyPaths.sort() },
          {
            repoDir,
            baseCommit: base,
            branch: 'main',
            created: false,
            dirtyPaths: ['gone.txt', 'moved.txt', 'new dir/ünt racked.txt', 'src/list.txt', 'staged.txt'].sort(),
          },
        );
      }));

    it('takes HEAD as the base on a detached HEAD and in the middle of a rebase', () =>
      withRepository(make, async ({ repository, repoDir, base }) => {
        git(repoDir, 'switch', '-q', '-c', 'topic');
        write(repoDir, 'src/list.txt', 'topic\n');
        git(repoDir, 'commit', '-q', '-am', 'topic');
        git(repoDir, 'switch', '-q', 'main');
        write(repoDir, 'src/list.txt', 'main\n');
        git(repoDir, 'commit', '-q', '-am', 'main');
        assert.throws(() => git(repoDir, 'rebase', 'topic'));
        const state = await repository.open(repoDir, signal);
        assert.equal(state.branch, 'HEAD');
        assert.equal(state.baseCommit, git(repoDir, 'rev-parse', 'topic'));
        assert.deepEqual(state.dirtyPaths, ['src/list.txt']);
        assert.notEqual(state.baseCommit, base);
      }));

    it('reports at most 1,000 paths', () =>
      withRepository(make, async ({ repository, repoDir }) => {
        mkdirSync(path.join(repoDir, 'many'));
        for (let index = 0; index < 1_050; index += 1) writeFileSync(path.join(repoDir, 'many', `${index}`), '');
        assert.equal((await repository.open(repoDir, signal)).dirtyPaths.length, 1_000);
      }));
  });

  describe('map', () => {
    it('gives tree, manifest and rules in their order, within the budget', () =>
      withRepository(make, async ({ repository, repoDir, base }) => {
        const files = [
          { path: 'go.mod', content: 'module sample\n' },
          { path: 'AGENTS.md', content: 'Be kind.\n' },
          { path: 'CLAUDE.md', content: 'Be brief.\n' },
          { path: 'docs/AGENTS.md', content: 'not at the top\n' },
        ];
        const commit = await repository.commitFiles(repoDir, base, files, message('map'));
        const map = await repository.map(repoDir, commit, 2_000);
        assert.equal(map.fileCount, 8);
        assert.deepEqual(map.manifest, { path: 'go.mod', text: 'module sample\n' });
        assert.deepEqual(
          map.rules.map((rule) => rule.path),
          ['AGENTS.md', 'CLAUDE.md', 'readme.md'],
        );
        assert.match(map.tree, /^src\/\n {2}spaces and ü\/\n {4}ñandú file.txt\n {2}list.txt$/m);
      }));

    it('keeps to the budget with 20,000 files by closing folders', () =>
      withRepository(make, async ({ repository, repoDir, base }) => {
        const files = Array.from({ length: 20_000 }, (_, index) => ({
          path: `pkg/part-${index % 40}/folder-${index % 400}/file-${index}.txt`,
          content: `${index % 7}\n`,
        }));
        const chunk = await repository.commitFiles(repoDir, base, files, message('many'));
        const big = await repository.commitFiles(
          repoDir,
          chunk,
          [{ path: 'package.json', content: LINES.repeat(2_000) }],
          message('big'),
        );
        const budget = 1_000;
        const map = await repository.map(repoDir, big, budget);
        const size =
          map.tree.length + (map.manifest?.text.length ?? 0) + map.rules.reduce((n, r) => n + r.text.length, 0);
        assert.ok(size <= budget * 4, `${size} characters`);
        assert.equal(map.fileCount, 20_005);
        assert.match(map.tree, /part-7\/ \(500 files\)/);
        assert.match(map.manifest?.text ?? '', /\[cut\]\n$/);
      }));
  });
}
