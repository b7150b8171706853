import type { ResponseInputItem, ResponseStreamEvent } from 'openai/resources/responses/responses';
import * as z from 'zod';
import { effortFor, estimateTokens } from '../../core/model-catalog.ts';
import type { LeadModel, LeadReply, LeadRequest } from '../../core/ports.ts';
import { paidError, streamFailure } from './reply-errors.ts';
import { loadSdk, PROVIDER, readUsage, withClient, type XaiOptions } from './xai-client.ts';

/** The parts of a finished response that are relied on; items are kept whole for the next turn. */
const FinalResponse = z.object({
  model: z.string().nullish(),
  output: z.array(z.looseObject({ type: z.string() })).catch([]),
  usage: z.unknown().optional(),
  incomplete_details: z.object({ reason: z.string().nullish() }).nullish(),
  error: z.unknown().optional(),
});
type FinalResponse = z.infer<typeof FinalResponse>;

const MessageItem = z.object({
  type: z.literal('message'),
  content: z.array(
    z.union([
      z.object({ type: z.literal('output_text'), text: z.string() }),
      z.object({ type: z.literal('refusal'), refusal: z.string() }),
      z.object({ type: z.string() }),
    ]),
  ),
});

interface Collected {
  end: 'completed' | 'incomplete';
  response: FinalResponse;
}

/**
 * The lead over xAI's Responses API. Nothing is stored at the provider: the reasoning comes back encrypted and is replayed
 * with the history, which keeps the provider's prompt cache.
 */
export function createXaiLead(options: XaiOptions): LeadModel {
  return {
    prepare: loadSdk,
    ask: (request, signal) =>
      withClient(options, request.model, signal, async (client, guard) => {
        const startedAt = performance.now();
        const effort = effortFor(request.model, request.effort);
        const pending = client.responses.create(
          {
            model: request.model,
            input: inputItems(request),
            max_output_tokens: request.maxOutputTokens,
            prompt_cache_key: request.conversation,
            store: false,
            stream: true,
            include: ['reasoning.encrypted_content'],
            text: {
              format: { type: 'json_schema', name: request.schemaName, schema: request.schema, strict: true },
            },
            ...(effort === null ? {} : { reasoning: { effort } }),
          },
          { signal: guard.signal },
        );
        const { data: stream, request_id: requestId } = await pending.withResponse();
        const collected = await collect(stream);
        return toReply(request, collected, requestId, performance.now() - startedAt);
      }),
  };
}

function inputItems(request: LeadRequest): ResponseInputItem[] {
  const items: ResponseInputItem[] = [{ role: 'system', content: request.instructions }];
  for (const exchange of request.history) {
    // The provider's own items of an earlier answer, passed back as they came.
    items.push({ role: 'user', content: exchange.input }, ...(exchange.output as ResponseInputItem[]));
  }
  items.push({ role: 'user', content: request.input });
  return items;
}

async function collect(stream: AsyncIterable<ResponseStreamEvent>): Promise<Collected> {
  const items: unknown[] = [];
  for await (const event of stream) {
    switch (event.type) {
      case 'response.output_item.done':
        items.push(event.item);
        break;
      case 'response.completed':
      case 'response.incomplete': {
        const response = FinalResponse.parse(event.response);
        // Some servers leave the items out of the last event.
        if (response.output.length === 0) response.output = FinalResponse.shape.output.parse(items);
        return { end: event.type === 'response.completed' ? 'completed' : 'incomplete', response };
      }
      case 'response.failed':
        throw streamFailure(FinalResponse.parse(event.response).error);
      case 'error':
        throw streamFailure({ code: event.code, message: event.message });
      default:
        break;
    }
  }
  throw new Error('the stream ended before the response was complete');
}

function toReply(
  request: LeadRequest,
  { end, response }: Collected,
  requestId: string | null,
  durationMs: number,
): LeadReply {
  const parts = response.output.flatMap((item) => MessageItem.safeParse(item).data?.content ?? []);
  const text = parts.map((part) => ('text' in part ? part.text : '')).join('');
  const { usage, costUsd } = readUsage(response.usage, request.model, () => ({
    inputTokens: estimateTokens(JSON.stringify(inputItems(request))),
    outputTokens: estimateTokens(JSON.stringify(response.output)),
  }));
  const model = response.model ?? request.model;
  const paid = { provider: PROVIDER, model, usage, costUsd, requestId };
  const refused = parts.find((part) => 'refusal' in part);
  if (refused !== undefined) throw paidError('refusal', 'refused', paid);
  if (end === 'incomplete') {
    const reason = response.incomplete_details?.reason ?? 'unknown';
    throw paidError(reason === 'content_filter' ? 'refusal' : 'truncated', `incomplete: ${reason}`, paid);
  }
  if (text === '') throw paidError('malformed', 'the answer holds no text', paid);
  return { ...paid, text, output: response.output, durationMs };
}
