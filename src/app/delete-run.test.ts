import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { archiveRunRefs } from '../adapters/git/archive-refs.ts';
import { createRepository } from '../adapters/git/repository.ts';
import type { RunRecord } from '../core/engine/port.ts';
import { type DeleteParts, deleteRun } from './delete-run.ts';

describe('deleting a run', () => {
  let root: string;
  let workspaceDir: string;
  let head: string;
  const deleted: string[] = [];
  const repository = createRepository({ tempDir: () => root });
  const git = (...args: string[]) => execFileSync('git', args, { cwd: workspaceDir, encoding: 'utf8' }).trim();
  const refs = () => git('for-each-ref', '--format=%(refname)').split('\n').filter(Boolean);
  const parts = (change: Partial<DeleteParts> = {}): DeleteParts => ({
    engine: { active: async () => [] },
    repository,
    archiveRefs: archiveRunRefs,
    runDir: (runId) => join(root, 'runs', runId),
    deleteRows: (runId) => deleted.push(runId),
    ...change,
  });

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'delete-run-'));
    workspaceDir = join(root, 'workspace');
    deleted.length = 0;
    head = (await repository.open(workspaceDir, AbortSignal.timeout(10_000))).baseCommit;
    for (const name of ['r1/a', 'r1/integration', 'r10/a']) git('update-ref', `refs/orchestrator/${name}`, head);
    await repository.openWorktree(workspaceDir, join(root, 'runs', 'r1', 'worktrees', 'a'), head);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('archives its refs, removes its worktrees, its folder and its rows, and touches no other run', async () => {
    await deleteRun(parts(), 'r1', workspaceDir);
    assert.deepEqual(refs(), [
      'refs/heads/main',
      'refs/orchestrator-archive/r1/a',
      'refs/orchestrator-archive/r1/integration',
      'refs/orchestrator/r10/a',
    ]);
    assert.equal(git('worktree', 'list').split('\n').length, 1);
    assert.equal(existsSync(join(root, 'runs', 'r1')), false);
    assert.deepEqual(deleted, ['r1']);
  });

  it('is harmless when it is repeated', async () => {
    await deleteRun(parts(), 'r1', workspaceDir);
    const before = refs();
    await deleteRun(parts(), 'r1', workspaceDir);
    assert.deepEqual(refs(), before);
  });

  it('is refused while a part of the run has not ended, with nothing removed', async () => {
    const before = refs();
    const active = async () => [{ runId: 'r1' } as RunRecord];
    await assert.rejects(deleteRun(parts({ engine: { active } }), 'r1', workspaceDir), {
      code: 'engine_conflict',
      userMessage: /Cancel it first/,
    });
    assert.deepEqual(refs(), before);
    assert.deepEqual(deleted, []);
  });

  it('removes nothing when the refs cannot be archived', async () => {
    // A ref of this name stands where the archive needs a folder.
    git('update-ref', 'refs/orchestrator-archive/r1', head);
    await assert.rejects(deleteRun(parts(), 'r1', workspaceDir), { code: 'git_failed' });
    assert.deepEqual(deleted, []);
    assert.ok(existsSync(join(root, 'runs', 'r1', 'worktrees', 'a')));
    assert.ok(refs().includes('refs/orchestrator/r1/a'));
  });

  it('leaves the refs of a repository that is elsewhere as they are, and makes none in its place', async () => {
    const moved = join(root, 'moved');
    renameSync(workspaceDir, moved);
    await deleteRun(parts(), 'r1', workspaceDir);
    mkdirSync(workspaceDir);
    await deleteRun(parts(), 'r1', workspaceDir);
    assert.equal(existsSync(join(workspaceDir, '.git')), false);
    workspaceDir = moved;
    assert.ok(refs().includes('refs/orchestrator/r1/a'));
    assert.deepEqual(deleted, ['r1', 'r1']);
  });
});
