import type Anthropic from '@anthropic-ai/sdk';
import * as z from 'zod';
import { costUsd, effortFor, estimateTokens } from '../../core/model-catalog.ts';
import type {
  AgentMessage,
  AgentModel,
  AgentTurnReply,
  AgentTurnRequest,
  ToolCall,
  TurnOptions,
} from '../../core/ports.ts';
import type { ModelUsage } from '../../protocol/work.ts';
import { createCallGuard, type GuardLimits } from './call-guard.ts';
import { classifyModelError } from './classify-error.ts';
import { createPriming } from './priming.ts';
import { paidError } from './reply-errors.ts';

export interface AnthropicOptions {
  apiKey: string;
  /** Without the version: `https://api.anthropic.com`. */
  baseUrl: string;
  fetch?: typeof fetch;
  limits?: GuardLimits;
  /** Longest wait for another agent's first request with the same prefix; default 30,000. */
  primingWaitMs?: number;
}

const loadSdk = () => import('@anthropic-ai/sdk');

const PROVIDER = 'anthropic';
/** From here on every model caches a prefix (the least is 512 to 4,096 tokens by model); one less would save about a cent. */
const PRIMED_FROM_TOKENS = 4_096;

type MessageParam = Anthropic.Messages.MessageParam;
type ContentBlockParam = Anthropic.Messages.ContentBlockParam;
type StreamParams = Anthropic.Messages.MessageStreamParams;

const count = z
  .int()
  .min(0)
  .nullish()
  .transform((value) => value ?? 0);
const Reply = z.object({
  model: z.string(),
  stop_reason: z.string().nullable(),
  stop_details: z.object({ category: z.string().nullish() }).nullish().catch(null),
  content: z.array(z.looseObject({ type: z.string() })),
  usage: z.object({
    input_tokens: count,
    output_tokens: count,
    cache_creation_input_tokens: count,
    cache_read_input_tokens: count,
    cache_creation: z.object({ ephemeral_1h_input_tokens: count }).nullish().catch(null),
  }),
});
type Reply = z.infer<typeof Reply>;

const TextBlock = z.object({ type: z.literal('text'), text: z.string() });
const ToolUseBlock = z.object({
  type: z.literal('tool_use'),
  id: z.string(),
  name: z.string(),
  input: z.unknown().optional(),
});

/**
 * The agents' model over Anthropic's Messages API, streamed. Thinking, sampling and tool choice are left to the model: the
 * current generation refuses them.
 */
export function createAnthropicAgent(options: AnthropicOptions): AgentModel {
  const { primingWaitMs } = options;
  const now = (): number => performance.now();
  const priming = createPriming(primingWaitMs === undefined ? { now } : { now, waitMs: primingWaitMs });

  return {
    prepare: loadSdk,
    async turn(request, signal, turnOptions = {}) {
      const shared = JSON.stringify([request.model, request.tools, request.prefix]);
      if (estimateTokens(shared) < PRIMED_FROM_TOKENS)
        return await turnOnce(options, request, signal, () => {}, turnOptions);
      const primed = await priming.enter(shared, signal);
      try {
        return await turnOnce(options, request, signal, primed.began, turnOptions);
      } finally {
        primed.ended();
      }
    },
  };
}

async function turnOnce(
  options: AnthropicOptions,
  request: AgentTurnRequest,
  outer: AbortSignal,
  onBegan: () => void,
  { onText, cleared }: TurnOptions,
): Promise<AgentTurnReply> {
  const guard = createCallGuard(outer, options.fetch ?? fetch, {
    ...options.limits,
    ...(cleared === undefined ? {} : { cleared }),
  });
  const startedAt = performance.now();
  try {
    const { default: Client } = await loadSdk();
    const client = new Client({
      apiKey: options.apiKey,
      baseURL: options.baseUrl,
      maxRetries: 0,
      logLevel: 'off',
      fetch: guard.fetch,
    });
    const stream = client.messages.stream(streamParams(request), { signal: guard.signal });
    stream.once('streamEvent', onBegan);
    if (onText !== undefined) stream.on('text', (delta) => onText(delta));
    // Rejects too when the stream ends before `message_stop`: a cut message never gets this far.
    const message = await stream.finalMessage();
    // The SDK's blocks carry lazily parsed fields; the journal needs plain JSON.
    const reply = Reply.parse(JSON.parse(JSON.stringify(message)));
    return toReply(request, reply, stream.request_id ?? null, performance.now() - startedAt);
  } catch (thrown) {
    const { apiKey } = options;
    const { model } = request;
    throw classifyModelError(thrown, {
      provider: 'Anthropic',
      model,
      apiKey,
      outer,
      state: guard.state,
      nowMs: Date.now(),
    });
  } finally {
    guard.close();
  }
}

