import type { LeadModel, LeadReply, LeadRequest } from '../../core/ports.ts';
import type { EditorMessage, EditorModels } from '../../protocol/language-models.ts';
import { createEditorCaller, type EditorAnswer, type EditorOptions, PROVIDER } from './editor-call.ts';
import { earlierParts } from './editor-history.ts';
import { paidError } from './reply-errors.ts';

/**
 * The lead over a model of the editor. It knows no rules of its own role and no structured output: the rules go into the
 * first user message, the schema into the last. Effort and output limit cannot be given.
 */
export function createEditorLead(models: EditorModels, options: EditorOptions = {}): LeadModel {
  const caller = createEditorCaller(models, options);
  return {
    async ask(request, signal) {
      const messages = messagesOf(request);
      return toReply(request, await caller.call({ modelId: request.model, messages, tools: [] }, signal));
    },
  };
}

const text = (value: string): { kind: 'text'; text: string } => ({ kind: 'text', text: value });

function messagesOf(request: LeadRequest): EditorMessage[] {
  const messages: EditorMessage[] = [];
  for (const exchange of request.history) {
    messages.push({ role: 'user', parts: [text(exchange.input)] });
    const parts = earlierParts(exchange.output, request.model);
    if (parts.length > 0) messages.push({ role: 'assistant', parts });
  }
  messages.push({ role: 'user', parts: [text(request.input), text(schemaRule(request))] });
  messages[0]?.parts.unshift(text(request.instructions));
  return messages;
}

function schemaRule(request: LeadRequest): string {
  return `Answer with one JSON value and nothing else: no words before or after it, no code fence. It has to fit this JSON schema ("${request.schemaName}"):\n${JSON.stringify(request.schema)}`;
}

function toReply(request: LeadRequest, { parts, cut, usage, durationMs }: EditorAnswer): LeadReply {
  // A call of a tool that was not offered is no part of an answer, and would want a result.
  const output = parts.filter((part) => part.kind === 'text');
  const answer = withoutFence(output.map((part) => part.text).join(''));
  const paid = { provider: PROVIDER, model: request.model, usage, costUsd: null, requestId: null };
  if (cut) throw paidError('truncated', 'the answer was cut at its length limit', paid);
  if (answer === '') throw paidError('malformed', 'gave an empty answer', paid);
  return { ...paid, text: answer, output, durationMs };
}

/** What is between the first and the last fence, whatever is said around them. No line of JSON begins with a fence. */
function withoutFence(answer: string): string {
  const fenced = /^[ \t]*```[^\n]*\n([\s\S]*)\n[ \t]*```[ \t\r]*$/m.exec(answer);
  return (fenced?.[1] ?? answer).trim();
}
