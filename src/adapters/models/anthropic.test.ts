import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { LLMock } from '@copilotkit/aimock';
import type { AgentMessage, AgentTurnRequest } from '../../core/ports.ts';
import type { AppError } from '../../protocol/errors.ts';
import { type AnthropicOptions, createAnthropicAgent } from './anthropic.ts';
import { cutAfter, messageEvents, never, sendEvents, startServer, type TestServer, writeEvents } from './testing.ts';

const TOOL = {
  name: 'read',
  description: 'Reads.',
  inputSchema: { type: 'object', properties: { file_path: { type: 'string' } } },
};
const REQUEST: AgentTurnRequest = {
  ...{ model: 'claude-sonnet-5-5', effort: 'xhigh', prefix: 'Shared rules.', suffix: 'You test.', tools: [TOOL] },
  messages: [{ role: 'user', text: 'Go.' }],
  maxOutputTokens: 4_000,
};
/** Long enough that every model caches it. */
const LONG_RULES = 'Shared rules. '.repeat(1_000);
const LONG_REQUEST: AgentTurnRequest = { ...REQUEST, prefix: LONG_RULES };
const THINKING = { type: 'thinking', thinking: 'hm', signature: 'sig' };
const CALL = { type: 'tool_use', id: 'toolu_1', name: 'read', input: { file_path: 'a.js' } };

