import { estimatePlan } from '../core/flow/estimate.ts';
import type { RunPolicy } from '../core/flow/policy.ts';
import type { Brief } from '../protocol/brief.ts';
import type { Estimate, Plan, Subtask } from '../protocol/plan.ts';

/** Subtasks that a plan for these requirements may have: fewer of medium, or more of high effort. */
const FEWEST = 2;
const MOST = 12;

/**
 * A rough forecast from the brief alone, before a plan exists: low is half as many subtasks as requirements at medium effort,
 * high one and a half times as many at high effort. An assumption; the plan brings a better one.
 */
export function estimateBrief(brief: Brief, policy: RunPolicy): Estimate {
  const wanted = brief.requirements.length;
  const low = estimatePlan(assumedPlan(brief, clamp(Math.ceil(wanted / 2)), 'medium'), policy);
  const high = estimatePlan(assumedPlan(brief, clamp(Math.ceil(wanted * 1.5)), 'high'), policy);
  return {
    tokens: { low: low.tokens.low, high: high.tokens.high },
    costUsd: low.costUsd === null || high.costUsd === null ? null : { low: low.costUsd.low, high: high.costUsd.high },
    wallMs: { low: low.wallMs.low, high: high.wallMs.high },
  };
}

const clamp = (count: number) => Math.max(FEWEST, Math.min(MOST, count));

function assumedPlan(brief: Brief, count: number, effort: Subtask['effort']): Plan {
  const subtasks = Array.from(
    { length: count },
    (_, index): Subtask => ({
      id: `assumed-${index + 1}`,
      title: brief.name,
      description: brief.description,
      specialization: 'backend',
      priority: 1,
      effort,
      dependsOn: [],
      ownedPaths: ['.'],
      removesTests: [],
      acceptanceCriteria: [{ text: brief.name, requirements: [] }],
      checks: [{ name: 'test', command: 'npm test' }],
    }),
  );
  return {
    summary: brief.description,
    architecture: brief.constraints.join('\n') || brief.type,
    complexity: count > 4 ? 'complex' : 'simple',
    packages: [],
    sharedInterfaces: [],
    subtasks,
    integrationChecks: [],
    deployment: { databaseId: null, tables: [], functions: [], sites: [], liveChecks: [] },
  };
}
