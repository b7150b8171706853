import type { ChatCompletionChunk, ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import { effortFor, estimateTokens } from '../../core/model-catalog.ts';
import type { LeadModel, LeadReply, LeadRequest } from '../../core/ports.ts';
import { paidError } from './reply-errors.ts';
import { loadSdk, PROVIDER, readUsage, withClient, type XaiOptions } from './xai-client.ts';

interface Collected {
  text: string;
  refused: boolean;
  finish: string | null;
  usage: unknown;
  model: string | null;
}

/** The lead over Chat Completions: xAI's legacy endpoint, and the one that other compatible servers have. */
export function createXaiChatLead(options: XaiOptions): LeadModel {
  return {
    prepare: loadSdk,
    ask: (request, signal) =>
      withClient(options, request.model, signal, async (client, guard) => {
        const startedAt = performance.now();
        const effort = effortFor(request.model, request.effort);
        const pending = client.chat.completions.create(
          {
            model: request.model,
            messages: messagesOf(request),
            max_completion_tokens: request.maxOutputTokens,
            stream: true,
            stream_options: { include_usage: true },
            response_format: {
              type: 'json_schema',
              json_schema: { name: request.schemaName, schema: request.schema, strict: true },
            },
            ...(effort === null ? {} : { reasoning_effort: effort }),
          },
          { signal: guard.signal, headers: { 'x-grok-conv-id': request.conversation } },
        );
        const { data: stream, request_id: requestId } = await pending.withResponse();
        const collected = await collect(stream);
        return toReply(request, collected, requestId, performance.now() - startedAt);
      }),
  };
}

function messagesOf(request: LeadRequest): ChatCompletionMessageParam[] {
  const messages: ChatCompletionMessageParam[] = [{ role: 'system', content: request.instructions }];
  for (const exchange of request.history) {
    // The assistant messages that toReply made of earlier answers.
    messages.push({ role: 'user', content: exchange.input }, ...(exchange.output as ChatCompletionMessageParam[]));
  }
  messages.push({ role: 'user', content: request.input });
  return messages;
}

async function collect(stream: AsyncIterable<ChatCompletionChunk>): Promise<Collected> {
  const collected: Collected = { text: '', refused: false, finish: null, usage: null, model: null };
  for await (const chunk of stream) {
    collected.model = chunk.model || collected.model;
    // The usage comes last, in a chunk without choices; some servers repeat it in every chunk.
    collected.usage = chunk.usage ?? collected.usage;
    const choice = chunk.choices[0];
    if (choice === undefined) continue;
    collected.text += choice.delta?.content ?? '';
    collected.refused ||= typeof choice.delta?.refusal === 'string' && choice.delta.refusal !== '';
    collected.finish = choice.finish_reason ?? collected.finish;
  }
  if (collected.finish === null) throw new Error('the stream ended before the answer was complete');
  return collected;
}

function toReply(request: LeadRequest, collected: Collected, requestId: string | null, durationMs: number): LeadReply {
  const { text } = collected;
  const { usage, costUsd } = readUsage(collected.usage, request.model, () => ({
    inputTokens: estimateTokens(JSON.stringify(messagesOf(request))),
    outputTokens: estimateTokens(text),
  }));
  const paid = { provider: PROVIDER, model: collected.model ?? request.model, usage, costUsd, requestId };
  if (collected.refused || collected.finish === 'content_filter') throw paidError('refusal', 'refused', paid);
  if (collected.finish === 'length') throw paidError('truncated', 'finish_reason length', paid);
  if (text === '') throw paidError('malformed', 'the answer holds no text', paid);
  return { ...paid, text, output: [{ role: 'assistant', content: text }], durationMs };
}