function streamParams(request: AgentTurnRequest): StreamParams {
  const effort = effortFor(request.model, request.effort);
  const system: Anthropic.Messages.TextBlockParam[] = [];
  if (request.prefix !== '') {
    // Ends the part that all agents of a run share: tools come before it in the provider's order.
    system.push({ type: 'text', text: request.prefix, cache_control: { type: 'ephemeral', ttl: '1h' } });
  }
  if (request.suffix !== '') system.push({ type: 'text', text: request.suffix });
  const tools = request.tools.map((tool) => ({
    name: tool.name,
    description: tool.description,
    input_schema: { ...tool.inputSchema, type: 'object' as const },
  }));
  return {
    model: request.model,
    max_tokens: request.maxOutputTokens,
    messages: request.messages.flatMap(toMessageParam),
    // Moves along with the conversation by itself.
    cache_control: { type: 'ephemeral', ttl: '5m' },
    ...(system.length > 0 ? { system } : {}),
    ...(tools.length > 0 ? { tools } : {}),
    ...(effort === null ? {} : { output_config: { effort } }),
  };
}

function toMessageParam(message: AgentMessage): MessageParam[] {
  switch (message.role) {
    case 'assistant':
      // Empty after a cut turn of which nothing may be replayed; the API refuses an empty message.
      return message.content.length === 0
        ? []
        : [{ role: 'assistant', content: message.content as ContentBlockParam[] }];
    case 'user':
      return [{ role: 'user', content: message.text }];
    case 'tools': {
      const content: ContentBlockParam[] = message.results.map((result) => ({
        type: 'tool_result',
        tool_use_id: result.callId,
        content: result.text,
        is_error: result.isError,
      }));
      if (message.text !== null && message.text !== '') content.push({ type: 'text', text: message.text });
      return [{ role: 'user', content }];
    }
  }
}

function toReply(
  request: AgentTurnRequest,
  reply: Reply,
  requestId: string | null,
  durationMs: number,
): AgentTurnReply {
  const { usage: raw, model } = reply;
  const usage: ModelUsage = {
    inputTokens: raw.input_tokens + raw.cache_creation_input_tokens + raw.cache_read_input_tokens,
    cachedInputTokens: raw.cache_read_input_tokens,
    cacheWriteTokens: raw.cache_creation_input_tokens,
    outputTokens: raw.output_tokens,
  };
  const hour = raw.cache_creation ? { cacheWrite1hTokens: raw.cache_creation.ephemeral_1h_input_tokens } : {};
  const cost = costUsd(model, usage, hour) ?? costUsd(request.model, usage, hour);
  const paid = { provider: PROVIDER, model, usage, costUsd: cost, requestId };
  if (reply.stop_reason === 'refusal') {
    throw paidError('refusal', `refused: ${reply.stop_details?.category ?? 'no category'}`, paid);
  }
  if (reply.stop_reason === 'model_context_window_exceeded') {
    throw paidError('too_large', 'context window exceeded', paid);
  }
  const text = reply.content.map((block) => TextBlock.safeParse(block).data?.text ?? '').join('');
  if (reply.stop_reason === 'max_tokens') {
    return { ...paid, durationMs, content: replayable(reply.content), text, toolCalls: [], stop: 'truncated' };
  }
  const toolCalls = reply.content.flatMap((block): ToolCall[] => {
    const call = ToolUseBlock.safeParse(block).data;
    return call === undefined ? [] : [{ id: call.id, name: call.name, input: call.input }];
  });
  const stop = reply.stop_reason === 'pause_turn' ? 'paused' : toolCalls.length > 0 ? 'tools' : 'end';
  return { ...paid, durationMs, content: reply.content, text, toolCalls, stop };
}

/**
 * What of a cut message may be sent back: its calls will have no results, and the API refuses a call without one, just as a
 * message of thinking alone.
 */
function replayable(content: Reply['content']): Reply['content'] {
  const kept = content.filter((block) => block.type !== 'tool_use');
  return kept.some((block) => block.type === 'text') ? kept : [];
}
