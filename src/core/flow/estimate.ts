import type { Estimate, Plan, Subtask } from '../../protocol/plan.ts';
import { costUsd } from '../model-catalog.ts';
import { openLimit } from './next-subtasks.ts';
import type { RunPolicy } from './policy.ts';

/**
 * What a plan is expected to take, before it is paid for. The figures per effort are assumptions (turns of one agent, fresh
 * tokens a turn); the summary of a run shows them against what it took.
 */
const ASSUMED = {
  low: { turns: [3, 8], outputPerTurn: 700 },
  medium: { turns: [5, 14], outputPerTurn: 1_000 },
  high: { turns: [7, 22], outputPerTurn: 1_300 },
  xhigh: { turns: [10, 30], outputPerTurn: 1_600 },
  max: { turns: [12, 40], outputPerTurn: 2_000 },
} as const;

const FRESH_INPUT_PER_TURN = 1_500;
const MS_PER_TURN = [4_000, 15_000] as const;
const REVIEWS = [1, 3] as const;
const MS_PER_REVIEW = [5_000, 30_000] as const;
const REVIEW_OUTPUT = 800;

interface Load {
  tokens: number;
  usd: number | null;
  /** Of its agent. */
  workMs: number;
  /** Of the lead; other agents work meanwhile. */
  reviewMs: number;
}

function subtaskLoad(subtask: Subtask, prefixTokens: number, policy: RunPolicy, bound: 0 | 1): Load {
  const assumed = ASSUMED[subtask.effort];
  const turns = assumed.turns[bound];
  const output = turns * assumed.outputPerTurn;
  const fresh = turns * FRESH_INPUT_PER_TURN + output;
  // Every turn sends the conversation so far again; almost all of it comes from the cache.
  const cached = turns * prefixTokens + (turns * (turns - 1) * (FRESH_INPUT_PER_TURN + assumed.outputPerTurn)) / 2;
  const agent = costUsd(policy.agent.model, {
    inputTokens: Math.round(fresh + cached),
    cachedInputTokens: Math.round(cached),
    cacheWriteTokens: fresh,
    outputTokens: output,
  });
  const reviews = REVIEWS[bound];
  const reviewInput = reviews * (prefixTokens + output);
  const lead = costUsd(policy.lead.model, {
    inputTokens: reviewInput,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: reviews * REVIEW_OUTPUT,
  });
  return {
    tokens: Math.round(fresh + cached + output + reviewInput + reviews * REVIEW_OUTPUT),
    usd: agent === null || lead === null ? null : agent + lead,
    workMs: turns * MS_PER_TURN[bound],
    reviewMs: reviews * MS_PER_REVIEW[bound],
  };
}

/** Longest of: the critical path; the agents' work divided over the agents; and, with the reviews, over what may be under way. */
function makespanMs(plan: Plan, loads: Map<string, Load>, concurrency: number): number {
  const finish = new Map<string, number>();
  const finishOf = (subtask: Subtask): number => {
    const known = finish.get(subtask.id);
    if (known !== undefined) return known;
    const before = plan.subtasks.filter((s) => subtask.dependsOn.includes(s.id)).map(finishOf);
    const { workMs = 0, reviewMs = 0 } = loads.get(subtask.id) ?? {};
    const at = Math.max(0, ...before) + workMs + reviewMs;
    finish.set(subtask.id, at);
    return at;
  };
  const path = Math.max(...plan.subtasks.map(finishOf));
  const all = [...loads.values()];
  const work = all.reduce((sum, load) => sum + load.workMs, 0);
  const reviews = all.reduce((sum, load) => sum + load.reviewMs, 0);
  return Math.max(path, work / concurrency, (work + reviews) / openLimit(concurrency));
}

/** The plan must be acyclic. */
export function estimatePlan(plan: Plan, policy: RunPolicy): Estimate {
  const prefixTokens = 1_200 + Math.ceil(JSON.stringify(plan).length / 4);
  const bounds = ([0, 1] as const).map((bound) => {
    const loads = new Map(plan.subtasks.map((s) => [s.id, subtaskLoad(s, prefixTokens, policy, bound)]));
    const all = [...loads.values()];
    return {
      tokens: all.reduce((sum, load) => sum + load.tokens, 0),
      usd: all.some((load) => load.usd === null) ? null : all.reduce((sum, load) => sum + (load.usd ?? 0), 0),
      ms: Math.round(makespanMs(plan, loads, policy.concurrency)),
    };
  });
  const [low, high] = bounds;
  if (!low || !high) throw new Error('an estimate has two bounds');
  return {
    tokens: { low: low.tokens, high: high.tokens },
    costUsd: low.usd === null || high.usd === null ? null : { low: low.usd, high: high.usd },
    wallMs: { low: low.ms, high: high.ms },
  };
}
