import * as z from 'zod';
import { estimateTokens } from '../../core/model-catalog.ts';
import { AppError, type AppErrorInit } from '../../protocol/errors.ts';
import { languageModelErrorInfo } from '../../protocol/language-model-errors.ts';
import {
  EditorAnswerPart,
  type EditorMessage,
  type EditorModel,
  type EditorModelPart,
  type EditorModelRequest,
  type EditorModels,
} from '../../protocol/language-models.ts';
import type { ModelUsage } from '../../protocol/work.ts';
import type { GuardLimits } from './call-guard.ts';
import { createTokenCounter, type TokenCounter } from './editor-tokens.ts';
import { createWatch, type Watch } from './editor-watch.ts';

/** Default limits: 60 s of silence, 20 min in all. A thinking model is silent unless the host passes signs of life on. */
export interface EditorOptions {
  limits?: GuardLimits;
}

export const PROVIDER = 'vscode';

const JUSTIFICATION = 'The orchestrator plans, builds and reviews your project with this model.';

/** What the lead and the agents share: the door, what is known of the models, and counted texts. */
export interface EditorCaller {
  call(request: EditorCallRequest, outer: AbortSignal, onText?: (delta: string) => void): Promise<EditorAnswer>;
}

interface EditorCallRequest {
  modelId: string;
  messages: EditorMessage[];
  tools: EditorModelRequest['tools'];
}

export interface EditorAnswer {
  /** Adjacent texts joined, blank ones left out. */
  parts: EditorAnswerPart[];
  /** The vendor cut it at its length limit. */
  cut: boolean;
  usage: ModelUsage;
  durationMs: number;
}

export function createEditorCaller(models: EditorModels, options: EditorOptions): EditorCaller {
  const counter = createTokenCounter(models);
  const known = new Map<string, EditorModel>();

  const find = async (modelId: string): Promise<EditorModel> => {
    const before = known.get(modelId);
    if (before !== undefined) return before;
    known.clear();
    for (const model of await models.list()) known.set(model.id, model);
    const found = known.get(modelId);
    if (found !== undefined) return found;
    throw AppError.fromInfo(
      languageModelErrorInfo({ code: 'NotFound', message: `the editor offers ${known.size} other models` }, modelId),
    );
  };

  return {
    async call(request, outer, onText) {
      const watch = createWatch(outer, options.limits ?? {});
      try {
        return await callOnce({ models, counter, watch, find }, request, onText);
      } catch (thrown) {
        const error = classify(thrown, request.modelId, watch, outer);
        if (error.code === 'not_found') known.clear();
        throw error;
      } finally {
        watch.close();
      }
    },
  };
}

interface CallParts {
  models: EditorModels;
  counter: TokenCounter;
  watch: Watch;
  find(modelId: string): Promise<EditorModel>;
}

async function callOnce(
  { models, counter, watch, find }: CallParts,
  request: EditorCallRequest,
  onText: ((delta: string) => void) | undefined,
): Promise<EditorAnswer> {
  const startedAt = performance.now();
  const { modelId } = request;
  const model = await watch.until(find(modelId));
  const inputTokens = await watch.until(counter.count(modelId, promptTexts(request)));
  if (inputTokens > model.maxInputTokens) throw tooLarge(model, inputTokens);
  const received: EditorModelPart[] = [];
  const onPart = (part: EditorModelPart): void => {
    // The host may still be sending when the call was given up.
    if (!watch.heard()) return;
    received.push(part);
    if (part.kind === 'text') onText?.(part.text);
  };
  watch.sent();
  let cut = false;
  try {
    const full: EditorModelRequest = { ...request, toolMode: 'auto', justification: JUSTIFICATION };
    await watch.until(models.send(full, watch.signal, onPart));
  } catch (thrown) {
    cut = received.length > 0 && languageModelErrorInfo(thrown, modelId).code === 'truncated';
    if (!cut) throw thrown;
  }
  const parts = joined(z.array(EditorAnswerPart).parse(received.filter((part) => part.kind !== 'other')));
  const outputTokens = await outputTokensOf(counter, watch, modelId, parts);
  const usage: ModelUsage = { inputTokens, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens };
  return { parts, cut, usage, durationMs: performance.now() - startedAt };
}

/** An answer that came is never lost over its count. */
async function outputTokensOf(
  counter: TokenCounter,
  watch: Watch,
  modelId: string,
  parts: readonly EditorAnswerPart[],
): Promise<number> {
  const texts = parts.map(textOf);
  try {
    return await watch.until(counter.count(modelId, texts));
  } catch {
    return estimateTokens(texts.join(''));
  }
}

function textOf(part: EditorMessage['parts'][number]): string {
  return part.kind === 'toolCall' ? `${part.name}${JSON.stringify(part.input)}` : part.text;
}

function promptTexts(request: EditorCallRequest): string[] {
  const tools = request.tools.length === 0 ? [] : [JSON.stringify(request.tools)];
  return [...tools, ...request.messages.flatMap((message) => message.parts.map(textOf))];
}

/** A stream has many small texts. Vendors refuse a message with a blank one. */
function joined(parts: readonly EditorAnswerPart[]): EditorAnswerPart[] {
  const all: EditorAnswerPart[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (part.kind === 'text' && last?.kind === 'text') last.text += part.text;
    else all.push({ ...part });
  }
  return all.filter((part) => part.kind !== 'text' || part.text.trim() !== '');
}

function tooLarge(model: EditorModel, inputTokens: number): AppError {
  return new AppError({
    code: 'too_large',
    message: `${PROVIDER} ${model.id}: ${inputTokens} tokens, at most ${model.maxInputTokens}`,
    userMessage: `The request has ${inputTokens} tokens, but the editor's model ${model.name} (${model.id}) takes ${model.maxInputTokens} at most. Choose a model with more room, or make the subtask smaller.`,
    details: { inputTokens, maxInputTokens: model.maxInputTokens },
  });
}

function classify(thrown: unknown, modelId: string, watch: Watch, outer: AbortSignal): AppError {
  const details: NonNullable<AppErrorInit['details']> = { provider: PROVIDER, model: modelId };
  if (!watch.state.sent) details.charged = 'no';
  const failed = (code: AppErrorInit['code'], message: string, userMessage: string): AppError =>
    new AppError({ code, message: `${PROVIDER} ${modelId}: ${message}`, userMessage, cause: thrown, details });
  if (outer.aborted) return failed('aborted', 'cancelled', 'Cancelled.');
  if (watch.state.timedOut !== null) {
    const what = watch.state.timedOut === 'idle' ? 'fell silent' : 'took too long';
    return failed('timeout', `call ${what}`, `The editor's model ${modelId} ${what}; the call was given up.`);
  }
  if (thrown instanceof z.ZodError) {
    return failed('malformed', z.prettifyError(thrown), `The editor's model ${modelId} gave an unreadable answer.`);
  }
  const info = languageModelErrorInfo(thrown, modelId);
  if (info.code === 'aborted') {
    // Nobody here cancelled: the window was closed or reloaded, or the vendor gave up.
    return failed('transport', info.message, `The editor broke off the call to ${modelId}. Resume the run.`);
  }
  return new AppError({ ...info, details: { ...info.details, ...details }, cause: thrown });
}
