import { estimateTokens, tokensOfBytes, worstCaseUsd } from './model-catalog.ts';
import type { AgentMessage, AgentTurnRequest, LeadRequest } from './ports.ts';

/** What a call may cost at most, in US dollars; null when the model has no known price. */

export function leadWorstUsd(request: LeadRequest): number | null {
  const history = request.history.map((exchange) => exchange.input + JSON.stringify(exchange.output)).join('');
  const prompt = request.instructions + history + request.input + JSON.stringify(request.schema);
  return worstCaseUsd(request.model, estimateTokens(prompt), request.maxOutputTokens, { cacheTtl: 'none' });
}

export function agentWorstUsd(request: AgentTurnRequest): number | null {
  const { model, prefix, suffix, tools, messages, maxOutputTokens } = request;
  const sharedTokens = tokensOfBytes(jsonBytes(tools) + Buffer.byteLength(prefix));
  const ownTokens = tokensOfBytes(Buffer.byteLength(suffix) + conversationBytes(messages));
  const promptTokens = sharedTokens + ownTokens;
  const shared = worstCaseUsd(model, sharedTokens, 0, { cacheTtl: '1h', promptTokens });
  const own = worstCaseUsd(model, ownTokens, maxOutputTokens, { cacheTtl: '5m', promptTokens });
  return shared === null || own === null ? null : shared + own;
}

const known = new WeakMap<object, number>();

/** Bytes of what never changes, as JSON; counted once. */
function jsonBytes(value: object): number {
  const bytes = known.get(value) ?? Buffer.byteLength(JSON.stringify(value));
  known.set(value, bytes);
  return bytes;
}

/** Bytes of the conversation as JSON. Only its last message may still be added to. */
function conversationBytes(messages: readonly AgentMessage[]): number {
  const brackets = 2;
  const commas = Math.max(0, messages.length - 1);
  const before = messages.slice(0, -1).reduce((sum, message) => sum + jsonBytes(message), 0);
  const last = messages.slice(-1).reduce((sum, message) => sum + Buffer.byteLength(JSON.stringify(message)), 0);
  return brackets + commas + before + last;
}
