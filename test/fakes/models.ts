import type {
  AgentModel,
  AgentTurnReply,
  AgentTurnRequest,
  LeadModel,
  LeadReply,
  LeadRequest,
  TurnOptions,
} from '../../src/core/ports.ts';

const USAGE = { inputTokens: 100, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 20 };

type Scripted<Request, Reply> = (request: Request, signal: AbortSignal) => Reply | Promise<Reply>;

/** A lead that answers from a function; what the function leaves out is filled in. Throw to fail. */
export class ScriptedLead implements LeadModel {
  readonly requests: LeadRequest[] = [];
  readonly #reply: Scripted<LeadRequest, Partial<LeadReply> & { text: string }>;

  constructor(reply: Scripted<LeadRequest, Partial<LeadReply> & { text: string }>) {
    this.#reply = reply;
  }

  async ask(request: LeadRequest, signal: AbortSignal): Promise<LeadReply> {
    this.requests.push(request);
    const reply = await this.#reply(request, signal);
    const { model } = request;
    const output = [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: reply.text }] }];
    return { provider: 'fake', model, usage: USAGE, costUsd: 0.01, requestId: null, durationMs: 1, output, ...reply };
  }
}

type TurnScript = Partial<AgentTurnReply> & ({ text: string } | { toolCalls: AgentTurnReply['toolCalls'] });

/** An agent's model that answers from a function. `content`, `stop` and the rest follow from text and tool calls. */
export class ScriptedAgent implements AgentModel {
  readonly requests: AgentTurnRequest[] = [];
  readonly #reply: Scripted<AgentTurnRequest, TurnScript>;

  constructor(reply: Scripted<AgentTurnRequest, TurnScript>) {
    this.#reply = reply;
  }

  async turn(
    request: AgentTurnRequest,
    signal: AbortSignal,
    { onText, cleared }: TurnOptions = {},
  ): Promise<AgentTurnReply> {
    await cleared;
    // A copy: the conversation goes on growing in the same objects.
    this.requests.push(structuredClone(request));
    const reply = await this.#reply(request, signal);
    const text = reply.text ?? '';
    const toolCalls = reply.toolCalls ?? [];
    if (text !== '') onText?.(text);
    const content = [
      ...(text === '' ? [] : [{ type: 'text', text }]),
      ...toolCalls.map((call) => ({ type: 'tool_use', ...call })),
    ];
    const stop = toolCalls.length > 0 ? 'tools' : 'end';
    const { model } = request;
    const base = { provider: 'fake', model, usage: USAGE, costUsd: 0.01, requestId: null, durationMs: 1 };
    return { ...base, content, stop, ...reply, text, toolCalls };
  }
}
