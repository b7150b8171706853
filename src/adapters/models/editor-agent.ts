import type { AgentMessage, AgentModel, AgentTurnReply, AgentTurnRequest, ToolResult } from '../../core/ports.ts';
import { type EditorMessage, EditorModelRequest, type EditorModels } from '../../protocol/language-models.ts';
import { createEditorCaller, type EditorAnswer, type EditorOptions, PROVIDER } from './editor-call.ts';
import { earlierParts } from './editor-history.ts';
import { paidError } from './reply-errors.ts';

type Part = EditorMessage['parts'][number];

/** The agents' model over a model of the editor. Effort and output limit cannot be given; nothing is said about a cache. */
export function createEditorAgent(models: EditorModels, options: EditorOptions = {}): AgentModel {
  const caller = createEditorCaller(models, options);
  return {
    async turn(request, signal, { onText, cleared } = {}) {
      await cleared;
      const messages = messagesOf(request);
      const tools = EditorModelRequest.shape.tools.parse(request.tools.map(({ ...tool }) => tool));
      return toReply(request, await caller.call({ modelId: request.model, messages, tools }, signal, onText));
    },
  };
}

function messagesOf(request: AgentTurnRequest): EditorMessage[] {
  const messages = request.messages.flatMap((message) => toMessages(message, request.model));
  const rules = [request.prefix, request.suffix].filter((rule) => rule !== '').map((rule) => text(rule));
  if (messages[0]?.role === 'user') messages[0].parts.unshift(...rules);
  else if (rules.length > 0) messages.unshift({ role: 'user', parts: rules });
  return messages;
}

function toMessages(message: AgentMessage, model: string): EditorMessage[] {
  switch (message.role) {
    case 'assistant': {
      // Empty after a cut turn of which nothing may be replayed.
      const parts = earlierParts(message.content, model);
      return parts.length === 0 ? [] : [{ role: 'assistant', parts }];
    }
    case 'user':
      return [{ role: 'user', parts: [text(message.text)] }];
    case 'tools': {
      const results: EditorMessage = { role: 'user', parts: message.results.map(toResult) };
      // Not in one message: some vendors refuse anything beside the results.
      return message.text === null || message.text === ''
        ? [results]
        : [results, { role: 'user', parts: [text(message.text)] }];
    }
  }
}

const text = (value: string): Part => ({ kind: 'text', text: value });

/** The editor has no mark for a failed call, and some vendors refuse an empty result. */
function toResult(result: ToolResult): Part {
  const words = result.text === '' ? '(no output)' : result.text;
  return { kind: 'toolResult', callId: result.callId, text: result.isError ? `Error: ${words}` : words };
}

function toReply(request: AgentTurnRequest, answer: EditorAnswer): AgentTurnReply {
  const { parts, cut, usage, durationMs } = answer;
  const paid = { provider: PROVIDER, model: request.model, usage, costUsd: null, requestId: null };
  const texts = parts.filter((part) => part.kind === 'text');
  const words = texts.map((part) => part.text).join('\n');
  // Calls of a cut answer will have no results, and a call without one may not be sent back.
  if (cut) return { ...paid, durationMs, content: texts, text: words, toolCalls: [], stop: 'truncated' };
  if (parts.length === 0) throw paidError('malformed', 'gave an empty answer', paid);
  const toolCalls = parts.flatMap((part) =>
    part.kind === 'toolCall' ? [{ id: part.callId, name: part.name, input: part.input }] : [],
  );
  return { ...paid, durationMs, content: parts, text: words, toolCalls, stop: toolCalls.length > 0 ? 'tools' : 'end' };
}
