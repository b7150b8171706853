import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { createEditorModels, hasEditorModels } from '../../../../src/host/editor-models.ts';
import type { AppError } from '../../../../src/protocol/errors.ts';
import type { EditorModelRequest } from '../../../../src/protocol/language-models.ts';
import { ScriptedModel } from './scripted-model.ts';

describe('the models of the editor', () => {
  const scripted = new ScriptedModel();
  const never = new AbortController().signal;
  const answer = createEditorModels(undefined);
  const request: EditorModelRequest = {
    modelId: 'harness/scripted',
    messages: [{ role: 'user', parts: [{ kind: 'text', text: 'Read a.js.' }] }],
    tools: [{ name: 'read', description: 'Reads.', inputSchema: { type: 'object', properties: {} } }],
    toolMode: 'auto',
    justification: 'A test.',
  };
  const call = async (params: unknown, signal = never) => {
    const parts: unknown[] = [];
    await answer('editorModels.send', params, { signal, part: (part) => parts.push(part) });
    return parts;
  };

  before(() => scripted.register());
  after(() => scripted.dispose());

  it('are there, and listed with the ids of our settings', async () => {
    assert.ok(hasEditorModels());
    const models = await answer('editorModels.list', {}, { signal: never, part: () => undefined });
    assert.deepEqual(models, [
      {
        ...{ id: 'harness/scripted', vendor: 'harness', family: 'harness' },
        ...{ name: 'Scripted', version: '1', maxInputTokens: 1_000 },
      },
    ]);
  });

  it('carry a request with a tool call, and the answer to the tool call', async () => {
    const seen: { roles: number[]; tools: unknown; parts: unknown[] }[] = [];
    scripted.respond = async (_model, messages, options, progress) => {
      seen.push({
        roles: messages.map(({ role }) => role),
        tools: options.tools?.map(({ name }) => name),
        parts: messages.flatMap(({ content }) => content),
      });
      progress.report(new vscode.LanguageModelTextPart(seen.length === 1 ? 'I read.' : 'Done.'));
      if (seen.length === 1) progress.report(new vscode.LanguageModelToolCallPart('c1', 'read', { path: 'a.js' }));
    };
    const toolCall = { kind: 'toolCall', callId: 'c1', name: 'read', input: { path: 'a.js' } } as const;
    const first = await call(request);
    assert.deepEqual(first, [{ kind: 'text', text: 'I read.' }, toolCall]);
    const second = await call({
      ...request,
      messages: [
        ...request.messages,
        { role: 'assistant', parts: [{ kind: 'text', text: 'I read.' }, toolCall] },
        { role: 'user', parts: [{ kind: 'toolResult', callId: 'c1', text: 'let a;' }] },
      ],
    });
    assert.deepEqual(second, [{ kind: 'text', text: 'Done.' }]);
    const { User, Assistant } = vscode.LanguageModelChatMessageRole;
    assert.deepEqual(
      seen.map(({ roles, tools }) => [roles, tools]),
      [
        [[User], ['read']],
        [[User, Assistant, User], ['read']],
      ],
    );
    const [, , , result] = seen[1]?.parts ?? [];
    assert.ok(result instanceof vscode.LanguageModelToolResultPart && result.callId === 'c1');
  });

  it('count tokens', async () => {
    const params = { modelId: 'harness/scripted', text: 'seven__' };
    assert.equal(await answer('editorModels.countTokens', params, { signal: never, part: () => undefined }), 7);
  });

  it('end when the caller cancels, also when the vendor does not', async () => {
    const given = new AbortController();
    const { promise: cancelled, resolve } = Promise.withResolvers<void>();
    const forever = Promise.withResolvers<void>();
    scripted.respond = async (_model, _messages, _options, progress, token) => {
      token.onCancellationRequested(() => resolve());
      progress.report(new vscode.LanguageModelTextPart('on'));
      await forever.promise;
    };
    const work = answer('editorModels.send', request, { signal: given.signal, part: () => given.abort() });
    await assert.rejects(work, { code: 'aborted' });
    await cancelled;
    forever.resolve();
  });

  it('fail with our errors', async () => {
    const failing = (error: Error) => {
      scripted.respond = async () => {
        throw error;
      };
      return call(request).then(
        () => null,
        (thrown: AppError) => thrown.code,
      );
    };
    assert.equal(await failing(vscode.LanguageModelError.NoPermissions('no')), 'auth');
    assert.equal(await failing(new Error('429: too many requests')), 'rate_limited');
    await assert.rejects(call({ ...request, modelId: 'harness/gone' }), { code: 'not_found' });
    await assert.rejects(call({ ...request, modelId: 'nothing' }), { code: 'not_found' });
    await assert.rejects(call({ ...request, extra: 1 }), { name: 'ZodError' });
    const refused = createEditorModels({
      canSendRequest: () => false,
      onDidChange: () => new vscode.Disposable(() => 0),
    });
    await assert.rejects(refused('editorModels.send', request, { signal: never, part: () => 0 }), { code: 'auth' });
  });
});
