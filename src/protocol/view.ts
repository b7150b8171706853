import type { DomainEvent, EventRecord } from './events.ts';
import { inReviewOrder } from './file-order.ts';
import {
  calledModel,
  ended,
  LEAD,
  newSubtask,
  retriedModel,
  withAgent,
  withAgentOf,
  withLeadAtWork,
  withSubtask,
} from './view-changes.ts';
import { changing, finishedDeployment, rolledBack } from './view-deployments.ts';
import type { RunView } from './view-state.ts';

export { isTakenOut } from './view-deployments.ts';
export * from './view-state.ts';

/** Applies one event. Pure; returns a new view and shares what did not change. Records must come in order of seq. */
export function fold(view: RunView, record: EventRecord): RunView {
  return { ...apply(view, record.event, record.at), seq: record.seq };
}

function apply(view: RunView, event: DomainEvent, at: string): RunView {
  switch (event.type) {
    case 'run.started':
      return {
        // No model is asked in the others.
        ...withAgent(view, LEAD, { specialization: LEAD, status: isBuild(event) ? 'working' : 'idle' }, at),
        brief: event.brief,
        workspaceDir: event.workspaceDir,
        budgetUsd: event.budgetUsd,
        purpose: event.purpose ?? 'build',
        issue: event.issue ?? null,
        undoes: event.undoes ?? null,
        slug: event.slug,
        startedAt: at,
      };
    case 'stage.entered':
      return { ...view, stage: event.stage, stages: [...view.stages, { stage: event.stage, enteredAt: at }] };
    case 'workspace.opened':
    case 'interfaces.written':
      return view;
    case 'model.retried':
      return retriedModel(view, event, at);
    case 'questions.asked':
      return { ...view, questions: event.questions };
    case 'questions.answered':
      return withLeadAtWork({ ...view, answers: event.answers }, at);
    case 'plan.faulted':
      return withLeadAtWork({ ...view, planFaults: event.faults }, at);
    case 'plan.proposed':
      return {
        ...view,
        plan: event.plan,
        planFaults: [],
        estimate: event.estimate,
        subtasks: Object.fromEntries(
          event.plan.subtasks.map((s) => [s.id, newSubtask(s.id, s.title, s.specialization, s.dependsOn)]),
        ),
      };
    case 'plan.rejected':
      return withLeadAtWork(view, at);
    case 'plan.approved':
    case 'diff.approved':
    case 'diff.rejected':
      return view;
    case 'model.called':
      return calledModel(view, event, at);
    case 'subtask.started':
      return withAgent(
        withSubtask(view, event.subtaskId, {
          state: 'working',
          agentId: event.agentId,
          round: 1,
          specialization: event.specialization,
          baseCommit: event.baseCommit,
          failed: null,
          startedAt: view.subtasks[event.subtaskId]?.startedAt ?? at,
        }),
        event.agentId,
        { specialization: event.specialization, status: 'working', subtaskId: event.subtaskId },
        at,
      );
    case 'subtask.acted':
      return withAgent(
        withSubtask(view, event.subtaskId, { lastAction: event.action }),
        event.agentId,
        { lastAction: event.action, status: 'working' },
        at,
      );
    case 'subtask.committed':
      return withSubtask(view, event.subtaskId, { commit: event.commit });
    case 'subtask.submitted':
      return withAgent(view, event.agentId, { status: 'idle' }, at);
    case 'subtask.checked': {
      const { subtaskId, evidence, faults } = event;
      const checked = withSubtask(view, subtaskId, { state: 'reviewing', evidence });
      const isPassed = faults.length === 0 && evidence.every((entry) => entry.outcome === 'passed');
      // Otherwise the agent goes on by itself, or a person is asked.
      return isPassed
        ? withLeadAtWork(withAgentOf(checked, subtaskId, { status: 'idle' }, at), at)
        : withAgentOf(checked, subtaskId, { status: 'working' }, at);
    }
    case 'subtask.reviewed':
      return withSubtask(view, event.subtaskId, {
        reviews: [...(view.subtasks[event.subtaskId]?.reviews ?? []), event.review],
        findings: event.review.findings,
      });
    case 'subtask.revised':
      return withAgentOf(
        withSubtask(view, event.subtaskId, { state: 'revising', round: event.round, findings: event.findings }),
        event.subtaskId,
        { status: 'working' },
        at,
      );
    case 'subtask.approved':
      return withAgentOf(
        withSubtask(view, event.subtaskId, { state: 'approved', commit: event.commit, failed: null }),
        event.subtaskId,
        { status: 'idle', subtaskId: null },
        at,
      );
    case 'subtask.parked':
      return withAgentOf(
        withSubtask(view, event.subtaskId, { state: 'parked', lastAction: event.reason, findings: event.findings }),
        event.subtaskId,
        { status: 'blocked' },
        at,
      );
    case 'subtask.failed':
      return withAgentOf(
        withSubtask(view, event.subtaskId, {
          state: 'failed',
          lastAction: event.error.userMessage,
          failed: event.error,
          endedAt: at,
        }),
        event.subtaskId,
        { status: 'idle', subtaskId: null },
        at,
      );
    case 'subtask.integrated':
      return withSubtask(view, event.subtaskId, {
        state: 'integrated',
        integratedCommit: event.commit,
        files: inReviewOrder(event.files),
        failed: null,
        endedAt: at,
      });
    case 'overlap.found':
      return {
        ...view,
        overlaps: [...view.overlaps, { subtaskIds: event.subtaskIds, kind: event.kind, paths: event.paths }],
      };
    case 'merge.conflicted':
      return withAgentOf(
        withSubtask(view, event.subtaskId, { state: 'merging' }),
        event.subtaskId,
        { status: 'working', subtaskId: event.subtaskId },
        at,
      );
    case 'merge.refused':
      return withAgentOf(view, event.subtaskId, { status: 'working' }, at);
    case 'merge.resolved':
      return withAgentOf(
        withSubtask(view, event.subtaskId, { commit: event.commit }),
        event.subtaskId,
        { status: 'idle', subtaskId: null },
        at,
      );
    case 'integration.checked':
      return { ...view, integrationEvidence: event.evidence };
    case 'diff.proposed':
      return {
        ...view,
        diff: { baseCommit: event.baseCommit, commit: event.commit, files: inReviewOrder(event.files) },
      };
    case 'changes.landed':
      return { ...view, branch: event.branch };
    case 'branch.pushed':
      return view;
    case 'pull_request.opened':
      return { ...view, pullRequest: event.pullRequest };
    case 'pull_request.checked':
      // What held it up before is not known to any more.
      return { ...view, forgeChecks: event.summary, held: event.summary.state === 'pending' ? null : view.held };
    case 'pull_request.reviewed':
      return { ...view, reviewFindings: [...view.reviewFindings, ...event.findings] };
    case 'pull_request.noted':
      return view;
    case 'pull_request.updated':
      return { ...view, forgeChecks: null, held: null };
    case 'pull_request.held':
      return { ...view, held: event.reason };
    case 'pull_request.merged':
      return { ...view, pullRequest: event.pullRequest, mergeCommit: event.commit, held: null };
    case 'workflow.ran':
      return { ...view, workflow: event.run };
    case 'deployment.previewed':
      return { ...view, preview: { changes: event.changes, irreversible: event.irreversible } };
    case 'rollback.finished':
      return { ...view, rollback: { done: event.done, kept: event.kept } };
    case 'run.rolled_back':
      return rolledBack(view, event, at);
    case 'deployment.approved':
      return view;
    case 'deployment.started':
      return view;
    case 'deployment.finished':
      return finishedDeployment(view, event);
    case 'deployment.changing':
      return { ...view, unfinished: changing(view.unfinished, event) };
    case 'live.verified':
      return { ...view, live: event.results, url: event.url };
    case 'wait.began':
      return {
        ...view,
        status: 'waiting',
        waiting: [
          ...view.waiting,
          {
            gate: event.gate,
            waitOn: event.waitOn,
            topic: event.topic,
            message: event.message,
            code: event.code,
            since: at,
          },
        ],
      };
    case 'wait.ended': {
      const waiting = view.waiting.filter((w) => w.waitOn !== event.waitOn || w.topic !== event.topic);
      return { ...view, waiting, status: waiting.length === 0 ? 'running' : 'waiting' };
    }
    case 'pause.requested':
      return { ...view, paused: true };
    case 'pause.ended':
      return { ...view, paused: false };
    case 'budget.raised':
      return { ...view, budgetUsd: event.budgetUsd };
    case 'run.completed':
      return { ...ended(view, 'complete', at), stage: 'done', stoppedAfter: event.stoppedAfter };
    case 'run.failed':
      return { ...ended(view, 'failed', at), error: event.error };
    case 'run.cancelled':
      return ended(view, 'cancelled', at);
    default:
      return assertNever(event);
  }
}

const isBuild = ({ purpose = 'build' }: { purpose?: RunView['purpose'] | undefined }): boolean => purpose === 'build';

function assertNever(event: never): never {
  throw new Error(`unknown event ${JSON.stringify(event)}`);
}
