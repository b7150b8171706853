import type { DomainEvent, EventRecord } from '../../src/protocol/events.ts';
import { aBrief, aPlan, aSubtask } from '../fakes/plan.ts';

/** A long run of many subtasks: what agents' turns leave behind, over and over. */

const RUN_ID = 'stream';
const BEGAN_MS = Date.UTC(2026, 0, 15, 9, 30);

function records(events: readonly DomainEvent[], firstSeq: number): EventRecord[] {
  return events.map((event, index) => {
    const seq = firstSeq + index;
    return { v: 1, runId: RUN_ID, seq, at: new Date(BEGAN_MS + seq * 2).toISOString(), event };
  });
}

/** The run up to the point where all its agents are at work. */
export function beginning(subtasks: number): EventRecord[] {
  const ids = Array.from({ length: subtasks }, (_, index) => `part-${index}`);
  const plan = aPlan(ids.map((id, index) => aSubtask(id, { dependsOn: index < 10 ? [] : [`part-${index - 10}`] })));
  const estimate = {
    tokens: { low: 1, high: 2 },
    costUsd: { low: 1, high: 3 },
    wallMs: { low: 60_000, high: 900_000 },
  };
  return records(
    [
      {
        type: 'run.started',
        brief: aBrief({ name: 'Stream' }),
        workspaceDir: '/workspace',
        budgetUsd: 50,
        slug: 'stream',
      },
      { type: 'stage.entered', stage: 'build' },
      { type: 'plan.proposed', plan, estimate },
      ...ids.map(
        (subtaskId, index): DomainEvent => ({
          type: 'subtask.started',
          subtaskId,
          agentId: `agent-${index}`,
          specialization: 'backend',
          baseCommit: '0'.repeat(40),
        }),
      ),
    ],
    1,
  );
}

/** `count` more events from `firstSeq` on, over all subtasks: calls, acts, commits, checks, reviews and revisions. */
export function turns(subtasks: number, firstSeq: number, count: number): EventRecord[] {
  const events = Array.from({ length: count }, (_, offset): DomainEvent => {
    const index = firstSeq + offset;
    const subtaskId = `part-${index % subtasks}`;
    const agentId = `agent-${index % subtasks}`;
    const round = Math.floor(index / 1_000) + 2;
    switch (Math.floor(index / subtasks) % 5) {
      case 0:
        return modelCalled(subtaskId, agentId, index);
      case 1:
        return {
          type: 'subtask.acted',
          subtaskId,
          agentId,
          action: `wrote src/${subtaskId}/${index}.js`,
          failed: false,
        };
      case 2: {
        const files = [{ path: `src/${index}.js`, status: 'added' as const, addedLines: 9, removedLines: 0 }];
        return { type: 'subtask.committed', subtaskId, commit: '0'.repeat(40), files };
      }
      case 3:
        return { type: 'subtask.acted', subtaskId, agentId, action: `ran node --test test/${index}.js`, failed: true };
      default:
        return { type: 'subtask.revised', subtaskId, round, findings: [] };
    }
  });
  return records(events, firstSeq);
}

function modelCalled(subtaskId: string, agentId: string, index: number): DomainEvent {
  return {
    type: 'model.called',
    role: 'agent',
    purpose: `turn ${index}`,
    subtaskId,
    agentId,
    provider: 'anthropic',
    model: 'claude',
    usage: { inputTokens: 100, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 10 },
    costUsd: 0.001,
    durationMs: 300,
  };
}
