import assert from 'node:assert/strict';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { openRig, type Rig, run } from '../scenarios/rig.ts';
import { endWorkers, eventually, processesIn, startWorker } from './place.ts';

const LIMIT_MS = 1_000;

describe('cancelling a run while a command runs', function () {
  this.timeout(60_000);
  // A machine that is busy with something else may be slow once; a program that is slow is so each time.
  this.retries(3);
  let rig: Rig;
  afterEach(async () => {
    await endWorkers();
    await rig.close();
  });

  const commands = {
    'with a child and a grandchild': "sh -c 'sleep 61.5 & sleep 62.5' & sleep 60.5",
    'that ignores the request to end': `trap '' TERM; (trap '' TERM; sleep 61.5) & while true; do sleep 0.2; done`,
  };

  /** Starts a run whose agent has the command going. */
  const startRun = async (command: string, sandbox: 'auto' | 'off'): Promise<string> => {
    rig = await openRig({ plan: aPlan([aSubtask('a')]), turn: () => [run(command)] }, { sandbox });
    const runId = await rig.start({ until: 'build' });
    await eventually('the command runs', () => sleepers().some((line) => line.includes('61.5')), 20_000);
    return runId;
  };
  const sleepers = () => processesIn(rig.stateDir).filter((line) => line.includes('sleep'));

  for (const sandbox of ['auto', 'off'] as const) {
    for (const [title, command] of Object.entries(commands)) {
      it(`ends a command ${title} within a second (sandbox ${sandbox})`, async () => {
        const runId = await startRun(command, sandbox);
        const from = performance.now();
        await rig.app.dispatch({ type: 'cancel', runId });
        await eventually(`gone: ${sleepers()}`, () => sleepers().length === 0, LIMIT_MS);
        assert.ok(performance.now() - from < LIMIT_MS);
        assert.equal((await rig.settled(runId)).status, 'cancelled');
      });
    }
  }

  it('ends it as fast from another process on the same state folder', async () => {
    const runId = await startRun(commands['with a child and a grandchild'], 'auto');
    const place = { stateDir: rig.stateDir, workspaceDir: rig.workspaceDir };
    const other = startWorker(place, { env: {} }, { brief: '', cancel: true });
    await other.said('ready');
    await eventually(`gone: ${sleepers()}`, () => sleepers().length === 0, LIMIT_MS);
    assert.equal((await rig.settled(runId)).status, 'cancelled');
    assert.equal((await other.ended).code, 0);
  });
});
