import assert from 'node:assert/strict';
import { LLMock } from '@copilotkit/aimock';
import type { LeadModel } from '../../core/ports.ts';
import type { AppError } from '../../protocol/errors.ts';
import {
  cutAfter,
  LEAD_REQUEST,
  never,
  type SseEvent,
  sendEvents,
  sendJson,
  startServer,
  type TestServer,
  writeEvents,
} from './testing.ts';
import { createXaiLead } from './xai.ts';
import { createXaiChatLead } from './xai-chat.ts';
import type { XaiOptions } from './xai-client.ts';

const REASONING = { id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: 'opaque' };
const message = (text: string) => ({
  ...{ id: 'msg_1', type: 'message', role: 'assistant', status: 'completed' },
  content: [{ type: 'output_text', text, annotations: [] }],
});
const ended = (type: string, fields: Record<string, unknown>): SseEvent => ({
  type,
  response: { id: 'resp_1', model: 'grok-4.7', output: [], ...fields },
});
const USAGE = {
  input_tokens: 1_000,
  output_tokens: 100,
  total_tokens: 1_150,
  input_tokens_details: { cached_tokens: 600 },
};

describe('xAI lead', () => {
  let server: TestServer;
  let answer: Parameters<typeof startServer>[0];
  const lead = (make: (options: XaiOptions) => LeadModel, extra: Partial<XaiOptions> = {}) =>
    make({ apiKey: 'xai-secret-key', baseUrl: `${server.url}/v1`, ...extra });

  before(async () => {
    server = await startServer((request, response) => answer(request, response));
  });
  after(() => server.close());

  it('sends what the endpoint needs and nothing that it stores or refuses', async () => {
    answer = (_request, response) =>
      sendEvents(response, [ended('response.completed', { output: [REASONING, message('{"a":"b"}')], usage: USAGE })]);
    const history = [{ input: 'before', output: [REASONING, message('{"a":"0"}')] }];
    const reply = await lead(createXaiLead).ask({ ...LEAD_REQUEST, history }, never);
    const request = server.seen.at(-1);
    assert.equal(request?.path, '/v1/responses');
    assert.equal(request?.headers.authorization, 'Bearer xai-secret-key');
    assert.deepEqual(request?.body, {
      model: 'grok-4.7',
      input: [
        { role: 'system', content: 'You plan.' },
        { role: 'user', content: 'before' },
        REASONING,
        message('{"a":"0"}'),
        { role: 'user', content: 'Plan this.' },
      ],
      max_output_tokens: 2_000,
      prompt_cache_key: 'run-1',
      store: false,
      stream: true,
      include: ['reasoning.encrypted_content'],
      text: { format: { type: 'json_schema', name: 'plan', schema: LEAD_REQUEST.schema, strict: true } },
      reasoning: { effort: 'xhigh' },
    });
    assert.equal(reply.text, '{"a":"b"}');
    assert.deepEqual(reply.output, [REASONING, message('{"a":"b"}')]);
    assert.equal(reply.requestId, 'req_1');
  });

  it('counts cached tokens, and prices by table until the provider says what it charged', async () => {
    answer = (_request, response) =>
      sendEvents(response, [ended('response.completed', { output: [message('x')], usage: USAGE })]);
    const byTable = await lead(createXaiLead).ask(LEAD_REQUEST, never);
    assert.deepEqual(byTable.usage, {
      inputTokens: 1_000,
      cachedInputTokens: 600,
      cacheWriteTokens: 0,
      outputTokens: 150,
    });
    assert.ok(byTable.costUsd !== null && Math.abs(byTable.costUsd - 0.002) < 1e-9);
    const usage = { ...USAGE, cost_in_usd_ticks: 123_000_000 };
    answer = (_request, response) =>
      sendEvents(response, [ended('response.completed', { output: [message('x')], usage })]);
    assert.equal((await lead(createXaiLead).ask(LEAD_REQUEST, never)).costUsd, 0.0123);
  });

  it('sends no effort to a model that refuses one, and counts an answer without usage by estimate', async () => {
    answer = (_request, response) => {
      const item = { type: 'response.output_item.done', output_index: 0, item: message('x') };
      sendEvents(response, [item, ended('response.completed', {})]);
    };
    const reply = await lead(createXaiLead).ask({ ...LEAD_REQUEST, model: 'grok-4.20-0309-reasoning' }, never);
    assert.ok(!('reasoning' in (server.seen.at(-1)?.body ?? {})));
    assert.equal(reply.text, 'x');
    assert.ok(reply.usage.inputTokens > 0 && (reply.costUsd ?? 0) > 0);
  });

  const refusal = { ...message(''), content: [{ type: 'refusal', refusal: 'no' }] };
  for (const [what, event, code, charged] of [
    [
      'a cut answer',
      ended('response.incomplete', { usage: USAGE, incomplete_details: { reason: 'max_output_tokens' } }),
      'truncated',
      'yes',
    ],
    [
      'a filtered answer',
      ended('response.incomplete', { usage: USAGE, incomplete_details: { reason: 'content_filter' } }),
      'refusal',
      'yes',
    ],
    ['a refusal', ended('response.completed', { usage: USAGE, output: [refusal] }), 'refusal', 'yes'],
    ['an answer without text', ended('response.completed', { usage: USAGE, output: [REASONING] }), 'malformed', 'yes'],
    [
      'a failed response',
      ended('response.failed', { error: { code: 'server_error', message: 'oops' } }),
      'server',
      'unknown',
    ],
    [
      'a rate limit inside the stream',
      ended('response.failed', { error: { code: 'rate_limit_exceeded', message: 'slow' } }),
      'rate_limited',
      'unknown',
    ],
    ['an error event', { type: 'error', code: 'server_error', message: 'oops', param: null }, 'server', 'unknown'],
  ] as const) {
    it(`names ${what} ${code}`, async () => {
      answer = (_request, response) => sendEvents(response, [event]);
      await assert.rejects(lead(createXaiLead).ask(LEAD_REQUEST, never), (error: AppError) => {
        assert.equal(error.code, code);
        assert.equal(error.details?.charged, charged);
        if (charged === 'yes') assert.ok(Math.abs(Number(error.details?.costUsd) - 0.002) < 1e-9);
        return true;
      });
    });
  }

  for (const make of [createXaiLead, createXaiChatLead]) {
    const delta = {
      id: 'c',
      model: 'grok-4.7',
      choices: [{ index: 0, delta: { content: 'half' }, finish_reason: null }],
    };
    const begun: SseEvent[] = make === createXaiLead ? [{ type: 'response.created', response: {} }] : [delta];

    it(`${make.name} calls a cut stream a transport failure of unknown cost`, async () => {
      for (const end of [cutAfter, sendEvents]) {
        answer = (_request, response) => end(response, begun);
        await assert.rejects(lead(make).ask(LEAD_REQUEST, never), (error: AppError) => {
          assert.equal(error.code, 'transport');
          assert.equal(error.details?.charged, 'unknown');
          return true;
        });
      }
    });

    it(`${make.name} gives up on a silent stream, and not on one that sends keep-alives`, async () => {
      answer = (_request, response) => writeEvents(response, begun);
      const limits = { idleMs: 60 };
      await assert.rejects(lead(make, { limits }).ask(LEAD_REQUEST, never), { code: 'timeout' });
      answer = async (_request, response) => {
        writeEvents(response, begun);
        const wall = performance.now() + 200;
        const beat = setInterval(() => {
          response.write(': keep-alive\n\n');
          if (performance.now() < wall) return;
          clearInterval(beat);
          const last = { ...delta, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
          sendEvents(
            response,
            make === createXaiLead ? [ended('response.completed', { output: [message('x')] })] : [last],
          );
        }, 15);
      };
      assert.ok((await lead(make, { limits }).ask(LEAD_REQUEST, never)).text.length > 0);
    });

    it(`${make.name} gives up on an endless stream`, async () => {
      answer = (_request, response) => {
        const beat = setInterval(() => writeEvents(response, begun), 10);
        response.on('close', () => clearInterval(beat));
      };
      await assert.rejects(lead(make, { limits: { wallMs: 80 } }).ask(LEAD_REQUEST, never), { code: 'timeout' });
    });

    it(`${make.name} stops at once when cancelled`, async () => {
      const controller = new AbortController();
      answer = (_request, response) => {
        writeEvents(response, begun);
        controller.abort();
      };
      await assert.rejects(lead(make).ask(LEAD_REQUEST, controller.signal), { code: 'aborted' });
    });

    it(`${make.name} releases a call that never reached the provider`, async () => {
      const gone = await startServer(() => {});
      await gone.close();
      await assert.rejects(lead(make, { baseUrl: gone.url }).ask(LEAD_REQUEST, never), (error: AppError) => {
        assert.equal(error.code, 'transport');
        assert.equal(error.details?.charged, 'no');
        return true;
      });
    });
  }

  it('speaks Chat Completions with the same meaning', async () => {
    const usage = {
      prompt_tokens: 1_000,
      completion_tokens: 50,
      total_tokens: 1_150,
      prompt_tokens_details: { cached_tokens: 600 },
    };
    answer = (_request, response) =>
      sendEvents(response, [
        { id: 'c', model: 'grok-4.7', choices: [{ index: 0, delta: { content: '{"a":' }, finish_reason: null }] },
        { id: 'c', model: 'grok-4.7', choices: [{ index: 0, delta: { content: '1}' }, finish_reason: 'stop' }] },
        { id: 'c', model: 'grok-4.7', choices: [], usage: { ...usage, cost_in_usd_ticks: 10_000_000_000 } },
      ]);
    const history = [{ input: 'before', output: [{ role: 'assistant', content: 'old' }] }];
    const reply = await lead(createXaiChatLead).ask({ ...LEAD_REQUEST, history }, never);
    const request = server.seen.at(-1);
    assert.equal(request?.path, '/v1/chat/completions');
    assert.equal(request?.headers['x-grok-conv-id'], 'run-1');
    assert.deepEqual(request?.body, {
      model: 'grok-4.7',
      messages: [
        { role: 'system', content: 'You plan.' },
        { role: 'user', content: 'before' },
        { role: 'assistant', content: 'old' },
        { role: 'user', content: 'Plan this.' },
      ],
      max_completion_tokens: 2_000,
      stream: true,
      stream_options: { include_usage: true },
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'plan', schema: LEAD_REQUEST.schema, strict: true },
      },
      reasoning_effort: 'xhigh',
    });
    assert.equal(reply.text, '{"a":1}');
    assert.deepEqual(reply.output, [{ role: 'assistant', content: '{"a":1}' }]);
    assert.deepEqual(reply.usage, {
      inputTokens: 1_000,
      cachedInputTokens: 600,
      cacheWriteTokens: 0,
      outputTokens: 150,
    });
    assert.equal(reply.costUsd, 1);
  });

  for (const [finish, code] of [
    ['length', 'truncated'],
    ['content_filter', 'refusal'],
  ] as const) {
    it(`names a chat answer that finished by ${finish} ${code}`, async () => {
      answer = (_request, response) =>
        sendEvents(response, [
          { id: 'c', model: 'm', choices: [{ index: 0, delta: { content: 'x' }, finish_reason: finish }] },
        ]);
      await assert.rejects(lead(createXaiChatLead).ask(LEAD_REQUEST, never), { code });
    });
  }

  it('keeps the key out of errors that quote it', async () => {
    answer = (_request, response) =>
      sendJson(response, 400, { code: 'invalid', error: 'Incorrect API key provided: xai-secret-key' });
    await assert.rejects(lead(createXaiLead).ask(LEAD_REQUEST, never), (error: AppError) => {
      assert.equal(error.code, 'auth');
      const shown = [error.message, error.userMessage, JSON.stringify(error.details), error.stack, String(error.cause)];
      assert.ok(!shown.join().includes('xai-secret-key'));
      assert.ok(error.message.includes('[key]'));
      return true;
    });
  });

  it('answers from the mock of the vendors on both endpoints', async () => {
    const mock = new LLMock({ port: 0, host: '127.0.0.1' });
    mock.onMessage('Plan this.', { content: '{"a":"mock"}' });
    await mock.start();
    try {
      for (const make of [createXaiLead, createXaiChatLead]) {
        const reply = await lead(make, { baseUrl: `${mock.url}/v1` }).ask(LEAD_REQUEST, never);
        assert.equal(reply.text, '{"a":"mock"}');
        const again = { ...LEAD_REQUEST, history: [{ input: 'earlier', output: reply.output }] };
        assert.equal((await lead(make, { baseUrl: `${mock.url}/v1` }).ask(again, never)).text, '{"a":"mock"}');
      }
    } finally {
      await mock.stop();
    }
  });
});
