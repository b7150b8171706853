import {
  type EditorModel,
  type EditorModelPart,
  EditorModelRequest,
  type EditorModels,
  editorModelId,
} from '../../src/protocol/language-models.ts';

export function anEditorModel(change: Partial<EditorModel> = {}): EditorModel {
  const model = { vendor: 'copilot', family: 'some', name: 'Some', version: '1', maxInputTokens: 100_000, ...change };
  return { id: editorModelId({ vendor: model.vendor, id: model.family }), ...model };
}

/** What a scripted answer streams; an error ends it there, `hang` never ends it. */
export type EditorScript = (
  request: EditorModelRequest,
  asked: number,
) => readonly (EditorModelPart | Error | 'hang')[];

/** Errors of the editor's own class: a name that says nothing, and a code. */
export function editorError(code: string, message = code, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { name: 'LanguageModelError', code });
}

export const said = (text: string): EditorModelPart => ({ kind: 'text', text });
export const called = (callId: string, name: string, input: Record<string, never> | object): EditorModelPart =>
  ({ kind: 'toolCall', callId, name, input }) as EditorModelPart;

/**
 * Models of an editor that answer from a function. Refuses what the editor or its vendors refuse: unknown models, messages
 * without parts, blank texts, calls without a message of their results alone. Four characters are a token.
 */
export class FakeEditorModels implements EditorModels {
  readonly requests: EditorModelRequest[] = [];
  readonly signals: AbortSignal[] = [];
  /** Texts that were counted, in order. */
  readonly counted: string[] = [];
  listed = 0;
  offered: EditorModel[];
  /** Thrown by the next counts. */
  countError: Error | null = null;
  /** Gives a part of the call that is under way, or was. */
  onPart: (part: EditorModelPart) => void = () => {};
  readonly #script: EditorScript;

  constructor(script: EditorScript, offered: EditorModel[] = [anEditorModel()]) {
    this.#script = script;
    this.offered = offered;
  }

  async list(): Promise<EditorModel[]> {
    this.listed += 1;
    return this.offered;
  }

  async send(request: EditorModelRequest, signal: AbortSignal, onPart: (part: EditorModelPart) => void): Promise<void> {
    const seen = EditorModelRequest.parse(JSON.parse(JSON.stringify(request)));
    this.requests.push(seen);
    this.signals.push(signal);
    this.onPart = onPart;
    if (this.offered.every(({ id }) => id !== seen.modelId)) throw editorError('NotFound');
    requireAnswered(seen);
    for (const part of this.#script(seen, this.requests.length - 1)) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (part === 'hang') await new Promise<never>(() => {});
      else if (part instanceof Error) throw part;
      else onPart(part);
    }
  }

  async countTokens(_modelId: string, text: string): Promise<number> {
    if (this.countError !== null) throw this.countError;
    this.counted.push(text);
    return Math.ceil(text.length / 4);
  }
}

function requireAnswered({ messages }: EditorModelRequest): void {
  for (const [index, message] of messages.entries()) {
    const blank = message.parts.some((part) => part.kind !== 'toolCall' && part.text.trim() === '');
    if (blank) throw new Error('Request Failed: 400 text content blocks must contain non-whitespace text');
    const calls = message.parts.flatMap((part) => (part.kind === 'toolCall' ? [part.callId] : []));
    const results = message.parts.flatMap((part) => (part.kind === 'toolResult' ? [part.callId] : []));
    if (calls.length > 0 && message.role === 'user') throw new Error('Request Failed: 400 a call by the user');
    const before = messages[index - 1]?.parts.flatMap((part) => (part.kind === 'toolCall' ? [part.callId] : [])) ?? [];
    if (before.join() !== results.join() || (results.length > 0 && results.length !== message.parts.length)) {
      throw new Error('Invalid request: Tool call part must be followed by a User message with its results');
    }
    if (calls.length > 0 && index === messages.length - 1) throw new Error('Invalid request: calls without results');
  }
}
