import assert from 'node:assert/strict';
import { anEditorModel, called, editorError, FakeEditorModels, said } from '../../../test/fakes/editor-models.ts';
import type { AgentMessage, AgentTurnRequest } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import type { EditorModelPart } from '../../protocol/language-models.ts';
import { createEditorAgent } from './editor-agent.ts';
import { never } from './testing.ts';

const SCHEMA = { type: 'object', properties: { file_path: { type: 'string' } }, required: ['file_path'] };
const TOOL = { name: 'read', description: 'Reads.', inputSchema: SCHEMA };
const REQUEST: AgentTurnRequest = {
  ...{ model: 'copilot/some', effort: 'high', prefix: 'Shared rules.', suffix: 'You test.', maxOutputTokens: 4_000 },
  tools: [TOOL],
  messages: [{ role: 'user', text: 'Go.' }],
};
const CALL = called('c1', 'read', { file_path: 'a.js' });

describe('an agent with a model of the editor', () => {
  it('puts the rules into the first user message, maps tools, and answers calls in a message of their own', async () => {
    const models = new FakeEditorModels(() => [said('ok')]);
    const messages: AgentMessage[] = [
      { role: 'user', text: 'Go.' },
      { role: 'assistant', content: [said('Reading.'), CALL, called('c2', 'read', {})] },
      {
        role: 'tools',
        results: [
          { callId: 'c1', text: 'data', isError: false },
          { callId: 'c2', text: '', isError: true },
        ],
        text: 'Mind the time.',
      },
      { role: 'assistant', content: [] },
      { role: 'user', text: 'More.' },
    ];
    await createEditorAgent(models).turn({ ...REQUEST, messages }, never);
    const { justification, ...request } = models.requests[0] ?? assert.fail();
    assert.match(justification, /orchestrator/);
    assert.deepEqual(request, {
      modelId: 'copilot/some',
      tools: [TOOL],
      toolMode: 'auto',
      messages: [
        { role: 'user', parts: [said('Shared rules.'), said('You test.'), said('Go.')] },
        { role: 'assistant', parts: [said('Reading.'), CALL, called('c2', 'read', {})] },
        {
          role: 'user',
          parts: [
            { kind: 'toolResult', callId: 'c1', text: 'data' },
            { kind: 'toolResult', callId: 'c2', text: 'Error: (no output)' },
          ],
        },
        { role: 'user', parts: [said('Mind the time.')] },
        { role: 'user', parts: [said('More.')] },
      ],
    });
  });

  it('gives out calls, text as it comes, and content that can be given back', async () => {
    const models = new FakeEditorModels((_request, asked) =>
      asked === 0 ? [said('Rea'), { kind: 'other' }, said('ding.'), CALL, said('\n')] : [said('Done.')],
    );
    const agent = createEditorAgent(models);
    const deltas: string[] = [];
    const first = await agent.turn(REQUEST, never, { onText: (delta) => deltas.push(delta) });
    assert.deepEqual(deltas, ['Rea', 'ding.', '\n']);
    assert.deepEqual(first.content, [said('Reading.'), CALL]);
    assert.deepEqual(first.toolCalls, [{ id: 'c1', name: 'read', input: { file_path: 'a.js' } }]);
    assert.deepEqual([first.stop, first.text], ['tools', 'Reading.']);
    assert.deepEqual(
      [first.provider, first.model, first.costUsd, first.requestId],
      ['vscode', 'copilot/some', null, null],
    );
    const content = JSON.parse(JSON.stringify(first.content));
    const messages: AgentMessage[] = [
      ...REQUEST.messages,
      { role: 'assistant', content },
      { role: 'tools', results: [{ callId: 'c1', text: 'data', isError: false }], text: null },
    ];
    const second = await agent.turn({ ...REQUEST, messages }, never);
    assert.deepEqual([second.stop, second.text, second.toolCalls], ['end', 'Done.', []]);
    assert.deepEqual(models.requests[1]?.messages[1], { role: 'assistant', parts: first.content });
  });

  it('counts input and output itself, and each text of a conversation once', async () => {
    const models = new FakeEditorModels((_request, asked) =>
      asked === 0 ? [said('x'.repeat(40)), CALL] : [said('Done.')],
    );
    const agent = createEditorAgent(models);
    const messages: AgentMessage[] = [{ role: 'user', text: 'y'.repeat(400) }];
    const first = await agent.turn({ ...REQUEST, messages }, never);
    assert.equal(first.usage.cachedInputTokens + first.usage.cacheWriteTokens, 0);
    assert.ok(first.usage.inputTokens > 100 && first.usage.inputTokens < 200, String(first.usage.inputTokens));
    assert.ok(first.usage.outputTokens > 10 && first.usage.outputTokens < 50, String(first.usage.outputTokens));
    messages.push(
      { role: 'assistant', content: first.content },
      { role: 'tools', results: [{ callId: 'c1', text: 'data', isError: false }], text: null },
    );
    const second = await agent.turn({ ...REQUEST, messages }, never);
    assert.ok(second.usage.inputTokens > first.usage.inputTokens + first.usage.outputTokens);
    assert.equal(new Set(models.counted).size, models.counted.length);
    assert.equal(models.listed, 1);
  });

  it('counts an answer by estimate when the editor cannot count it any more', async () => {
    const models = new FakeEditorModels(() => {
      models.countError = new Error('gone');
      return [said('word '.repeat(10))];
    });
    assert.ok((await createEditorAgent(models).turn(REQUEST, never)).usage.outputTokens >= 10);
    await assert.rejects(createEditorAgent(models).turn(REQUEST, never), {
      code: 'server',
      details: { provider: 'vscode', model: 'copilot/some', charged: 'no' },
    });
    assert.equal(models.requests.length, 1);
  });

  it('refuses a request that is larger than the model takes before it is sent', async () => {
    const models = new FakeEditorModels(() => [said('ok')], [anEditorModel({ maxInputTokens: 50 })]);
    const messages: AgentMessage[] = [{ role: 'user', text: 'y'.repeat(400) }];
    await assert.rejects(createEditorAgent(models).turn({ ...REQUEST, messages }, never), (error: AppError) => {
      assert.equal(error.code, 'too_large');
      assert.equal(error.details?.charged, 'no');
      assert.match(error.userMessage, /takes 50 at most/);
      return true;
    });
    assert.equal(models.requests.length, 0);
  });

  it('says so when the editor has no such model, and finds it when it comes back', async () => {
    const models = new FakeEditorModels(() => [said('ok')], []);
    const agent = createEditorAgent(models);
    await assert.rejects(agent.turn(REQUEST, never), { code: 'not_found' });
    models.offered = [anEditorModel()];
    await agent.turn(REQUEST, never);
    models.offered = [];
    await assert.rejects(agent.turn(REQUEST, never), { code: 'not_found' });
    models.offered = [anEditorModel({ maxInputTokens: 1 })];
    await assert.rejects(agent.turn(REQUEST, never), { code: 'too_large' });
  });

  it('hands out what came of a cut answer, without its calls', async () => {
    const models = new FakeEditorModels(() => [said('So'), CALL, new Error('Response too long.')]);
    const reply = await createEditorAgent(models).turn(REQUEST, never);
    assert.deepEqual([reply.stop, reply.toolCalls, reply.content], ['truncated', [], [said('So')]]);
    const atOnce = new FakeEditorModels(() => [new Error('Response too long.')]);
    await assert.rejects(createEditorAgent(atOnce).turn(REQUEST, never), { code: 'truncated' });
  });

  const list: unknown = called('c1', 'read', []);
  for (const [what, parts] of [
    ['no part', []],
    ['blank text only', [said(' '), said('\n')]],
    ['signs of life only', [{ kind: 'other' }]],
    ['a call whose input is no object', [list as EditorModelPart]],
  ] as const) {
    it(`calls an answer of ${what} malformed`, async () => {
      const models = new FakeEditorModels(() => parts);
      await assert.rejects(createEditorAgent(models).turn(REQUEST, never), { code: 'malformed' });
    });
  }

  for (const [thrown, code] of [
    [editorError('NoPermissions'), 'auth'],
    [editorError('Blocked'), 'quota_exhausted'],
    [new Error('Response got filtered.'), 'refusal'],
    [new Error('anything'), 'server'],
    [new AppError({ code: 'rate_limited', message: 'from the host', details: { retryAfterMs: 5 } }), 'rate_limited'],
  ] as const) {
    it(`calls ${thrown.message} ${code}, at once and in the middle of an answer`, async () => {
      for (const parts of [[thrown], [said('So'), thrown]]) {
        const agent = createEditorAgent(new FakeEditorModels(() => parts));
        await assert.rejects(agent.turn(REQUEST, never), (error: AppError) => {
          assert.equal(error.code, code);
          assert.equal(error.details?.provider, 'vscode');
          if (thrown instanceof AppError) assert.equal(error.details?.retryAfterMs, 5);
          return true;
        });
      }
    });
  }

  it('ends a silent call, tells the editor, and hears nothing of it any more', async () => {
    const models = new FakeEditorModels(() => [said('So'), 'hang']);
    const deltas: string[] = [];
    const onText = (text: string) => deltas.push(text);
    const turn = createEditorAgent(models, { limits: { idleMs: 40 } }).turn(REQUEST, never, { onText });
    await assert.rejects(turn, { code: 'timeout' });
    assert.equal(models.signals[0]?.aborted, true);
    models.onPart(said('late'));
    assert.deepEqual(deltas, ['So']);
  });

  it('bounds the wait for the list of models too', async () => {
    const models = new FakeEditorModels(() => []);
    models.list = () => new Promise(() => {});
    await assert.rejects(createEditorAgent(models, { limits: { idleMs: 20 } }).turn(REQUEST, never), {
      code: 'timeout',
      details: { provider: 'vscode', model: 'copilot/some', charged: 'no' },
    });
  });

  it('ends a call that goes on for too long, though signs of life come', async () => {
    const models = new FakeEditorModels(() => ['hang']);
    const limits = { idleMs: 200, wallMs: 500 };
    const beat = setInterval(() => models.onPart({ kind: 'other' }), 10);
    try {
      const turn = createEditorAgent(models, { limits }).turn(REQUEST, never);
      await assert.rejects(turn, { code: 'timeout', message: /took too long/ });
    } finally {
      clearInterval(beat);
    }
  });

  it('ends when cancelled, before and during the call', async () => {
    const controller = new AbortController();
    const models = new FakeEditorModels(() => ['hang']);
    const turn = createEditorAgent(models).turn(REQUEST, controller.signal);
    while (models.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await assert.rejects(turn, { code: 'aborted' });
    await assert.rejects(createEditorAgent(models).turn(REQUEST, controller.signal), { code: 'aborted' });
    assert.equal(models.requests.length, 1);
  });

  it('calls a cancellation that nobody here asked for a broken connection', async () => {
    const cancelled = Object.assign(new Error('Canceled'), { name: 'Canceled' });
    const models = new FakeEditorModels(() => [cancelled]);
    await assert.rejects(createEditorAgent(models).turn(REQUEST, never), { code: 'transport', retry: true });
  });

  it('refuses to go on with the blocks of another provider', async () => {
    const models = new FakeEditorModels(() => [said('ok')]);
    const messages: AgentMessage[] = [
      ...REQUEST.messages,
      { role: 'assistant', content: [{ type: 'text', text: 'x' }] },
    ];
    await assert.rejects(createEditorAgent(models).turn({ ...REQUEST, messages }, never), { code: 'configuration' });
  });
});
