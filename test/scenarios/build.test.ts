import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DomainEvent } from '../../src/protocol/events.ts';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { approve, finish, readWorkspace, run, type Script, useRigs, write } from './rig.ts';

const done = { name: 'test', command: 'test -f a/done.txt' };
const onePlan = aPlan([aSubtask('a', { checks: [done] })]);

/** Writes the file that the check wants, then finishes. */
const goodTurn: Script['turn'] = (id, turn) => (turn === 0 ? [write(`${id}/done.txt`, `${id}\n`)] : [finish()]);

const types = (events: DomainEvent[]) => events.map((event) => event.type);
const of = <T extends DomainEvent['type']>(events: DomainEvent[], type: T) =>
  events.filter((event): event is Extract<DomainEvent, { type: T }> => event.type === type);

describe('a whole run', function () {
  this.timeout(60_000);
  const open = useRigs();

  it('carries a simple brief from an empty folder to a live application', async () => {
    const rig = await open({ plan: onePlan, turn: goodTurn });
    const runId = await rig.start();
    const view = await rig.settled(runId);
    assert.deepEqual([view.error, view.waiting], [null, []]);
    assert.equal(view.status, 'complete');
    assert.equal(view.subtasks.a?.state, 'integrated');
    assert.equal(view.pullRequest?.state, 'merged');
    const kinds = types(rig.eventsOf(runId)).filter((type, index, all) => all.indexOf(type) === index);
    assert.deepEqual(kinds, [
      'run.started',
      'stage.entered',
      'workspace.opened',
      'model.called',
      'plan.proposed',
      'plan.approved',
      'interfaces.written',
      'subtask.started',
      'subtask.acted',
      'subtask.committed',
      'subtask.submitted',
      'subtask.checked',
      'subtask.reviewed',
      'subtask.approved',
      'integration.checked',
      'subtask.integrated',
      'diff.proposed',
      'diff.approved',
      'changes.landed',
      'branch.pushed',
      'pull_request.opened',
      'pull_request.checked',
      'pull_request.merged',
      'deployment.previewed',
      'live.verified',
      'run.completed',
    ]);
    assert.equal(readWorkspace(rig, 'a/done.txt'), 'a\n');
    assert.match(
      rig.git('log', '-1', '--format=%B', 'orchestrator/sample'),
      /Orchestrator-Run: sample-\w+\nOrchestrator-Subtask: a/,
    );
    assert.equal(view.cost.calls, 5);
    assert.ok(Math.abs(view.cost.usd - 0.05) < 1e-9);
  });

  it('gives a faulty plan one repair turn that quotes the faults', async () => {
    const bad = aPlan([aSubtask('a', { dependsOn: ['ghost'] })]);
    const rig = await open({ plan: (_request, asked) => (asked === 0 ? bad : onePlan), turn: goodTurn });
    const view = await rig.settled(await rig.start({ until: 'plan' }));
    assert.equal(view.status, 'complete');
    const repair = rig.lead.requests.find((request) => request.purpose.startsWith('plan-repair'));
    assert.match(repair?.input ?? '', /"ghost"/);
    assert.equal(repair?.history.length, 1);
  });

  it('fails readably when the repaired plan is faulty too, or no JSON', async () => {
    const rig = await open({ plan: (_r, asked) => (asked === 0 ? 'sorry, no' : { summary: 1 }), turn: goodTurn });
    const view = await rig.settled(await rig.start());
    assert.equal(view.status, 'failed');
    assert.equal(view.error?.code, 'plan_invalid');
    assert.match(view.error?.userMessage ?? '', /summary/);
  });

  it('refuses package names that the registry does not know', async () => {
    const packages = [{ name: 'no-such-thing', reason: 'x' }];
    const rig = await open({ plan: aPlan([aSubtask('a')], { packages }), turn: goodTurn });
    const view = await rig.settled(await rig.start());
    assert.match(view.error?.userMessage ?? '', /no-such-thing/);
  });

  it('states and records the defaults of questions that nobody is there to answer', async () => {
    const questions = [{ id: 'q1', text: 'Which colour?', defaultAnswer: 'blue' }];
    const rig = await open({ plan: onePlan, questions, turn: goodTurn });
    const view = await rig.settled(await rig.start({ until: 'plan' }));
    assert.deepEqual(view.answers, [{ questionId: 'q1', text: 'blue', source: 'default' }]);
    const planned = rig.lead.requests.find((request) => request.purpose === 'plan');
    assert.match(planned?.input ?? '', /Which colour\?: blue \(assumed\)/);
  });

  it('is done only when the host saw the checks pass, whatever the agent says', async () => {
    const rig = await open({
      plan: onePlan,
      turn: (_id, turn) => {
        if (turn === 0) return [write('a/other.txt', 'x'), finish('all done, tests pass')];
        if (turn === 1) return [write('a/done.txt', 'x'), finish()];
        return [];
      },
    });
    const runId = await rig.start({ until: 'build' });
    const view = await rig.settled(runId);
    assert.equal(view.status, 'complete');
    const checked = of(rig.eventsOf(runId), 'subtask.checked');
    assert.deepEqual(
      checked.map((event) => event.evidence[0]?.outcome),
      ['failed', 'passed'],
    );
    const second = rig.agent.requests[1]?.messages.at(-1);
    assert.ok(second?.role === 'tools' && second.text?.includes('exited with 1'));
  });

  it('sends files that a subtask does not own back to the agent', async () => {
    const rig = await open({
      plan: onePlan,
      turn: (_id, turn) =>
        turn === 0 ? [write('a/done.txt', 'x'), write('b/stranger.txt', 'x'), finish()] : [run('rm -r b'), finish()],
    });
    const runId = await rig.start({ until: 'build' });
    const view = await rig.settled(runId);
    assert.equal(view.status, 'complete');
    assert.match(of(rig.eventsOf(runId), 'subtask.checked')[0]?.faults[0] ?? '', /b\/stranger\.txt/);
    assert.deepEqual(
      view.subtasks.a?.files.map((file) => file.path),
      ['a/done.txt'],
    );
  });

  it('revises after findings and hands them to the agent', async () => {
    const finding = { id: 'f1', file: 'a/done.txt', line: 1, severity: 'major' as const, message: 'say more' };
    const rig = await open({
      plan: onePlan,
      review: (_id, round) => (round === 1 ? { verdict: 'revise', summary: 'no', findings: [finding] } : approve),
      turn: (_id, turn) =>
        turn === 0 ? [write('a/done.txt', 'x'), finish()] : [write('a/done.txt', 'more'), finish()],
    });
    const view = await rig.settled(await rig.start({ until: 'build' }));
    assert.equal(view.status, 'complete');
    assert.deepEqual(
      view.subtasks.a?.reviews.map((review) => review.verdict),
      ['revise', 'approve'],
    );
    const told = rig.agent.requests[1]?.messages.at(-1);
    assert.ok(told?.role === 'tools' && told.text?.includes('[f1] major a/done.txt:1 say more'));
  });

  it('asks a stronger model once, then waits for a person, who may take it as it is', async () => {
    const finding = { id: 'f1', file: 'a/done.txt', line: 1, severity: 'major' as const, message: 'never good' };
    const rig = await open({
      plan: onePlan,
      review: () => ({ verdict: 'revise', summary: 'no', findings: [finding] }),
      turn: (_id, turn) => [write('a/done.txt', `v${turn}`), finish()],
    });
    const runId = await rig.start({ until: 'build' });
    const parked = await rig.settled(runId);
    assert.equal(parked.status, 'waiting');
    assert.equal(parked.waiting[0]?.gate, 'subtask');
    assert.equal(parked.subtasks.a?.state, 'parked');
    assert.deepEqual(
      rig.agent.requests.map((request) => request.model),
      ['claude-sonnet-5-5', 'claude-sonnet-5-5', 'claude-sonnet-5-5', 'claude-opus-5-5'],
    );
    await rig.app.dispatch({ type: 'approve', runId, gate: 'subtask' });
    assert.equal((await rig.settled(runId)).status, 'complete');
  });

  it('reports an overlap while agents work and has the conflict resolved with both sides kept', async () => {
    const shared = { path: 'routes.txt', purpose: 'routes', content: 'home\n' };
    const plan = aPlan(
      ['a', 'b'].map((id) => aSubtask(id, { checks: [{ name: 't', command: `test -f ${id}/done.txt` }] })),
      { sharedInterfaces: [shared], integrationChecks: [{ name: 'routes', command: 'test -f routes.txt' }] },
    );
    let resolutions = 0;
    let arrived = 0;
    let release = () => {};
    const both = new Promise<void>((resolve) => {
      release = resolve;
    });
    const rig = await open({
      plan,
      turn: async (id, turn) => {
        if (id.endsWith(':merge')) {
          resolutions += 1;
          // First it drops a side; the host must refuse that.
          const content = resolutions === 1 ? 'home\nroute-a\n' : 'home\nroute-a\nroute-b\n';
          return [write('routes.txt', content), finish()];
        }
        if (turn === 0) return [write('routes.txt', `home\nroute-${id}\n`), write(`${id}/done.txt`, id)];
        // Both have written before either goes on, so that they really overlap.
        arrived += 1;
        if (arrived === 2) release();
        await both;
        return [finish()];
      },
    });
    const runId = await rig.start({ until: 'review' });
    const view = await rig.settled(runId);
    assert.equal(view.error, null);
    assert.equal(view.status, 'complete');
    assert.deepEqual(view.overlaps, [{ subtaskIds: ['a', 'b'], kind: 'conflict', paths: ['routes.txt'] }]);
    const events = rig.eventsOf(runId);
    assert.match(of(events, 'merge.refused')[0]?.missing[0] ?? '', /routes\.txt lost/);
    assert.deepEqual(of(events, 'merge.resolved')[0]?.paths, ['routes.txt']);
    assert.equal(readWorkspace(rig, 'routes.txt'), 'home\nroute-a\nroute-b\n');
    assert.ok(!rig.git('log', '--format=%s', 'orchestrator/sample').includes('wip'));
  });

  it('sends a merge that is clean but breaks the checks to an agent', async () => {
    const plan = aPlan(
      ['a', 'b'].map((id) => aSubtask(id, { checks: [{ name: 't', command: `test -f ${id}/done.txt` }] })),
      {
        integrationChecks: [{ name: 'not both', command: 'node check.mjs' }],
        sharedInterfaces: [
          {
            path: 'check.mjs',
            purpose: 'fails when both are there without a bridge',
            content:
              "import { existsSync as e } from 'node:fs';\nprocess.exit(e('a/done.txt') && e('b/done.txt') && !e('bridge.txt') ? 1 : 0);\n",
          },
        ],
      },
    );
    const rig = await open({
      plan,
      turn: (id, turn) =>
        id.endsWith(':merge')
          ? [write('bridge.txt', 'x'), finish()]
          : goodTurn(id, turn, rig.agent.requests[0] as never),
    });
    const view = await rig.settled(await rig.start({ until: 'review' }));
    assert.equal(view.status, 'complete');
    assert.equal(readWorkspace(rig, 'bridge.txt'), 'x');
  });

  it('waits for the person at both gates and turns comments into a new plan and a revision', async () => {
    const rig = await open({
      plan: onePlan,
      turn: (id, turn) =>
        id === 'revision-1' && turn === 0
          ? [write('a/done.txt', 'revised\n')]
          : goodTurn(id, turn, rig.agent.requests[0] as never),
    });
    const runId = await rig.start({ autoApprove: false, until: 'review' });
    assert.equal((await rig.settled(runId)).waiting[0]?.gate, 'plan');
    assert.equal(rig.agent.requests.length, 0);
    await rig.app.dispatch({ type: 'reject', runId, comment: 'use fewer parts' });
    const again = await rig.settled(runId);
    assert.equal(again.waiting[0]?.gate, 'plan');
    assert.match(rig.lead.requests.at(-1)?.input ?? '', /use fewer parts/);
    await assert.rejects(rig.app.dispatch({ type: 'approve', runId, gate: 'diff' }), { code: 'usage' });
    // A prompt that still shows the first plan cannot decide about the second.
    await assert.rejects(rig.app.dispatch({ type: 'approve', runId, gate: 'plan', topic: 'plan:0' }), {
      code: 'usage',
    });
    await rig.app.dispatch({ type: 'approve', runId, gate: 'plan' });
    const diff = await rig.settled(runId);
    assert.equal(diff.waiting[0]?.gate, 'diff');
    assert.deepEqual(rig.git('branch', '--list', '--format=%(refname:short)').trim(), 'main');
    await rig.app.dispatch({ type: 'reject', runId, comment: 'say revised' });
    const revised = await rig.settled(runId);
    assert.equal(revised.waiting[0]?.gate, 'diff');
    assert.equal(revised.subtasks['revision-1']?.state, 'integrated');
    await rig.app.dispatch({ type: 'approve', runId, gate: null });
    assert.equal((await rig.settled(runId)).status, 'complete');
    assert.equal(readWorkspace(rig, 'a/done.txt'), 'revised\n');
  });

  it('leaves a dirty repository untouched, and works from its last commit', async () => {
    const prepareWorkspace = (dir: string) => {
      mkdirSync(dir, { recursive: true });
      const git = (...args: string[]) =>
        execFileSync('git', ['-c', 'user.name=U', '-c', 'user.email=u@x', ...args], { cwd: dir });
      git('init', '-q', '-b', 'main');
      writeFileSync(join(dir, 'kept.txt'), 'committed\n');
      writeFileSync(join(dir, 'AGENTS.md'), 'House rule: be brief.\n');
      git('add', '-A');
      git('commit', '-q', '-m', 'first');
      writeFileSync(join(dir, 'kept.txt'), 'my own change\n');
      writeFileSync(join(dir, 'new.txt'), 'untracked\n');
    };
    const rig = await open({ plan: onePlan, turn: goodTurn }, { prepareWorkspace });
    const before = [rig.git('status', '--porcelain'), rig.git('rev-parse', 'HEAD'), rig.git('stash', 'list')];
    const runId = await rig.start({ until: 'review' });
    const view = await rig.settled(runId);
    assert.equal(view.status, 'complete');
    assert.deepEqual(
      [rig.git('status', '--porcelain'), rig.git('rev-parse', 'HEAD'), rig.git('stash', 'list')],
      before,
    );
    assert.equal(readWorkspace(rig, 'kept.txt'), 'my own change\n');
    assert.equal(of(rig.eventsOf(runId), 'workspace.opened')[0]?.dirtyFiles, 2);
    assert.equal(rig.git('show', 'orchestrator/sample:kept.txt'), 'committed\n');
    assert.match(rig.lead.requests.find((r) => r.purpose === 'plan')?.input ?? '', /House rule: be brief/);
  });

  it('refuses the call that might pass the cap, keeps the work, and goes on when the cap is raised', async () => {
    const rig = await open({ plan: onePlan, turn: goodTurn });
    const runId = await rig.start({ budgetUsd: 0.2, until: 'build' });
    const view = await rig.settled(runId);
    assert.equal(view.status, 'waiting');
    assert.equal(view.waiting[0]?.code, 'budget_exceeded');
    assert.ok(view.cost.usd <= 0.2);
    const askedBefore = rig.lead.requests.length + rig.agent.requests.length;
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: 10 });
    assert.equal((await rig.settled(runId)).status, 'complete');
    assert.equal(rig.lead.requests.length + rig.agent.requests.length, 5, `${askedBefore} calls came before the pause`);
  });

  it('is resumed by another process where it stopped, without repeating a finished model call', async () => {
    let reached = () => {};
    const inTurn = new Promise<void>((resolve) => {
      reached = resolve;
    });
    let hang = true;
    const rig = await open({
      plan: onePlan,
      turn: async (id, turn, request) => {
        if (turn === 1 && hang) {
          reached();
          await new Promise(() => {});
        }
        return goodTurn(id, turn, request);
      },
    });
    const runId = await rig.start();
    await inTurn;
    hang = false;
    await rig.restart();
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    const view = await rig.settled(runId);
    assert.equal(view.status, 'complete');
    // clarify, plan, turn 0, the cut turn 1 asked again, review.
    assert.equal(rig.lead.requests.length + rig.agent.requests.length, 6);
    assert.equal(of(rig.eventsOf(runId), 'pull_request.opened').length, 1);
  });

  it('ends as cancelled when told to, and says so once', async () => {
    let reached = () => {};
    const inTurn = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const rig = await open({
      plan: onePlan,
      turn: async () => {
        reached();
        return [run('sleep 60')];
      },
    });
    const runId = await rig.start();
    await inTurn;
    await rig.app.dispatch({ type: 'cancel', runId });
    const view = await rig.settled(runId);
    assert.equal(view.status, 'cancelled');
    assert.equal(of(rig.eventsOf(runId), 'run.failed').length, 0);
    assert.equal(rig.git('worktree', 'list').trim().split('\n').length, 1);
    await assert.rejects(rig.app.dispatch({ type: 'cancel', runId }), { code: 'usage' });
  });
});
