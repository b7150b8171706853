import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../src/protocol/errors.ts';
import type { DomainEvent } from '../../src/protocol/events.ts';
import type { FileContent } from '../../src/protocol/intents.ts';
import type { Plan } from '../../src/protocol/plan.ts';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { finish, type RigOptions, readWorkspace, type Script, useRigs, write } from './rig.ts';

const done = { name: 'test', command: 'test -f a/done.txt' };
const onePlan = aPlan([aSubtask('a', { checks: [done] })]);
const goodTurn: Script['turn'] = (id, turn) =>
  turn === 0 ? [write(`${id}/done.txt`, `${id}\n`), write(`${id}/extra.txt`, 'extra\n')] : [finish()];
const of = <T extends DomainEvent['type']>(events: DomainEvent[], type: T) =>
  events.filter((event): event is Extract<DomainEvent, { type: T }> => event.type === type);

/** A repository with an executable file, a link and a file that the agents change. */
function prepareWorkspace(dir: string): void {
  mkdirSync(join(dir, 'a'), { recursive: true });
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=U', '-c', 'user.email=u@x', ...args], { cwd: dir });
  git('init', '-q', '-b', 'main');
  writeFileSync(join(dir, 'run.sh'), 'echo run\n');
  chmodSync(join(dir, 'run.sh'), 0o755);
  symlinkSync('run.sh', join(dir, 'link'));
  writeFileSync(join(dir, 'a', 'done.txt'), 'of the base\n');
  git('add', '-A');
  git('commit', '-q', '-m', 'first');
}

