import * as vscode from 'vscode';
import * as z from 'zod';
import { AppError } from '../protocol/errors.ts';
import { languageModelErrorInfo } from '../protocol/language-model-errors.ts';
import {
  type EditorMessage,
  EditorModel,
  type EditorModelPart,
  EditorModelRequest,
  editorModelId,
} from '../protocol/language-models.ts';
import type { CallContext } from '../protocol/peer.ts';

/** The editor's language models, for calls of the orchestrator process: `EditorModels` over `vscode.lm`. */
type Answer = (method: string, params: unknown, context: CallContext) => Promise<unknown>;

const CountParams = z.strictObject({ modelId: z.string().min(1), text: z.string() });

/** False in editors without language models, and in those that took them out. */
export function hasEditorModels(): boolean {
  return typeof vscode.lm?.selectChatModels === 'function';
}

/** `access`: of the extension's context; undefined in editors without language models. */
export function createEditorModels(access: vscode.LanguageModelAccessInformation | undefined): Answer {
  return async (method, params, context) => {
    switch (method) {
      case 'editorModels.list':
        z.strictObject({}).parse(params);
        return listModels();
      case 'editorModels.send':
        return send(access, EditorModelRequest.parse(params), context);
      case 'editorModels.countTokens': {
        const { modelId, text } = CountParams.parse(params);
        return translated(modelId, context.signal, async (token) =>
          (await findModel(modelId)).countTokens(text, token),
        );
      }
      default:
        throw new AppError({ code: 'internal', message: `no such method: ${method}` });
    }
  };
}

/** A vendor may describe a model in a way that nobody could use; the others stay. */
async function listModels(): Promise<EditorModel[]> {
  if (!hasEditorModels()) return [];
  const models = await vscode.lm.selectChatModels();
  return models.flatMap((model) => {
    const { vendor, family, name, version, maxInputTokens } = model;
    const found = EditorModel.safeParse({ id: editorModelId(model), vendor, family, name, version, maxInputTokens });
    return found.success ? [found.data] : [];
  });
}

async function findModel(modelId: string): Promise<vscode.LanguageModelChat> {
  const slash = modelId.indexOf('/');
  const selector = { vendor: modelId.slice(0, Math.max(0, slash)), id: modelId.slice(slash + 1) };
  const [model] = hasEditorModels() && slash > 0 ? await vscode.lm.selectChatModels(selector) : [];
  if (model === undefined) throw vscode.LanguageModelError.NotFound(`the editor does not offer ${modelId}`);
  return model;
}

async function send(
  access: vscode.LanguageModelAccessInformation | undefined,
  request: EditorModelRequest,
  context: CallContext,
): Promise<null> {
  const { modelId, justification, tools, toolMode } = request;
  const messages = request.messages.map(toMessage);
  return translated(modelId, context.signal, async (token) => {
    const model = await findModel(modelId);
    // The person has said no. When nobody has asked yet, the editor does, with the justification.
    if (access?.canSendRequest(model) === false) throw vscode.LanguageModelError.NoPermissions();
    const modes = vscode.LanguageModelChatToolMode;
    const options: vscode.LanguageModelChatRequestOptions = { justification };
    if (tools.length > 0) {
      options.tools = tools;
      options.toolMode = toolMode === 'required' ? modes.Required : modes.Auto;
    }
    const response = await model.sendRequest(messages, options, token);
    for await (const part of response.stream) {
      if (context.signal.aborted) break;
      context.part(toPart(part));
    }
    return null;
  });
}

function toMessage({ role, parts }: EditorMessage): vscode.LanguageModelChatMessage {
  return role === 'user'
    ? vscode.LanguageModelChatMessage.User(
        parts.map((part) => {
          if (part.kind === 'text') return new vscode.LanguageModelTextPart(part.text);
          if (part.kind === 'toolCall') throw misplaced(part.kind, role);
          return new vscode.LanguageModelToolResultPart(part.callId, [new vscode.LanguageModelTextPart(part.text)]);
        }),
      )
    : vscode.LanguageModelChatMessage.Assistant(
        parts.map((part) => {
          if (part.kind === 'text') return new vscode.LanguageModelTextPart(part.text);
          if (part.kind === 'toolResult') throw misplaced(part.kind, role);
          return new vscode.LanguageModelToolCallPart(part.callId, part.name, part.input);
        }),
      );
}

function misplaced(kind: string, role: string): AppError {
  return new AppError({ code: 'invalid_request', message: `a ${kind} in a message of the ${role}` });
}

function toPart(part: unknown): EditorModelPart {
  if (part instanceof vscode.LanguageModelTextPart) return { kind: 'text', text: part.value };
  if (part instanceof vscode.LanguageModelToolCallPart) {
    const { callId, name, input } = part;
    // What goes through the channel is JSON; the other side judges it.
    return { kind: 'toolCall', callId, name, input: input as Record<string, never> };
  }
  return { kind: 'other' };
}

/** Work with the editor's models: ends when the signal says so, whatever the vendor does, and fails with our errors. */
async function translated<T>(
  modelId: string,
  signal: AbortSignal,
  work: (token: vscode.CancellationToken) => Promise<T>,
): Promise<T> {
  const source = new vscode.CancellationTokenSource();
  const cancelled = Promise.withResolvers<never>();
  const cancel = () => {
    source.cancel();
    cancelled.reject(new AppError({ code: 'aborted', message: `the call of ${modelId} was cancelled` }));
  };
  // With a call that ends well nobody listens.
  cancelled.promise.catch(() => undefined);
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const done = work(source.token);
    done.catch(() => undefined);
    return await Promise.race([cancelled.promise, done]);
  } catch (thrown) {
    throw AppError.fromInfo(languageModelErrorInfo(thrown, modelId));
  } finally {
    signal.removeEventListener('abort', cancel);
    source.dispose();
  }
}
