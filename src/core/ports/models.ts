import type { Effort } from '../../protocol/plan.ts';
import type { ModelUsage } from '../../protocol/work.ts';

export interface LeadExchange {
  input: string;
  /** The provider's own output items, returned unchanged so that its prompt cache holds. JSON. */
  output: unknown[];
}

export interface LeadRequest {
  /** Routes the conversation to one server for prompt caching; the same for all calls of a run. */
  conversation: string;
  /** For logs, events and recordings: `clarify`, `plan`, `plan-repair`, `review`, `reconcile`. */
  purpose: string;
  model: string;
  effort: Effort;
  /** Role and rules; identical for all calls of one role, so that it is cached. */
  instructions: string;
  history: LeadExchange[];
  input: string;
  /** JSON schema (draft 2020-12) of the answer; strict. */
  schemaName: string;
  schema: Record<string, unknown>;
  maxOutputTokens: number;
}

export interface ModelReply {
  provider: string;
  model: string;
  usage: ModelUsage;
  /** US dollars as charged or computed from the price table; null when the price is unknown. */
  costUsd: number | null;
  requestId: string | null;
  durationMs: number;
}

export interface LeadReply extends ModelReply {
  /** Raw text of the answer; the caller parses and validates it. */
  text: string;
  output: unknown[];
}

/** One model call. The adapter classifies failures (AppError codes of models) and does not retry. */
export interface LeadModel {
  ask(request: LeadRequest, signal: AbortSignal): Promise<LeadReply>;
  /** Loads what the first question needs. A failure shows there as well. Absent: nothing has to be loaded. */
  prepare?(): Promise<unknown>;
}

export interface ToolSpec {
  name: string;
  description: string;
  /** JSON schema of the arguments. */
  inputSchema: Record<string, unknown>;
}

export interface ToolCall {
  id: string;
  name: string;
  input: unknown;
}

export interface ToolResult {
  callId: string;
  text: string;
  isError: boolean;
}

/** `content` of an assistant message is the provider's own blocks, returned unchanged (thinking signatures). JSON. */
export type AgentMessage =
  | { role: 'assistant'; content: unknown[] }
  | { role: 'user'; text: string }
  | { role: 'tools'; results: ToolResult[]; text: string | null };

export interface AgentTurnRequest {
  model: string;
  effort: Effort;
  /** Stable for all agents of a run (role, rules, plan, shared interfaces): cached for an hour. */
  prefix: string;
  /** Specialization and the like: after the shared prefix. */
  suffix: string;
  tools: readonly ToolSpec[];
  messages: AgentMessage[];
  maxOutputTokens: number;
}

export interface AgentTurnReply extends ModelReply {
  content: unknown[];
  text: string;
  toolCalls: ToolCall[];
  stop: 'end' | 'tools' | 'truncated' | 'paused';
}

export interface TurnOptions {
  /** Receives text as it arrives. */
  onText?: ((delta: string) => void) | undefined;
  /** Nothing is sent before it resolves, and nothing when it rejects: the turn then fails with its error. Default: at once. */
  cleared?: Promise<void>;
}

/** One streamed agent turn. Classifies failures and does not retry. */
export interface AgentModel {
  turn(request: AgentTurnRequest, signal: AbortSignal, options?: TurnOptions): Promise<AgentTurnReply>;
  /** As that of the lead. */
  prepare?(): Promise<unknown>;
}
