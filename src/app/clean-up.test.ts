import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRepository } from '../adapters/git/repository.ts';
import { systemClock } from '../core/clock.ts';
import type { HistoryEntry } from '../core/engine/port.ts';
import { cleanUpRun } from './clean-up.ts';

describe('cleaning up after a run', () => {
  let root: string;
  let repoDir: string;
  let head: string;
  let warnings: string[];
  let history: Record<string, HistoryEntry[]>;
  const repository = createRepository({ tempDir: () => root });
  const git = (...args: string[]) => execFileSync('git', args, { cwd: repoDir, encoding: 'utf8' }).trim();
  const refs = () => git('for-each-ref', '--format=%(refname)', 'refs/orchestrator').split('\n').filter(Boolean);
  const worktreeDir = (name: string) => join(root, 'runs', 'r1', 'worktrees', name);
  const services = () => ({
    repository,
    clock: systemClock,
    runDir: (runId: string) => join(root, 'runs', runId),
    history: async (runId: string) => history[runId] ?? [],
    log: { info: () => undefined, warn: (message: string) => void warnings.push(message) },
  });

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'clean-up-'));
    warnings = [];
    history = {};
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

  const step = (name: string, startedAt: number, endedAt: number, ok = true): HistoryEntry => ({
    ...{ name, kind: 'step', attempts: 1, ok, startedAt, endedAt },
  });

  describe('when checks were the last to work in a worktree', () => {
    const litter = () => {
      const startedAt = Date.now();
      writeFileSync(join(worktreeDir('api'), 'report.xml'), 'litter\n');
      return step('checks-0', startedAt, Date.now() + 1);
    };
    const kept = () => git('for-each-ref', '--format=%(refname)', 'refs/orchestrator');

    it('keeps nothing of what they have left', async () => {
      history['r1/subtask-api'] = [step('keep-0', 1, 2), litter(), step('turn-1', 3, 4, false)];
      await cleanUpRun(services(), 'r1', repoDir);
      assert.deepEqual([kept(), existsSync(worktreeDir('api')), warnings], ['', false, []]);
    });

    for (const [what, change] of Object.entries({
      'an agent may have gone on': (checks: HistoryEntry) => [checks, step('turn-1', checks.endedAt, checks.endedAt)],
      'an agent has gone on': (checks: HistoryEntry) => [
        checks,
        step('tools-1', checks.endedAt, checks.endedAt, false),
      ],
      'a file was changed at another time': (checks: HistoryEntry) => {
        // Only what it says itself is as old as the checks.
        const then = (checks.startedAt - 30_000) / 1_000;
        utimesSync(join(worktreeDir('api'), 'report.xml'), then, then);
        return [step('checks-0', checks.startedAt - 60_000, checks.startedAt - 1_000)];
      },
      'there is more than files': (checks: HistoryEntry) => {
        execFileSync('git', ['init', '-q', join(worktreeDir('api'), 'inner')]);
        return [step('checks-0', checks.startedAt, Date.now() + 1)];
      },
      'something else was committed there': (checks: HistoryEntry) => {
        const name = ['-c', 'user.name=x', '-c', 'user.email=x@x'];
        execFileSync('git', [...name, 'commit', '-q', '--allow-empty', '-m', 'x'], { cwd: worktreeDir('api') });
        git('update-ref', 'refs/orchestrator/r1/api', head);
        return [checks];
      },
      'a file of the commit differs': (checks: HistoryEntry) => {
        const name = ['-c', 'user.name=x', '-c', 'user.email=x@x'];
        const inWorktree = (...args: string[]) =>
          execFileSync('git', args, { cwd: worktreeDir('api'), encoding: 'utf8' });
        inWorktree('add', '--all');
        inWorktree(...name, 'commit', '-q', '-m', 'x');
        git('update-ref', 'refs/orchestrator/r1/api', inWorktree('rev-parse', 'HEAD').trim());
        const startedAt = Date.now();
        // As an editor would have saved it.
        writeFileSync(join(worktreeDir('api'), 'report.xml'), 'litter\n\n');
        return [step('checks-0', checks.startedAt, startedAt + 1_000)];
      },
      'the checks were of another part': (checks: HistoryEntry) => {
        history['r1/subtask-web'] = [checks];
        return [];
      },
    })) {
      it(`keeps it all the same when ${what}`, async () => {
        history['r1/subtask-api'] = change(litter());
        await cleanUpRun(services(), 'r1', repoDir);
        assert.equal(git('show', 'refs/orchestrator/r1/leftover-api:report.xml'), 'litter');
      });
    }
  });

  it('keeps nothing of a rehearsal that was cut', async () => {
    await repository.openWorktree(repoDir, worktreeDir('rehearsal-api'), head);
    writeFileSync(join(worktreeDir('rehearsal-api'), 'coverage.out'), 'litter\n');
    await cleanUpRun(services(), 'r1', repoDir);
    assert.deepEqual(refs(), []);
    assert.equal(existsSync(worktreeDir('rehearsal-api')), false);
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
