import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Git } from './git-command.ts';
import { createGit } from './run-git.ts';
import { commitWorktree } from './worktree-commit.ts';
import { openWorktree } from './worktrees.ts';

const REF = 'refs/orchestrator/run/part';
const message = (key: string) => ({ subject: key, body: '', trailers: { 'Orchestrator-Key': key } });

describe('commits of one worktree after the other', () => {
  let root: string;
  let repoDir: string;
  let dir: string;
  let verbs: string[];
  let git: Git;

  const plain = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.invalid', ...args], {
      cwd: repoDir,
      encoding: 'utf8',
    }).trim();

  const commit = async (parent: string, key: string) => {
    writeFileSync(join(dir, `${key}.txt`), key);
    const made = await commitWorktree(git, dir, [parent], REF, message(key));
    assert.ok(made !== null);
    return made.commit;
  };

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'worktree-commit-'));
    repoDir = join(root, 'repository');
    dir = join(root, 'worktree');
    mkdirSync(repoDir);
    plain('init', '--quiet');
    plain('commit', '--quiet', '--allow-empty', '--message=start');
    verbs = [];
    const run = createGit();
    git = (command) => {
      verbs.push([command.args[0], command.followedBy?.[0] ?? []].flat().join(' + '));
      return run(command);
    };
    await openWorktree(git, repoDir, dir, plain('rev-parse', 'HEAD'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

  it('ask git for nothing that the commit before has shown', async () => {
    const first = await commit(plain('rev-parse', 'HEAD'), 'one');
    verbs = [];
    const second = await commit(first, 'two');
    assert.deepEqual(verbs.toSorted(), ['add + write-tree', 'diff-tree', 'hash-object', 'update-ref']);
    assert.equal(plain('rev-parse', REF), second);
    assert.equal(plain('rev-parse', `${second}^`), first);
  });

  it('find the ref again when something else has moved it meanwhile', async () => {
    const first = await commit(plain('rev-parse', 'HEAD'), 'one');
    plain('update-ref', REF, plain('rev-parse', 'HEAD'));
    const second = await commit(first, 'two');
    assert.equal(plain('rev-parse', REF), second);
    plain('update-ref', '-d', REF);
    const third = await commit(second, 'three');
    assert.equal(plain('rev-parse', REF), third);
  });

  it('give the same commit when the last step is repeated', async () => {
    const first = await commit(plain('rev-parse', 'HEAD'), 'one');
    const second = await commit(first, 'two');
    assert.equal(await commit(first, 'two'), second);
  });
});