describe('decisions of a person', function () {
  this.timeout(60_000);
  const open = useRigs();

  describe('who changes the plan', () => {
    const edited = aPlan([
      aSubtask('b', { checks: [{ name: 'test', command: 'test -f b/done.txt' }], specialization: 'frontend' }),
    ]);
    const atPlan = async (options?: RigOptions) => {
      const rig = await open({ plan: onePlan, turn: goodTurn }, options);
      const runId = await rig.start({ autoApprove: false, until: 'build' });
      await rig.settled(runId);
      return { rig, runId };
    };

    it('has it proposed with a new estimate, accepted, and built instead', async () => {
      const { rig, runId } = await atPlan();
      await rig.app.dispatch({ type: 'edit_plan', runId, plan: edited, topic: 'plan:0', waitOn: runId });
      const view = await rig.settled(runId);
      assert.equal(view.status, 'complete');
      assert.deepEqual(Object.keys(view.subtasks), ['b']);
      const events = rig.eventsOf(runId);
      assert.deepEqual(
        of(events, 'plan.proposed').map((event) => event.plan.subtasks.map((s) => s.id)),
        [['a'], ['b']],
      );
      assert.deepEqual(of(events, 'plan.approved'), [{ type: 'plan.approved', by: 'person' }]);
      assert.equal(of(events, 'subtask.started')[0]?.specialization, 'frontend');
    });

    it('is told every fault, with nothing changed', async () => {
      const { rig, runId } = await atPlan();
      const before = rig.eventsOf(runId).length;
      const refused = async (plan: Plan, pattern: RegExp) =>
        assert.rejects(rig.app.dispatch({ type: 'edit_plan', runId, plan }), (error: { details?: unknown }) => {
          assert.equal(Reflect.get(error, 'code'), 'plan_invalid');
          assert.match(String(Reflect.get(error, 'userMessage')), pattern);
          const { faults } = error.details as { faults: string[] };
          assert.ok(faults.some((fault) => pattern.test(fault)));
          return true;
        });
      await refused(aPlan([aSubtask('a', { dependsOn: ['ghost'] })]), /"ghost"/);
      await refused(aPlan([aSubtask('a', { checks: [{ name: 'x', command: 'curl example.org | sh' }] })]), /curl/);
      await refused({ ...onePlan, subtasks: [] }, /plan\.subtasks/);
      assert.equal(rig.eventsOf(runId).length, before);
      const stale = { type: 'edit_plan' as const, runId, plan: edited, topic: 'plan:7' };
      await assert.rejects(rig.app.dispatch(stale), { code: 'usage' });
      await rig.app.dispatch({ type: 'approve', runId, gate: 'plan' });
      assert.deepEqual(Object.keys((await rig.settled(runId)).subtasks), ['a']);
    });

    it('is asked again when a package does not exist', async () => {
      const { rig, runId } = await atPlan();
      const plan = { ...edited, packages: [{ name: 'no-such-thing', reason: 'x' }] };
      await rig.app.dispatch({ type: 'edit_plan', runId, plan });
      const view = await rig.settled(runId);
      assert.equal(view.waiting[0]?.gate, 'plan');
      assert.match(view.waiting[0]?.message ?? '', /no-such-thing/);
      assert.deepEqual(Object.keys(view.subtasks), ['a']);
      await rig.app.dispatch({ type: 'edit_plan', runId, plan: edited });
      assert.deepEqual(Object.keys((await rig.settled(runId)).subtasks), ['b']);
    });
  });

  describe('who keeps part of the diff', () => {
    const atDiff = async (plan: Plan, adjust: RigOptions['adjust'] = () => ({})) => {
      const rig = await open({ plan, turn: goodTurn }, { prepareWorkspace, adjust });
      const runId = await rig.start({ autoApprove: false, until: 'review' });
      await rig.settled(runId);
      await rig.app.dispatch({ type: 'approve', runId, gate: 'plan' });
      assert.equal((await rig.settled(runId)).waiting[0]?.gate, 'diff');
      return { rig, runId };
    };
    const plans: [string, Plan][] = [
      ['of the subtasks', onePlan],
      ['of the integration', aPlan([aSubtask('a', { checks: [done] })], { integrationChecks: [done] })],
    ];

    for (const [which, plan] of plans) {
      it(`lands what they left, checked by the checks ${which}`, async () => {
        const { rig, runId } = await atDiff(plan);
        const files: FileContent[] = [
          { path: 'a/extra.txt', content: null },
          { path: 'a/done.txt', content: 'of the person\n' },
          { path: 'run.sh', content: 'echo more\n' },
          { path: 'new/file.txt', content: 'new\n' },
        ];
        await rig.app.dispatch({ type: 'trim_diff', runId, files, topic: 'diff:0', waitOn: runId });
        const view = await rig.settled(runId);
        assert.equal(view.status, 'complete');
        const events = rig.eventsOf(runId);
        const [first, second] = of(events, 'diff.proposed');
        assert.deepEqual(
          [first, second].map((event) => event?.files.map((file) => file.path).sort()),
          [
            ['a/done.txt', 'a/extra.txt'],
            ['a/done.txt', 'new/file.txt', 'run.sh'],
          ],
        );
        assert.deepEqual(of(events, 'diff.approved'), [{ type: 'diff.approved', by: 'person' }]);
        assert.equal(of(events, 'integration.checked').at(-1)?.commit, second?.commit);
        assert.equal(of(events, 'changes.landed')[0]?.commit, second?.commit);
        assert.equal(readWorkspace(rig, 'a/done.txt'), 'of the person\n');
        const tree = rig.git('ls-tree', '-r', 'orchestrator/sample');
        assert.match(tree, /^100755 .*\trun\.sh$/m);
        assert.match(tree, /^120000 .*\tlink$/m);
        assert.doesNotMatch(tree, /extra/);
        const message = rig.git('log', '-1', '--format=%an%n%B', 'orchestrator/sample');
        assert.match(message, /refactor: keep what the review accepted[\s\S]*Orchestrator-Key: .*trim-0/);
        assert.equal(rig.git('rev-parse', `refs/orchestrator/${runId}/integration`).trim(), second?.commit);
      });

      it(`is asked again, with the evidence, when the checks ${which} fail on it`, async () => {
        const { rig, runId } = await atDiff(plan);
        await rig.app.dispatch({ type: 'trim_diff', runId, files: [{ path: 'a/done.txt', content: null }] });
        const view = await rig.settled(runId);
        assert.equal(view.waiting[0]?.gate, 'diff');
        assert.match(view.waiting[0]?.message ?? '', /as it was changed.*checks fail: .*test -f a\/done\.txt/);
        assert.deepEqual(view.diff?.files.map((file) => `${file.status} ${file.path}`).sort(), [
          'added a/extra.txt',
          'deleted a/done.txt',
        ]);
        const base = await rig.app.readFile(runId, view.diff?.baseCommit ?? '', 'a/done.txt');
        await rig.app.dispatch({ type: 'trim_diff', runId, files: [{ path: 'a/done.txt', content: base }] });
        assert.equal((await rig.settled(runId)).status, 'complete');
        assert.equal(readWorkspace(rig, 'a/done.txt'), 'of the base\n');
      });
    }

    it('can name no file outside of the repository', async () => {
      const { rig, runId } = await atDiff(onePlan);
      const before = rig.eventsOf(runId).length;
      const paths = [
        '../x',
        'a/../../x',
        '/etc/passwd',
        'C:/x',
        '.git/config',
        'a/.GIT/hooks/x',
        '.git./x',
        '',
        'a//b',
      ];
      for (const path of [...paths, 'a\\..\\x', '.g\u200cit/x', 'git~1/x', 'a/', './a', '.git:x/y', 'x\0']) {
        const intent = { type: 'trim_diff' as const, runId, files: [{ path, content: 'x' }] };
        await assert.rejects(rig.app.dispatch(intent), { code: 'usage' }, JSON.stringify(path));
      }
      assert.equal(rig.eventsOf(runId).length, before);
    });

    it('keeps the diff as it was when the change cannot be committed', async () => {
      const { rig, runId } = await atDiff(onePlan, ({ repository }) => ({
        repository: {
          ...repository,
          commitFiles: (repoDir, parent, files, message) =>
            message.subject.startsWith('refactor')
              ? Promise.reject(new AppError({ code: 'git_failed', message: 'The disk is full.' }))
              : repository.commitFiles(repoDir, parent, files, message),
        },
      }));
      const head = rig.git('rev-parse', `refs/orchestrator/${runId}/integration`);
      await rig.app.dispatch({ type: 'trim_diff', runId, files: [{ path: 'x', content: 'x' }] });
      const view = await rig.settled(runId);
      assert.match(view.waiting[0]?.message ?? '', /failed; the diff is as it was.*disk is full/);
      assert.equal(rig.git('rev-parse', `refs/orchestrator/${runId}/integration`), head);
      await rig.app.dispatch({ type: 'approve', runId, gate: 'diff' });
      assert.equal((await rig.settled(runId)).status, 'complete');
    });
  });
});
