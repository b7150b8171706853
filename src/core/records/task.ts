import type { Plan } from '../../protocol/plan.ts';
import type { TaskRecord } from '../../protocol/records.ts';
import type { RunView, SubtaskView } from '../../protocol/view.ts';
import type { Json } from '../engine/port.ts';
import { bounded, cut, MAX } from './limits.ts';

export interface TaskFacts {
  firstAt: string;
  lastAt: string;
  repository: string;
  userId: string;
}

/**
 * The record of a run. `createdAt` is the time of its first event, `updatedAt` that of its last one. `pending` until the
 * workspace is open; a run that waits is `processing`, and `deploymentInfo.waitsFor` says for what; a cancelled one is
 * `failed`, and `deploymentInfo.outcome` says so.
 */
export function taskOf(view: RunView, { firstAt, lastAt, repository, userId }: TaskFacts): TaskRecord {
  return {
    taskId: cut(view.runId, MAX.name),
    userId: cut(userId, MAX.name),
    projectName: cut(view.brief?.name ?? '', MAX.name),
    requirements: bounded(view.brief, MAX.json),
    status: statusOf(view),
    grokAnalysis: bounded(analysisOf(view), MAX.json),
    claudeAssignments: bounded(Object.values(view.subtasks).map(assignmentOf), MAX.json) as Json[],
    githubRepo: cut(repository, MAX.address),
    deploymentInfo: bounded(deploymentOf(view), MAX.json),
    createdAt: firstAt,
    updatedAt: lastAt,
  };
}

function statusOf({ status, stage }: RunView): TaskRecord['status'] {
  if (status === 'complete') return 'completed';
  if (status === 'failed' || status === 'cancelled') return 'failed';
  return stage === 'brief' ? 'pending' : 'processing';
}

/** The plan without the text of shared files, which the repository has, and the values of variables, which are nobody else's affair. */
function analysisOf({ plan, planFaults, questions, answers, estimate }: RunView): Json {
  if (plan === null && questions.length === 0) return null;
  const { sharedInterfaces = [], ...rest } = plan ?? {};
  return {
    plan:
      plan === null
        ? null
        : {
            ...rest,
            sharedInterfaces: sharedInterfaces.map(withoutContent),
            deployment: withoutValues(plan.deployment),
          },
    questions,
    answers,
    estimate,
    faults: planFaults,
  };
}

function withoutValues({ functions, sites, ...rest }: Plan['deployment']): Json {
  const named = <T extends { variables: { key: string }[] }>(one: T) => ({
    ...one,
    variables: one.variables.map(({ key }) => ({ key })),
  });
  return { ...rest, functions: functions.map(named), sites: sites.map(named) };
}

function withoutContent({ path, purpose }: { path: string; purpose: string }): Json {
  return { path, purpose };
}

function assignmentOf(subtask: SubtaskView): Json {
  const { id, title, specialization, agentId, state, round, dependsOn, costUsd, commit, startedAt, endedAt } = subtask;
  return { id, title, specialization, agentId, state, round, dependsOn, costUsd, commit, startedAt, endedAt };
}

function deploymentOf(view: RunView): Json {
  const { usd, unpricedCalls, calls, inputTokens, outputTokens } = view.cost;
  return {
    outcome: view.status,
    stage: view.stage,
    stoppedAfter: view.stoppedAfter,
    purpose: view.purpose,
    undoes: view.undoes,
    issue: view.issue,
    url: view.url,
    branch: view.branch,
    pullRequest: view.pullRequest,
    held: view.held,
    mergeCommit: view.mergeCommit,
    workflow: view.workflow === null ? null : { workflow: view.workflow.workflow, state: view.workflow.state },
    waitsFor: view.waiting.map(({ gate, message, since }) => ({ gate, message, since })),
    error: view.error === null ? null : { code: view.error.code, message: view.error.userMessage },
    budgetUsd: view.budgetUsd,
    cost: { usd, unpricedCalls, calls, inputTokens, outputTokens },
    deployments: view.deployments.map(({ kind, id, status, url, domains }) => ({ kind, id, status, url, domains })),
    rollback: view.rollback,
    rolledBack: view.rolledBack,
  };
}
