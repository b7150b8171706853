import assert from 'node:assert/strict';
import type { AgentModel, LeadModel } from '../../core/ports.ts';
import { AppError, type ErrorCode } from '../../protocol/errors.ts';
import { createAnthropicAgent } from './anthropic.ts';
import { retryAfterMs } from './classify-error.ts';
import { LEAD_REQUEST, never, sendJson, startServer, type TestServer } from './testing.ts';
import { createXaiLead } from './xai.ts';

type Case = [status: number, body: unknown, code: ErrorCode, headers?: Record<string, string>];

const both: Case[] = [
  [401, { error: { message: 'bad key', type: 'authentication_error' } }, 'auth'],
  [403, { error: { message: 'not allowed', type: 'permission_error' } }, 'auth'],
  [402, { error: { message: 'pay', type: 'billing_error' } }, 'quota_exhausted'],
  [408, { error: { message: 'slow' } }, 'timeout'],
  [400, { error: { message: 'bad field', type: 'invalid_request_error' } }, 'invalid_request'],
  [400, { error: { message: 'prompt is too long: 1 > 0', type: 'invalid_request_error' } }, 'too_large'],
  [404, { error: { message: 'no such model', type: 'not_found_error' } }, 'invalid_request'],
  [409, { error: { message: 'conflict' } }, 'invalid_request'],
  [413, { error: { message: 'too big', type: 'request_too_large' } }, 'too_large'],
  [422, { error: { message: 'no' } }, 'invalid_request'],
  [429, { error: { message: 'slow down', type: 'rate_limit_error' } }, 'rate_limited', { 'retry-after': '2.5' }],
  [429, { error: { message: 'slow down' } }, 'rate_limited'],
  [500, { error: { message: 'oops', type: 'api_error' } }, 'server'],
  [502, 'Bad gateway', 'server'],
  [503, { error: { message: 'busy' } }, 'overloaded'],
  [504, {}, 'server'],
  [529, { error: { message: 'busy', type: 'overloaded_error' } }, 'overloaded'],
  [404, { error: { message: 'No recording for purpose plan.', type: 'no_recording' } }, 'no_recording'],
  [404, { code: 'no_recording', error: 'No recording for purpose plan.' }, 'no_recording'],
];
const xai: Case[] = [
  [400, { code: 'Client specified an invalid argument', error: 'Incorrect API key provided: xa***ey.' }, 'auth'],
  [
    429,
    { code: 'Some resource has been exhausted', error: 'Your team has used all available credits.' },
    'quota_exhausted',
  ],
  [403, { code: 'forbidden', error: 'Your team reached its monthly spending limit.' }, 'quota_exhausted'],
  [429, { code: 'x', error: 'Too many requests' }, 'rate_limited'],
];
const anthropicLimit = (error_code: string) => ({
  type: 'error',
  error: { type: 'rate_limit_error', message: 'limit', details: { error_code } },
});
const anthropic: Case[] = [
  [429, anthropicLimit('enforced_spend_limit_reached'), 'quota_exhausted'],
  [400, anthropicLimit('workspace_spend_limit_reached'), 'quota_exhausted'],
  [
    400,
    { type: 'error', error: { type: 'invalid_request_error', message: 'Your credit balance is too low.' } },
    'quota_exhausted',
  ],
];

describe('classification of model errors', () => {
  let server: TestServer;
  let lead: LeadModel;
  let agent: AgentModel;
  let current: Case;

  before(async () => {
    server = await startServer((_request, response) => {
      const [status, body, , headers] = current;
      sendJson(response, status, body, headers);
    });
    lead = createXaiLead({ apiKey: 'key-1234', baseUrl: `${server.url}/v1` });
    agent = createAnthropicAgent({ apiKey: 'key-1234', baseUrl: server.url });
  });
  after(() => server.close());

  const askXai = () => lead.ask(LEAD_REQUEST, never);
  const askAnthropic = () =>
    agent.turn(
      {
        ...{ model: 'claude-sonnet-5-5', effort: 'low', prefix: 'p', suffix: '', tools: [], maxOutputTokens: 10 },
        messages: [{ role: 'user', text: 'x' }],
      },
      never,
    );

  const check = (provider: string, ask: () => Promise<unknown>, cases: Case[]) => {
    for (const testCase of cases) {
      const [status, body, code, headers] = testCase;
      it(`${provider} ${status} ${JSON.stringify(body).slice(0, 70)} is ${code}`, async () => {
        current = testCase;
        const before = server.seen.length;
        await assert.rejects(ask(), (error: AppError) => {
          assert.ok(error instanceof AppError);
          assert.equal(error.code, code);
          assert.equal(error.details?.charged, 'no');
          assert.equal(error.details?.status, status);
          assert.equal(error.details?.retryAfterMs, headers === undefined ? undefined : 2_500);
          if (code === 'no_recording') assert.equal(error.userMessage, 'No recording for purpose plan.');
          else assert.ok(error.userMessage.length > 20);
          assert.doesNotThrow(() => JSON.stringify(error.toInfo()));
          return true;
        });
        assert.equal(server.seen.length, before + 1, 'the SDK must not retry by itself');
      });
    }
  };
  check('xAI', askXai, [...both, ...xai]);
  check('Anthropic', askAnthropic, [...both, ...anthropic]);

  it('reads Retry-After in seconds, in milliseconds and as a date', () => {
    const read = (headers: Record<string, string>) => retryAfterMs(new Headers(headers), Date.UTC(2026, 0, 1));
    assert.equal(read({ 'retry-after': '1.5' }), 1_500);
    assert.equal(read({ 'retry-after-ms': '250', 'retry-after': '9' }), 250);
    assert.equal(read({ 'retry-after': 'Thu, 01 Jan 2026 00:00:10 GMT' }), 10_000);
    assert.equal(read({ 'retry-after': 'soon' }), null);
    assert.equal(read({}), null);
  });
});
