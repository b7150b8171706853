import type { Effort } from '../../protocol/plan.ts';
import type { Json } from '../engine/port.ts';
import type { AgentMessage, CommitId, ToolResult } from '../ports.ts';

/**
 * The conversation with one agent, as the definition rebuilds it from the journal: each step records only what it added.
 */
export interface AgentTalk {
  model: string;
  effort: Effort;
  messages: AgentMessage[];
  /** Model turns so far; never reset, because steps are named after it. */
  turns: number;
  /** The agent has to come to an end before this many turns. */
  turnLimit: number;
  /** Newest work-in-progress commit: the worktree as it was before the newest tool calls. */
  commit: CommitId;
  /** True when tools may have changed files since `commit`. */
  dirty: boolean;
  /** What they did since, in the words of the tools. */
  changes: string[];
  /** Only while `dirty`: git does not take the files, and no tool has changed them since. */
  isRefused: boolean;
  /** How often in a row the agent was told so. */
  refusals: number;
  /** True when something else than tools (checks) may have left files in the worktree since `commit`. */
  littered: boolean;
  /** Fingerprints of the last turns' tool calls, to notice an agent that goes round in circles. */
  recentCalls: string[];
}

export function startTalk(start: {
  model: string;
  effort: Effort;
  commit: CommitId;
  text: string;
  turnLimit: number;
}): AgentTalk {
  return {
    model: start.model,
    effort: start.effort,
    messages: [{ role: 'user', text: start.text }],
    turns: 0,
    turnLimit: start.turnLimit,
    commit: start.commit,
    dirty: false,
    changes: [],
    isRefused: false,
    refusals: 0,
    littered: false,
    recentCalls: [],
  };
}

/** Adds words of the host to the conversation; tool results and the words that follow them are one message. */
export function say(talk: AgentTalk, text: string): void {
  const last = talk.messages.at(-1);
  if (last?.role === 'tools') last.text = last.text === null ? text : `${last.text}\n\n${text}`;
  else if (last?.role === 'user') last.text = `${last.text}\n\n${text}`;
  else talk.messages.push({ role: 'user', text });
}

export function addTurn(talk: AgentTalk, content: unknown[]): void {
  talk.messages.push({ role: 'assistant', content });
  talk.turns += 1;
}

export function addResults(talk: AgentTalk, results: ToolResult[], note: string | null): void {
  talk.messages.push({ role: 'tools', results, text: note });
}

const CIRCLE = 3;

/** Records the calls of a turn; true when the same calls came CIRCLE times in a row. */
export function isGoingRound(talk: AgentTalk, calls: readonly { name: string; input: unknown }[]): boolean {
  talk.recentCalls = [...talk.recentCalls, JSON.stringify(calls.map(({ name, input }) => [name, input as Json]))].slice(
    -CIRCLE,
  );
  return talk.recentCalls.length === CIRCLE && new Set(talk.recentCalls).size === 1;
}
