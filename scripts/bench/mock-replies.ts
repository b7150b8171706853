import type { MockScript } from './mock-protocol.ts';

/** Answers as the vendors stream them: one server-sent event for each thing that the SDKs look at. */

interface AgentBody {
  model: string;
  messages: { role: string; content: unknown }[];
}

interface LeadBody {
  model: string;
  text: { format: { name: string } };
}

export interface Reply {
  kind: 'lead' | 'agent';
  name: string;
  turn: number;
  stream: string;
}

const FILE_LINES = 12;

const event = (data: { type: string }): string => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

export function replyTo(path: string, text: string, script: MockScript): Reply | null {
  const body: unknown = JSON.parse(text);
  if (path === '/v1/messages') return agentReply(body as AgentBody, script);
  return path === '/v1/responses' ? leadReply(body as LeadBody, script) : null;
}

/** All text of a message, whatever form its content has. */
function textOf(content: unknown): string {
  return typeof content === 'string' ? content : JSON.stringify(content);
}

function agentReply({ model, messages }: AgentBody, { turns }: MockScript): Reply {
  const turn = messages.filter((message) => message.role === 'assistant').length;
  const name = /Subtask: ([a-z0-9-]+)/.exec(textOf(messages[0]?.content))?.[1] ?? '?';
  const isLast = turn >= (turns[name] ?? 1) - 1;
  const call = isLast
    ? { name: 'finish', input: { report: 'Built as described.' } }
    : { name: 'write', input: { file_path: `${name}/part-${turn}.js`, content: fileText(name, turn) } };
  const stop = { stop_reason: 'tool_use', stop_sequence: null };
  const words = `Part ${turn + 1} of ${name}.`;
  const stream = [
    {
      type: 'message_start',
      message: {
        id: `msg_${name}_${turn}`,
        type: 'message',
        role: 'assistant',
        model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 100, output_tokens: 1, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 },
      },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: words } },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'content_block_start',
      index: 1,
      content_block: { type: 'tool_use', id: `toolu_${name}_${turn}`, name: call.name, input: {} },
    },
    {
      type: 'content_block_delta',
      index: 1,
      delta: { type: 'input_json_delta', partial_json: JSON.stringify(call.input) },
    },
    { type: 'content_block_stop', index: 1 },
    { type: 'message_delta', delta: stop, usage: { output_tokens: 120 } },
    { type: 'message_stop' },
  ];
  return { kind: 'agent', name, turn, stream: stream.map(event).join('') };
}

function fileText(name: string, turn: number): string {
  const lines = Array.from(
    { length: FILE_LINES },
    (_, line) => `export const part${turn}_${line} = '${name} ${line}';`,
  );
  return `${lines.join('\n')}\n`;
}

function leadReply({ model, text: { format } }: LeadBody, script: MockScript): Reply {
  const value =
    format.name === 'clarification'
      ? { questions: [] }
      : format.name === 'plan'
        ? script.plan
        : { verdict: 'approve', summary: 'As described.', findings: [] };
  const item = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text: JSON.stringify(value), annotations: [] }],
  };
  const usage = {
    input_tokens: 100,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 100,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 200,
  };
  const response = {
    id: 'resp_1',
    object: 'response',
    created_at: 0,
    model,
    status: 'completed',
    output: [item],
    usage,
  };
  const stream = [
    { type: 'response.output_item.done', sequence_number: 0, output_index: 0, item },
    { type: 'response.completed', sequence_number: 1, response },
  ];
  return { kind: 'lead', name: format.name, turn: 0, stream: stream.map(event).join('') };
}
