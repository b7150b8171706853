import assert from 'node:assert/strict';
import type { Forge, ForgeRepository } from '../../src/core/ports.ts';
import type { WorkflowRun } from '../../src/protocol/work.ts';
import { type ForgeHarness, refusal, wanted } from './forge-harness.ts';

/** What every Forge does with workflows and logs. */
export function forgeWorkflowContract(name: string, make: () => Promise<ForgeHarness>): void {
  describe(`${name} as a Forge, with workflows`, () => {
    const { signal } = new AbortController();
    const file = 'deploy.yml';
    let harness: ForgeHarness;
    let forge: Forge;
    let repository: ForgeRepository;

    beforeEach(async () => {
      harness = await make();
      forge = harness.forge;
      repository = await forge.ensureRepository(wanted, signal);
      await harness.push(repository, 'main', null, { 'README.md': 'shop\n' });
    });
    afterEach(() => harness.close());

    const known = () => forge.workflowRuns(repository, file, 'main', signal);
    const run = async (ids: string[], deadlineMs = 60_000) => {
      const seen: WorkflowRun[] = [];
      const request = { workflow: file, ref: 'main', inputs: {}, known: ids, deadlineMs };
      const ended = await forge.runWorkflow(repository, request, (now) => seen.push(now), signal);
      return { ended, seen };
    };

    it('runs one to its end, and tells each new state', async () => {
      await harness.addWorkflow(repository, file, { outcome: 'passed', log: 'shipped' });
      assert.deepEqual(await known(), []);
      const { ended, seen } = await run([]);
      assert.deepEqual({ workflow: ended.workflow, state: ended.state }, { workflow: file, state: 'passed' });
      assert.deepEqual(
        ended.jobs.map((job) => job.state),
        ['passed'],
      );
      assert.equal(ended.logTail, '');
      assert.ok(URL.canParse(ended.url));
      assert.deepEqual(seen.at(-1), ended);
      assert.equal(new Set(seen.map((state) => JSON.stringify(state))).size, seen.length);
      assert.deepEqual(await known(), [ended.id]);
    });

    it('takes a run that is not known for its own, and runs it again for a next time', async () => {
      await harness.addWorkflow(repository, file, { outcome: 'passed', log: '' });
      const first = (await run([])).ended;
      assert.equal((await run([])).ended.id, first.id);
      const second = (await run([first.id])).ended;
      assert.notEqual(second.id, first.id);
      assert.equal((await known()).length, 2);
    });

    it('returns a run that failed, with the end of its log', async () => {
      await harness.addWorkflow(repository, file, { outcome: 'failed', log: 'no room on the host' });
      const { ended } = await run([]);
      assert.equal(ended.state, 'failed');
      assert.match(ended.logTail, /no room on the host/);
      assert.ok(ended.logTail.length <= 8_000);
    });

    it('says what to do about one that is not there or cannot be started', async () => {
      await assert.rejects(known(), refusal('forge_failed'));
      await assert.rejects(run([]), refusal('forge_failed'));
      await harness.addWorkflow(repository, file, { outcome: null, log: '' });
      await assert.rejects(run([]), (error: unknown) => {
        refusal('forge_failed')(error);
        assert.match(String((error as Error).message), /workflow_dispatch/);
        return true;
      });
    });

    it('gives up at the deadline, and follows the same run the next time', async () => {
      await harness.addWorkflow(repository, file, { outcome: 'hangs', log: '' });
      await assert.rejects(run([], 1_500), refusal('timeout'));
      await assert.rejects(run([], 300), refusal('timeout'));
      assert.equal((await known()).length, 1);
    });

    it('gives the log of a failed check, or its summary', async () => {
      const summary = {
        state: 'failed' as const,
        runs: [
          { name: 'lint', state: 'failed' as const, url: null, summary: 'two faults', logId: null },
          { name: 'test', state: 'passed' as const, url: null, summary: '', logId: null },
        ],
      };
      assert.deepEqual(await forge.failedLogs(repository, summary, signal), [{ name: 'lint', log: 'two faults' }]);
    });
  });
}