describe('Anthropic agent', () => {
  let server: TestServer;
  let answer: Parameters<typeof startServer>[0];
  const agent = (extra: Partial<AnthropicOptions> = {}) =>
    createAnthropicAgent({ apiKey: 'sk-secret', baseUrl: server.url, ...extra });

  before(async () => {
    server = await startServer((request, response) => answer(request, response));
  });
  after(() => server.close());

  it('marks the shared part for an hour and the conversation for five minutes, and sends nothing that is refused', async () => {
    answer = (_request, response) =>
      sendEvents(response, messageEvents([{ type: 'text', text: 'ok' }], { stop_reason: 'end_turn' }));
    const messages: AgentMessage[] = [
      { role: 'user', text: 'Go.' },
      { role: 'assistant', content: [THINKING, CALL] },
      { role: 'tools', results: [{ callId: 'toolu_1', text: 'data', isError: false }], text: 'Mind the time.' },
      { role: 'assistant', content: [] },
      { role: 'user', text: 'More.' },
    ];
    await agent().turn({ ...REQUEST, messages }, never);
    const request = server.seen.at(-1);
    assert.equal(request?.path, '/v1/messages');
    assert.equal(request?.headers.authorization, 'Bearer sk-secret');
    assert.deepEqual(request?.body, {
      model: 'claude-sonnet-5-5',
      max_tokens: 4_000,
      stream: true,
      cache_control: { type: 'ephemeral', ttl: '5m' },
      output_config: { effort: 'xhigh' },
      system: [
        { type: 'text', text: 'Shared rules.', cache_control: { type: 'ephemeral', ttl: '1h' } },
        { type: 'text', text: 'You test.' },
      ],
      tools: [{ name: 'read', description: 'Reads.', input_schema: TOOL.inputSchema }],
      messages: [
        { role: 'user', content: 'Go.' },
        { role: 'assistant', content: [THINKING, CALL] },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'toolu_1', content: 'data', is_error: false },
            { type: 'text', text: 'Mind the time.' },
          ],
        },
        { role: 'user', content: 'More.' },
      ],
    });
  });

  it('returns the blocks unchanged, the calls, the text as it came, and the tokens by kind', async () => {
    const usage = {
      ...{ input_tokens: 100, cache_creation_input_tokens: 3_000, cache_read_input_tokens: 5_000, output_tokens: 1 },
      cache_creation: { ephemeral_1h_input_tokens: 1_000, ephemeral_5m_input_tokens: 2_000 },
    };
    const end = { stop_reason: 'tool_use', usage: { output_tokens: 50 } };
    answer = (_request, response) =>
      sendEvents(response, messageEvents([THINKING, { type: 'text', text: 'Reading.' }, CALL], end, usage));
    const deltas: string[] = [];
    const reply = await agent().turn(REQUEST, never, { onText: (delta) => deltas.push(delta) });
    assert.deepEqual(reply.content, [THINKING, { type: 'text', text: 'Reading.' }, CALL]);
    assert.deepEqual(reply.toolCalls, [{ id: 'toolu_1', name: 'read', input: { file_path: 'a.js' } }]);
    assert.equal(reply.stop, 'tools');
    assert.equal(reply.text, 'Reading.');
    assert.deepEqual(deltas, ['Reading.']);
    assert.deepEqual(reply.usage, {
      inputTokens: 8_100,
      cachedInputTokens: 5_000,
      cacheWriteTokens: 3_000,
      outputTokens: 50,
    });
    const expected = (100 * 2 + 5_000 * 0.1 + 2_000 * 2.5 + 1_000 * 4 + 50 * 10) / 1e6;
    assert.ok(reply.costUsd !== null && Math.abs(reply.costUsd - expected) < 1e-12);
    assert.equal(reply.requestId, 'req_1');
  });

  it('never hands out a cut tool call, nor content that may not be sent back', async () => {
    const cut = { ...CALL, partial: '{"file_path": "a' };
    answer = (_request, response) =>
      sendEvents(response, messageEvents([THINKING, { type: 'text', text: 'So' }, cut], { stop_reason: 'max_tokens' }));
    const reply = await agent().turn(REQUEST, never);
    assert.equal(reply.stop, 'truncated');
    assert.deepEqual(reply.toolCalls, []);
    assert.deepEqual(reply.content, [THINKING, { type: 'text', text: 'So' }]);
    answer = (_request, response) =>
      sendEvents(response, messageEvents([THINKING, cut], { stop_reason: 'max_tokens' }));
    assert.deepEqual((await agent().turn(REQUEST, never)).content, []);
  });

  it('tells a paused turn from an ended one', async () => {
    answer = (_request, response) =>
      sendEvents(response, messageEvents([{ type: 'text', text: '…' }], { stop_reason: 'pause_turn' }));
    assert.equal((await agent().turn(REQUEST, never)).stop, 'paused');
    answer = (_request, response) =>
      sendEvents(response, messageEvents([{ type: 'text', text: '.' }], { stop_reason: 'end_turn' }));
    assert.equal((await agent().turn(REQUEST, never)).stop, 'end');
  });

  for (const [stop, code] of [
    ['refusal', 'refusal'],
    ['model_context_window_exceeded', 'too_large'],
  ] as const) {
    it(`throws ${code} for ${stop}, with what it cost`, async () => {
      answer = (_request, response) =>
        sendEvents(response, messageEvents([], { stop_reason: stop, stop_details: { category: 'cyber' } }));
      await assert.rejects(agent().turn(REQUEST, never), (error: AppError) => {
        assert.equal(error.code, code);
        assert.equal(error.details?.charged, 'yes');
        assert.ok(Number(error.details?.costUsd) > 0);
        return true;
      });
    });
  }

  const START = messageEvents([], { stop_reason: 'end_turn' }).slice(0, 1);
  for (const [type, code] of [
    ['overloaded_error', 'overloaded'],
    ['api_error', 'server'],
    ['rate_limit_error', 'rate_limited'],
    ['authentication_error', 'auth'],
    ['invalid_request_error', 'invalid_request'],
    ['timeout_error', 'timeout'],
    ['something_new_error', 'server'],
  ] as const) {
    it(`calls the stream error ${type} ${code}`, async () => {
      answer = (_request, response) =>
        sendEvents(response, [...START, { type: 'error', error: { type, message: 'x' } }]);
      await assert.rejects(agent().turn(REQUEST, never), (error: AppError) => {
        assert.equal(error.code, code);
        assert.equal(error.details?.charged, 'unknown');
        return true;
      });
    });
  }

  it('calls a stream that breaks, ends early or holds cut JSON a transport failure', async () => {
    const cutJson = (response: ServerResponse) => {
      writeEvents(response, START);
      response.end('event: content_block_start\ndata: {"type":"content_bl\n\n');
    };
    for (const end of [cutAfter, sendEvents, cutJson]) {
      answer = (_request, response) => end(response, START);
      await assert.rejects(agent().turn(REQUEST, never), { code: 'transport' });
    }
  });

  it('gives up on silence, but not while the provider pings', async () => {
    const limits = { idleMs: 60 };
    answer = (_request, response) => writeEvents(response, START);
    await assert.rejects(agent({ limits }).turn(REQUEST, never), { code: 'timeout' });
    answer = (_request, response) => {
      const [first, ...others] = messageEvents([{ type: 'text', text: 'late' }], { stop_reason: 'end_turn' });
      writeEvents(response, first === undefined ? [] : [first]);
      const end = performance.now() + 200;
      const beat = setInterval(() => {
        if (performance.now() < end) return writeEvents(response, [{ type: 'ping' }]);
        clearInterval(beat);
        sendEvents(response, others);
      }, 15);
    };
    assert.equal((await agent({ limits }).turn(REQUEST, never)).text, 'late');
  });

  it('lets the first request of a prefix go ahead, and the others once its answer has begun', async () => {
    const waiting: ServerResponse[] = [];
    answer = (_request, response) => void waiting.push(response);
    const shared = agent();
    const seenBefore = server.seen.length;
    const turns = [1, 2, 3].map((id) => shared.turn({ ...LONG_REQUEST, suffix: `Agent ${id}` }, never));
    const other = shared.turn({ ...LONG_REQUEST, prefix: `Another run. ${LONG_RULES}` }, never);
    await until(() => waiting.length === 2);
    const suffixes = () => server.seen.slice(seenBefore).map(({ body }) => JSON.stringify(body.system));
    assert.equal(suffixes().filter((text) => text.includes('"Shared rules.')).length, 1);
    const events = messageEvents([{ type: 'text', text: 'ok' }], { stop_reason: 'end_turn' });
    for (const response of waiting.slice(0, 2)) writeEvents(response, events.slice(0, 1));
    await until(() => waiting.length === 4);
    for (const response of waiting.slice(0, 2)) sendEvents(response, events.slice(1));
    for (const response of waiting.slice(2)) sendEvents(response, events);
    assert.equal((await Promise.all([...turns, other])).length, 4);
  });

  it('lets the next request go first when the first one fails', async () => {
    let requests = 0;
    answer = (_request, response) => {
      requests += 1;
      if (requests === 1) response.destroy();
      else sendEvents(response, messageEvents([{ type: 'text', text: 'ok' }], { stop_reason: 'end_turn' }));
    };
    const shared = agent();
    const results = await Promise.allSettled([1, 2, 3].map(() => shared.turn(LONG_REQUEST, never)));
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'fulfilled', 'fulfilled'],
    );
  });

  it('waits for the first request of a prefix no longer than its limit, and stops waiting when cancelled', async () => {
    const waiting: ServerResponse[] = [];
    answer = (_request, response) => void waiting.push(response);
    const shared = agent({ primingWaitMs: 30 });
    const first = shared.turn(LONG_REQUEST, never);
    await until(() => waiting.length === 1);
    const patient = agent();
    const blocking = patient.turn(LONG_REQUEST, never);
    await until(() => waiting.length === 2);
    const controller = new AbortController();
    const cancelled = patient.turn(LONG_REQUEST, controller.signal);
    controller.abort();
    await assert.rejects(cancelled, { code: 'aborted', details: { charged: 'no' } });
    const second = shared.turn(LONG_REQUEST, never);
    await until(() => waiting.length === 3);
    for (const response of waiting)
      sendEvents(response, messageEvents([{ type: 'text', text: 'ok' }], { stop_reason: 'end_turn' }));
    await Promise.all([first, second, blocking]);
  });

  it('sends nothing before it is cleared, and nothing when that fails', async () => {
    answer = (_request, response) =>
      sendEvents(response, messageEvents([{ type: 'text', text: 'ok' }], { stop_reason: 'end_turn' }));
    const seenBefore = server.seen.length;
    await assert.rejects(agent().turn(REQUEST, never, { cleared: Promise.reject(new Error('no room')) }));
    assert.equal(server.seen.length, seenBefore);
    const gate = Promise.withResolvers<void>();
    const turn = agent().turn(REQUEST, never, { cleared: gate.promise });
    await assert.rejects(agent().turn(REQUEST, never, { cleared: Promise.reject(new Error('no room')) }));
    assert.equal(server.seen.length, seenBefore);
    gate.resolve();
    assert.equal((await turn).text, 'ok');
    assert.equal(server.seen.length, seenBefore + 1);
  });

  it('waits for nobody with a prefix so short that it may not be cached', async () => {
    const waiting: ServerResponse[] = [];
    answer = (_request, response) => void waiting.push(response);
    const shared = agent();
    const turns = [1, 2, 3].map((id) => shared.turn({ ...REQUEST, suffix: `Agent ${id}` }, never));
    await until(() => waiting.length === 3);
    const events = messageEvents([{ type: 'text', text: 'ok' }], { stop_reason: 'end_turn' });
    for (const response of waiting) sendEvents(response, events);
    assert.equal((await Promise.all(turns)).length, 3);
  });

  it('plays a whole tool loop against the mock of the vendor', async () => {
    const mock = new LLMock({ port: 0, host: '127.0.0.1' });
    mock.on({ hasToolResult: true }, { content: 'Done.' });
    mock.on({ userMessage: 'Go.' }, { toolCalls: [{ name: 'read', arguments: '{"file_path":"a.js"}' }] });
    await mock.start();
    try {
      const model = agent({ baseUrl: mock.url });
      const first = await model.turn(REQUEST, never);
      assert.equal(first.stop, 'tools');
      const [call] = first.toolCalls;
      assert.deepEqual(call?.input, { file_path: 'a.js' });
      const messages: AgentMessage[] = [
        ...REQUEST.messages,
        { role: 'assistant', content: first.content },
        { role: 'tools', results: [{ callId: call?.id ?? '', text: 'data', isError: false }], text: null },
      ];
      const second = await model.turn({ ...REQUEST, messages }, never);
      assert.equal(second.stop, 'end');
      assert.equal(second.text, 'Done.');
    } finally {
      await mock.stop();
    }
  });
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, 'the condition did not come about');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
