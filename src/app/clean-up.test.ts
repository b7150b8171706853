import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRepository } from '../adapters/git/repository.ts';
import { systemClock } from '../core/clock.ts';
import { cleanUpRun } from './clean-up.ts';

describe('cleaning up after a run', () => {
  let root: string;
  let repoDir: string;
  let head: string;
  let warnings: string[];
  const repository = createRepository({ tempDir: () => root });
  const git = (...args: string[]) => execFileSync('git', args, { cwd: repoDir, encoding: 'utf8' }).trim();
  const refs = () => git('for-each-ref', '--format=%(refname)', 'refs/orchestrator').split('\n').filter(Boolean);
  const worktreeDir = (name: string) => join(root, 'runs', 'r1', 'worktrees', name);
  const services = () => ({
    repository,
    clock: systemClock,
    runDir: (runId: string) => join(root, 'runs', runId),
    log: { info: () => undefined, warn: (message: string) => void warnings.push(message) },
  });

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'clean-up-'));
    warnings = [];
    ({ repoDir, baseCommit: head } = await repository.open(join(root, 'workspace'), AbortSignal.timeout(10_000)));
    for (const name of ['api', 'web']) await repository.openWorktree(repoDir, worktreeDir(name), head);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('keeps what was not committed, leaves the refs of the work, and removes every worktree', async () => {
    git('update-ref', 'refs/orchestrator/r1/api', head);
    writeFileSync(join(worktreeDir('api'), 'half.js'), 'half\n');
    await cleanUpRun(services(), 'r1', repoDir);
    assert.deepEqual(refs(), ['refs/orchestrator/r1/api', 'refs/orchestrator/r1/leftover-api']);
    assert.equal(git('show', 'refs/orchestrator/r1/leftover-api:half.js'), 'half');
    assert.equal(git('rev-parse', 'refs/orchestrator/r1/leftover-api^'), head);
    assert.equal(git('rev-parse', 'refs/orchestrator/r1/api'), head);
    assert.equal(git('worktree', 'list').split('\n').length, 1);
    assert.equal(existsSync(worktreeDir('api')) || existsSync(worktreeDir('web')), false);
    assert.deepEqual(warnings, []);
  });

  it('changes nothing when it is repeated, and nothing for a run without worktrees', async () => {
    writeFileSync(join(worktreeDir('web'), 'half.js'), 'half\n');
    await cleanUpRun(services(), 'r1', repoDir);
    const before = git('rev-parse', 'refs/orchestrator/r1/leftover-web');
    await cleanUpRun(services(), 'r1', repoDir);
    await cleanUpRun(services(), 'r2', repoDir);
    assert.deepEqual(refs(), ['refs/orchestrator/r1/leftover-web']);
    assert.equal(git('rev-parse', 'refs/orchestrator/r1/leftover-web'), before);
  });

  it('keeps nothing of what was given up before, and ends its removal', async () => {
    writeFileSync(join(worktreeDir('api'), 'litter.js'), 'litter\n');
    renameSync(worktreeDir('api'), `${worktreeDir('api')}.gone-0123abcd`);
    await cleanUpRun(services(), 'r1', repoDir);
    await repository.close();
    assert.deepEqual([refs(), warnings], [[], []]);
    assert.equal(git('worktree', 'list').split('\n').length, 1);
    assert.deepEqual(readdirSync(join(root, 'runs', 'r1', 'worktrees')), []);
  });

  it('leaves a folder whose files it cannot commit, says so, and goes on with the others', async () => {
    mkdirSync(worktreeDir('alien'));
    writeFileSync(join(worktreeDir('alien'), 'file'), 'x');
    await cleanUpRun(services(), 'r1', repoDir);
    assert.ok(existsSync(join(worktreeDir('alien'), 'file')));
    assert.deepEqual(warnings, ['worktree left in place']);
    assert.equal(git('worktree', 'list').split('\n').length, 1);
  });
});
