import { availableParallelism } from 'node:os';
import type { RunPolicy } from '../core/flow/policy.ts';
import type { Settings } from './config.ts';

/** Agents mostly wait for models, but each may run a command: two for each core. */
const AGENTS_PER_CORE = 2;
const MAX_TURNS = 60;
const FORGE_CHECKS_DEADLINE_MS = 30 * 60_000;

/** The part of the settings that a run keeps for all its life. No keys, no addresses. */
export function runPolicy(settings: Settings): RunPolicy {
  const { lead, agent, escalation } = settings.models;
  return {
    lead: { model: lead.model, effort: lead.effort },
    agent: { model: agent.model, effort: agent.effort },
    escalation: { model: escalation.model, effort: escalation.effort },
    concurrency: Math.max(1, Math.min(settings.concurrency, availableParallelism() * AGENTS_PER_CORE)),
    reviewRounds: settings.reviewRounds,
    maxTurns: MAX_TURNS,
    checks: { ...settings.checks, network: settings.sandbox.network },
    liveDeadlineMs: settings.live.deadlineMs,
    forgeChecksDeadlineMs: FORGE_CHECKS_DEADLINE_MS,
  };
}
