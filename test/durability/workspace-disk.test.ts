import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { approve, type Call, finish, type Rig, run, useRigs, write } from '../scenarios/rig.ts';
import { commitFiles } from './place.ts';
import { fillDisk, mountSmallDisk, unmount } from './small-disk.ts';

const DISK_BYTES = 4_000_000;
const TURNS: Call[][] = [
  [write('a/one.txt', 'one\n')],
  [write('a/done.txt', 'x'.repeat(20_000))],
  [run('seq 20000 > a/numbers.txt')],
  [finish()],
];
const PLAN = aPlan([aSubtask('a', { checks: [{ name: 'test', command: 'node check.mjs' }] })]);
/** A check that writes beside the work. */
const CHECK = `import { writeFileSync } from 'node:fs'; writeFileSync('numbers.log', 'x'.repeat(100_000));\n`;

/** Which disk is full, from which moment on, and what the run waits with. */
interface Trouble {
  /** The repository with the user's workspace, or the worktrees of agents. */
  disk: 'workspace' | 'worktrees';
  title: string;
  /** Full from the agent's turn of this number on, from 0, or from the review on. */
  from: number | 'review';
  /** Calls of the agent until the run waits. */
  turns: number;
}

const TROUBLES: Trouble[] = [
  { disk: 'workspace', title: 'when an agent’s work is committed', from: 1, turns: 2 },
  { disk: 'workspace', title: 'when finished work is integrated', from: 'review', turns: 4 },
  { disk: 'worktrees', title: 'when an agent writes a file', from: 1, turns: 2 },
  { disk: 'worktrees', title: 'when a command of an agent writes one', from: 2, turns: 3 },
  { disk: 'worktrees', title: 'when a check writes one', from: 3, turns: 4 },
];

describe('a full disk under the work of a run', function () {
  this.timeout(60_000);
  let mounted: string | null = null;
  // Before the rig removes its folders.
  afterEach(() => {
    if (mounted !== null) unmount(mounted);
    mounted = null;
  });
  const open = useRigs();

  const filesOf = (rig: Rig, ref: string) => rig.git('ls-tree', '-r', '--name-only', ref).trim().split('\n');

  for (const { disk, title, from, turns } of TROUBLES) {
    it(`of the ${disk}: waits with the folder’s name ${title}, and goes on when there is room`, async function () {
      let dir = '';
      let filler: string | null = null;
      let skipped: string | null = null;
      const fillFrom = (moment: number | 'review') => {
        if (moment === from) filler ??= fillDisk(dir);
      };
      const rig = await open(
        {
          plan: PLAN,
          turn: (_id, turn) => {
            fillFrom(turn);
            return TURNS[turn] ?? [finish()];
          },
          review: () => {
            fillFrom('review');
            return approve;
          },
        },
        {
          prepareWorkspace: (workspaceDir) => {
            dir = disk === 'workspace' ? workspaceDir : join(dirname(workspaceDir), 'state', 'runs');
            skipped = mountSmallDisk(dir, DISK_BYTES);
            if (skipped === null) mounted = dir;
            commitFiles(workspaceDir, { '.gitignore': 'numbers.log\n', 'check.mjs': CHECK });
          },
        },
      );
      if (skipped !== null) {
        console.log(`      skipped: ${skipped}`);
        this.skip();
      }
      const runId = await rig.start({ until: 'build' });
      const waiting = await rig.settled(runId);
      assert.deepEqual(
        [waiting.status, waiting.waiting.map((wait) => [wait.gate, wait.code])],
        ['waiting', [['resume', 'storage_failed']]],
        JSON.stringify([waiting.error, waiting.waiting]),
      );
      const message = waiting.waiting[0]?.message ?? '';
      assert.match(message, /full.*Free some space, then resume/s);
      assert.ok(message.includes(dir), `${message} does not name ${dir}`);
      assert.equal(rig.agent.requests.length, turns, 'the agent was asked on a full disk');

      // Nothing changes as long as there is no room, and nobody is asked again.
      await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
      assert.equal((await rig.settled(runId)).waiting[0]?.code, 'storage_failed');
      assert.equal(rig.agent.requests.length, turns);

      assert.ok(filler !== null);
      rmSync(filler);
      await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
      const view = await rig.settled(runId);
      assert.deepEqual([view.status, view.error, view.waiting], ['complete', null, []]);
      assert.equal(rig.agent.requests.length, TURNS.length);
      assert.deepEqual(filesOf(rig, `refs/orchestrator/${runId}/integration`), [
        '.gitignore',
        'a/done.txt',
        'a/numbers.txt',
        'a/one.txt',
        'check.mjs',
      ]);
    });
  }
});
