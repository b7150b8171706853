import assert from 'node:assert/strict';
import { called, editorError, FakeEditorModels, said } from '../../../test/fakes/editor-models.ts';
import type { LeadRequest } from '../../core/ports.ts';
import { createEditorLead } from './editor-lead.ts';
import { LEAD_REQUEST, never } from './testing.ts';

const REQUEST: LeadRequest = { ...LEAD_REQUEST, model: 'copilot/some' };

describe('a lead with a model of the editor', () => {
  it('puts the rules first, the history as exchanges, and the schema last', async () => {
    const models = new FakeEditorModels(() => [said('{"a":"b"}')]);
    const history = [{ input: 'before', output: [said('{"a":"0"}')] }];
    await createEditorLead(models).ask({ ...REQUEST, history }, never);
    const { messages, tools, modelId } = models.requests[0] ?? assert.fail();
    assert.deepEqual([modelId, tools], ['copilot/some', []]);
    assert.deepEqual(messages.slice(0, 2), [
      { role: 'user', parts: [said('You plan.'), said('before')] },
      { role: 'assistant', parts: [said('{"a":"0"}')] },
    ]);
    const [input, rule, ...others] = messages[2]?.parts ?? [];
    assert.deepEqual([input, others], [said('Plan this.'), []]);
    assert.ok(rule?.kind === 'text' && rule.text.includes(JSON.stringify(REQUEST.schema)));
    assert.match(rule.text, /one JSON value and nothing else/);
  });

  it('asks without a history in one message', async () => {
    const models = new FakeEditorModels(() => [said('{}')]);
    await createEditorLead(models).ask(REQUEST, never);
    const { messages } = models.requests[0] ?? assert.fail();
    assert.deepEqual(
      messages.map(({ role, parts }) => [role, parts.length]),
      [['user', 3]],
    );
    assert.deepEqual(messages[0]?.parts[0], said('You plan.'));
  });

  for (const [what, answer, text] of [
    ['plain JSON', '{"a":"b"}', '{"a":"b"}'],
    ['a fence', '```json\n{"a":"b"}\n```', '{"a":"b"}'],
    ['a fence with words around it', 'Here it is:\n\n```\n{\n"a": "b"}\r\n```\r\nGood luck.', '{\n"a": "b"}'],
    ['fences inside a value', '```json\n{"a":"```js\\nx\\n```"}\n```', '{"a":"```js\\nx\\n```"}'],
    ['words only', 'I cannot.', 'I cannot.'],
  ] as const) {
    it(`hands out ${what} for the core to judge, and gives the answer back as it came`, async () => {
      const half = Math.floor(answer.length / 2);
      const models = new FakeEditorModels(() => [said(answer.slice(0, half)), said(answer.slice(half))]);
      const reply = await createEditorLead(models).ask(REQUEST, never);
      assert.equal(reply.text, text);
      assert.deepEqual(reply.output, [said(answer)]);
      assert.deepEqual([reply.provider, reply.model, reply.costUsd], ['vscode', 'copilot/some', null]);
      assert.ok(reply.usage.inputTokens > 20 && reply.usage.outputTokens > 0);
    });
  }

  it('replays an answer that was made of nothing but a fence and words', async () => {
    const models = new FakeEditorModels(() => [said('```json\n{"a":1}\n```')]);
    const lead = createEditorLead(models);
    const first = await lead.ask(REQUEST, never);
    await lead.ask({ ...REQUEST, history: [{ input: 'Plan this.', output: first.output }], input: 'Again.' }, never);
    assert.deepEqual(models.requests[1]?.messages[1], { role: 'assistant', parts: first.output });
  });

  it('leaves a call that nobody offered out of what is given back', async () => {
    const models = new FakeEditorModels(() => [said('{"a"'), called('c', 'read', {}), said(':1}')]);
    const reply = await createEditorLead(models).ask(REQUEST, never);
    assert.deepEqual([reply.text, reply.output], ['{"a":1}', [said('{"a"'), said(':1}')]]);
  });

  for (const [what, parts, code, charged] of [
    ['an empty answer', [said(' ')], 'malformed', 'yes'],
    ['a call of a tool', [called('c', 'read', {})], 'malformed', 'yes'],
    ['a cut answer', [said('{"a'), new Error('Response too long.')], 'truncated', 'yes'],
    ['a refusal', [new Error('Response got filtered.')], 'refusal', undefined],
    ['a consent that was not given', [editorError('NoPermissions')], 'auth', undefined],
  ] as const) {
    it(`calls ${what} ${code}`, async () => {
      const lead = createEditorLead(new FakeEditorModels(() => parts));
      await assert.rejects(lead.ask(REQUEST, never), (error: { code: string; details: Record<string, unknown> }) => {
        assert.deepEqual([error.code, error.details.charged], [code, charged]);
        return true;
      });
    });
  }
});
