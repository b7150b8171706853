import assert from 'node:assert/strict';
import { editorError } from '../../test/fakes/editor-models.ts';
import { AppError, ErrorInfo } from './errors.ts';
import { languageModelErrorInfo } from './language-model-errors.ts';

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });
const MODEL = 'copilot/some';

describe('what the editor throws', () => {
  for (const [thrown, code] of [
    [editorError('NoPermissions', 'cannot be used by this extension'), 'auth'],
    [editorError('Blocked', 'temporarily blocked due to making too many requests'), 'quota_exhausted'],
    [editorError('NotFound', 'gone'), 'not_found'],
    [named('ChatQuotaExceeded', 'You have used all of it.'), 'quota_exhausted'],
    [named('ChatRateLimited', 'slow down'), 'rate_limited'],
    [named('Canceled', 'Canceled'), 'aborted'],
    [editorError('Unknown', 'failed', new Error('filtered as off_topic by intent classifier')), 'refusal'],
    [new Error('Response got filtered.'), 'refusal'],
    [new Error('Message exceeds token limit.'), 'too_large'],
    [new Error('Response too long.'), 'truncated'],
    [new Error('Invalid JSON for tool call'), 'malformed'],
    [new Error('Endpoint not found for model some'), 'not_found'],
    [
      new Error('Request Failed: 400 {"error":{"message":"bad body","code":"invalid_request_body"}}'),
      'invalid_request',
    ],
    [new Error('Request Failed: 401 no'), 'auth'],
    [new Error('Request Failed: 402 pay'), 'quota_exhausted'],
    [new Error('Request Failed: 413 big'), 'too_large'],
    [new Error('Request Failed: 429 much'), 'rate_limited'],
    [new Error('Request Failed: 502 oops'), 'server'],
    [new Error('Request Failed: 503 busy'), 'overloaded'],
    [editorError('Unknown', 'Unknown', new Error('net::ERR_INTERNET_DISCONNECTED')), 'transport'],
    [editorError('Unknown', 'Unknown', { message: 'read ECONNRESET' }), 'transport'],
    [new Error('Response contained no choices.'), 'server'],
    ['just a word', 'server'],
    [undefined, 'server'],
  ] as const) {
    it(`calls ${String(thrown)} ${code}`, () => {
      const info = languageModelErrorInfo(thrown, MODEL);
      assert.equal(info.code, code);
      assert.deepEqual(ErrorInfo.parse(JSON.parse(JSON.stringify(info))), info);
    });
  }

  it('says where to give leave, and what to do about a model that is gone', () => {
    assert.match(
      languageModelErrorInfo(editorError('NoPermissions'), MODEL).userMessage,
      /Manage Language Model Access/,
    );
    const gone = languageModelErrorInfo(editorError('NotFound'), MODEL);
    assert.match(gone.userMessage, /no longer offers copilot\/some.*choose another model/);
    assert.match(
      languageModelErrorInfo(named('ChatQuotaExceeded', 'You have used all of it.'), MODEL).userMessage,
      /used up: You have used all of it\. Wait/,
    );
  });

  it('keeps an error of ours as it is', () => {
    const ours = new AppError({ code: 'transport', message: 'the window is gone', details: { a: 1 } });
    assert.deepEqual(languageModelErrorInfo(ours, MODEL), ours.toInfo());
  });
});
