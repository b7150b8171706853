import * as z from 'zod';

/**
 * Models that the editor provides, as the process of the orchestrator sees them. The extension host owns the editor's own
 * interface; between the two goes JSON only.
 *
 * 1. The editor has two roles, user and assistant: rules go into the first user message.
 * 2. A tool call of the assistant is answered in the next message, which is the user's and holds results alone.
 * 3. There is no usage, no price, no reason for the end of an answer, and no structured output.
 */
export const EditorModel = z.strictObject({
  /** `<vendor>/<id>`, see editorModelId: the editor's own ids are unique within one vendor only. */
  id: z.string().min(1),
  vendor: z.string(),
  family: z.string(),
  /** For the person. */
  name: z.string(),
  version: z.string(),
  /** Most tokens of one request, tools included. */
  maxInputTokens: z.number().positive(),
});
export type EditorModel = z.infer<typeof EditorModel>;

/** Id of a model in settings, requests and events: `copilot/gpt-5`. No priced model of ours has a slash in its id. */
export function editorModelId(model: { vendor: string; id: string }): string {
  return `${model.vendor}/${model.id}`;
}

const TextPart = z.strictObject({ kind: z.literal('text'), text: z.string() });
const ToolCallPart = z.strictObject({
  kind: z.literal('toolCall'),
  callId: z.string(),
  name: z.string(),
  input: z.record(z.string(), z.json()),
});
const ToolResultPart = z.strictObject({ kind: z.literal('toolResult'), callId: z.string(), text: z.string() });

/** What an assistant message is made of. */
export const EditorAnswerPart = z.discriminatedUnion('kind', [TextPart, ToolCallPart]);
export type EditorAnswerPart = z.infer<typeof EditorAnswerPart>;

/** What an answer streams. `other` is a sign of life (thinking, data) without content that could be given back. */
export const EditorModelPart = z.discriminatedUnion('kind', [
  TextPart,
  ToolCallPart,
  z.strictObject({ kind: z.literal('other') }),
]);
export type EditorModelPart = z.infer<typeof EditorModelPart>;

export const EditorMessage = z.strictObject({
  role: z.enum(['user', 'assistant']),
  parts: z.array(z.discriminatedUnion('kind', [TextPart, ToolCallPart, ToolResultPart])).min(1),
});
export type EditorMessage = z.infer<typeof EditorMessage>;

export const EditorModelRequest = z.strictObject({
  modelId: z.string().min(1),
  messages: z.array(EditorMessage).min(1),
  tools: z.array(
    z.strictObject({
      name: z.string().regex(/^[\w-]+$/),
      description: z.string(),
      /** JSON schema of an object. */
      inputSchema: z.record(z.string(), z.json()),
    }),
  ),
  /** `required` works with one tool only. */
  toolMode: z.enum(['auto', 'required']),
  /** The editor shows it when it asks the person for leave. */
  justification: z.string(),
});
export type EditorModelRequest = z.infer<typeof EditorModelRequest>;

/**
 * The door to the editor's models. Failures are AppErrors of languageModelErrorInfo. The first `send` of all may ask the
 * person for leave, so a client sends one when the person chooses a model.
 */
export interface EditorModels {
  /** All models of all vendors at this moment; empty when the person is signed in nowhere. */
  list(): Promise<EditorModel[]>;
  /** Resolves when the answer is complete. No part comes after that, nor after a rejection. */
  send(request: EditorModelRequest, signal: AbortSignal, onPart: (part: EditorModelPart) => void): Promise<void>;
  countTokens(modelId: string, text: string): Promise<number>;
}
