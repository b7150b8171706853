import type { DomainEvent, EventRecord } from '../../protocol/events.ts';
import type { ActivityRecord } from '../../protocol/records.ts';
import type { RunView } from '../../protocol/view.ts';
import type { Evidence, Finding } from '../../protocol/work.ts';
import type { Json } from '../engine/port.ts';
import { bounded, cut, MAX, rowId } from './limits.ts';

/**
 * What the lead and the agents did, an entry an event. `action` is the type of the event; the lead is `grok` and every agent
 * `claude`, whichever models play them (`input.provider`, `input.model`).
 *
 * | event | who | input | output | failure when |
 * | --- | --- | --- | --- | --- |
 * | model.called | role of the call | purpose, provider, model, subtask | tokens, costUsd | never: a call that fails is retried |
 * | model.retried | whose call it was | provider, model, subtask, attempt | kind, waitMs | always |
 * | questions.asked | lead | | questions | never |
 * | plan.proposed, plan.faulted | lead | | summary and subtasks; faults | faulted |
 * | subtask.started, acted | agent | subtask | action | the action failed |
 * | subtask.checked | agent | subtask, round | outcomes, faults | a check did not pass |
 * | subtask.reviewed | lead | subtask, round | verdict, summary, findings | never |
 * | subtask.approved | lead | subtask | commit, rounds | never |
 * | subtask.parked, failed | agent | subtask | reason | always |
 * | merge.resolved, merge.refused | agent | subtask | paths | refused |
 */
export function activityOf(view: RunView, { runId, seq, at, event }: EventRecord): ActivityRecord | null {
  const deed = deedOf(view, event);
  if (deed === null) return null;
  return {
    activityId: rowId(`${runId}.${seq}`),
    taskId: cut(runId, MAX.name),
    agentId: cut(deed.agentId ?? LEAD, MAX.name),
    agentType: deed.agentId === null ? 'grok' : 'claude',
    action: event.type,
    input: bounded(deed.input, MAX.activityJson),
    output: bounded(deed.output, MAX.activityJson),
    duration: Math.max(0, Math.round(deed.durationMs ?? 0)),
    status: deed.failed ? 'failure' : 'success',
    timestamp: at,
  };
}

const LEAD = 'lead';
const UNKNOWN_AGENT = 'agent';

interface Deed {
  /** Null for the lead. */
  agentId: string | null;
  input: Json;
  output: Json;
  durationMs?: number;
  failed?: boolean;
}

function deedOf(view: RunView, event: DomainEvent): Deed | null {
  const agentOf = (subtaskId: string) => view.subtasks[subtaskId]?.agentId ?? UNKNOWN_AGENT;
  switch (event.type) {
    case 'model.called':
      return {
        agentId: event.role === 'lead' ? null : (event.agentId ?? UNKNOWN_AGENT),
        input: {
          purpose: event.purpose,
          provider: event.provider,
          model: event.model,
          subtaskId: event.subtaskId,
          inputTokens: event.usage.inputTokens,
          cachedInputTokens: event.usage.cachedInputTokens,
        },
        output: { outputTokens: event.usage.outputTokens, costUsd: event.costUsd },
        durationMs: event.durationMs,
      };
    case 'model.retried':
      return {
        // Events of before it was kept do not say whose call it was; of a subtask, most are its agent's.
        agentId:
          event.agentId ?? (event.subtaskId === null || event.agentId === null ? null : agentOf(event.subtaskId)),
        input: { provider: event.provider, model: event.model, subtaskId: event.subtaskId, attempt: event.attempt },
        output: { kind: event.kind, waitMs: event.waitMs },
        failed: true,
      };
    case 'questions.asked':
      return { agentId: null, input: {}, output: { questions: event.questions } };
    case 'plan.proposed':
      return {
        agentId: null,
        input: {},
        output: {
          summary: event.plan.summary,
          complexity: event.plan.complexity,
          subtasks: event.plan.subtasks.map(({ id, title }) => ({ id, title })),
        },
      };
    case 'plan.faulted':
      return { agentId: null, input: { round: event.round }, output: { faults: event.faults }, failed: true };
    default:
      return subtaskDeed(agentOf, event);
  }
}

function subtaskDeed(agentOf: (subtaskId: string) => string, event: DomainEvent): Deed | null {
  switch (event.type) {
    case 'subtask.started':
      return {
        agentId: event.agentId,
        input: { subtaskId: event.subtaskId, specialization: event.specialization },
        output: {},
      };
    case 'subtask.acted':
      return {
        agentId: event.agentId,
        input: { subtaskId: event.subtaskId },
        output: { action: event.action },
        failed: event.failed,
      };
    case 'subtask.checked':
      return {
        agentId: agentOf(event.subtaskId),
        input: { subtaskId: event.subtaskId, round: event.round },
        output: { checks: event.evidence.map(checkText), faults: event.faults },
        durationMs: event.evidence.reduce((total, entry) => total + entry.durationMs, 0),
        failed: event.faults.length > 0 || event.evidence.some((entry) => entry.outcome !== 'passed'),
      };
    case 'subtask.reviewed':
      return {
        agentId: null,
        input: { subtaskId: event.subtaskId, round: event.round },
        output: {
          verdict: event.review.verdict,
          summary: event.review.summary,
          findings: event.review.findings.map(findingText),
        },
      };
    case 'subtask.approved':
      return {
        agentId: null,
        input: { subtaskId: event.subtaskId },
        output: { commit: event.commit, rounds: event.rounds },
      };
    case 'subtask.parked':
      return {
        agentId: agentOf(event.subtaskId),
        input: { subtaskId: event.subtaskId },
        output: { reason: event.reason, findings: event.findings.map(findingText) },
        failed: true,
      };
    case 'subtask.failed':
      return {
        agentId: agentOf(event.subtaskId),
        input: { subtaskId: event.subtaskId },
        output: { code: event.error.code, reason: event.error.userMessage },
        failed: true,
      };
    case 'merge.resolved':
      return {
        agentId: agentOf(event.subtaskId),
        input: { subtaskId: event.subtaskId },
        output: { commit: event.commit, paths: event.paths },
      };
    case 'merge.refused':
      return {
        agentId: agentOf(event.subtaskId),
        input: { subtaskId: event.subtaskId },
        output: { missing: event.missing },
        failed: true,
      };
    default:
      return null;
  }
}

function checkText({ name, command, outcome, exitCode }: Evidence): Json {
  return { name, command, outcome, exitCode };
}

function findingText({ file, line, severity, message }: Finding): Json {
  return { file, line, severity, message };
}
