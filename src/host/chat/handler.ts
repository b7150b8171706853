import * as vscode from 'vscode';
import * as z from 'zod';
import { toAppError } from '../../protocol/errors.ts';
import { languageModelErrorInfo } from '../../protocol/language-model-errors.ts';
import { editorModelId } from '../../protocol/language-models.ts';
import { commandId } from '../ids.ts';
import type { RunStore } from '../run-store.ts';
import type { Wording } from '../trees/wording.ts';
import { approveParts } from './approve-parts.ts';
import { type AskModel, askForBrief, type Turn } from './ask-for-brief.ts';
import { type BriefForForm, briefMarkdown, briefOfWords } from './brief-draft.ts';
import { escaped } from './markdown.ts';
import { type ChatPart, OPEN_BRIEF_COMMAND } from './parts.ts';
import { statusParts } from './status-parts.ts';

/** What the chat needs of the host. */
export interface ChatSource {
  readonly runs: Pick<RunStore, 'load' | 'all'>;
}

type Request = Pick<vscode.ChatRequest, 'prompt' | 'command' | 'model'>;
type Stream = Pick<vscode.ChatResponseStream, 'markdown' | 'button' | 'progress'>;

const ResultMetadata = z.object({ command: z.string(), waits: z.number() });
type ResultMetadata = z.infer<typeof ResultMetadata>;

/** Answers one request to the participant. Nothing is started, approved or changed here: buttons run the commands that ask. */
export async function answerChat(
  app: ChatSource,
  request: Request,
  stream: Stream,
  token: vscode.CancellationToken,
): Promise<vscode.ChatResult> {
  const wording = hostWording();
  const metadata: ResultMetadata = { command: request.command ?? 'status', waits: 0 };
  try {
    if (request.command === 'start') {
      await answerStart(wording, request, stream, token);
      return { metadata };
    }
    await untilCancelled(app.runs.load(), token);
    if (token.isCancellationRequested) return { metadata };
    const views = app.runs.all();
    metadata.waits = views.reduce((sum, view) => sum + view.waiting.length, 0);
    const parts = request.command === 'approve' ? approveParts : statusParts;
    if (request.command === 'approve' && !vscode.workspace.isTrusted) {
      stream.markdown(escaped(vscode.l10n.t('This folder is not trusted: nothing is approved in it.')));
    } else write(stream, parts(wording, views, Date.now()));
    return { metadata };
  } catch (thrown) {
    if (token.isCancellationRequested) return { metadata };
    return { metadata, errorDetails: { message: escaped(toAppError(thrown).userMessage) } };
  }
}

export function followups(result: vscode.ChatResult): vscode.ChatFollowup[] {
  const { data } = ResultMetadata.safeParse(result.metadata);
  if (data === undefined) return [];
  const status = { prompt: '', command: 'status', label: vscode.l10n.t('How do the runs stand?') };
  const approve = { prompt: '', command: 'approve', label: vscode.l10n.t('What waits for my approval?') };
  if (data.command !== 'status') return [status];
  return data.waits > 0 ? [approve] : [];
}

function hostWording(): Wording {
  return { l10n: vscode.l10n, locale: vscode.env.language };
}

function write(stream: Stream, parts: readonly ChatPart[]): void {
  for (const part of parts) {
    if (part.kind === 'text') stream.markdown(part.markdown);
    else stream.button({ command: commandId(part.command), title: part.title, arguments: [part.target] });
  }
}

async function answerStart(
  wording: Wording,
  request: Request,
  stream: Stream,
  token: vscode.CancellationToken,
): Promise<void> {
  const words = request.prompt.trim();
  if (!vscode.workspace.isTrusted) {
    stream.markdown(escaped(vscode.l10n.t('This folder is not trusted: nothing is started in it.')));
    return;
  }
  if (words === '') {
    const example = '@orchestrator /start A guest book with a page and a database';
    stream.markdown(
      `${escaped(vscode.l10n.t('Say after /start what is to be built, for example:'))}\n\n\`${example}\``,
    );
    return;
  }
  stream.progress(vscode.l10n.t('Making a brief of your words'));
  const { brief, trouble } = await draftBrief(request.model, words, token);
  if (token.isCancellationRequested) return;
  if (trouble !== null) stream.markdown(`${escaped(trouble)}\n\n`);
  stream.markdown(briefMarkdown(wording, brief));
  stream.markdown(escaped(vscode.l10n.t('Nothing has been started: look at it in the console, and start it there.')));
  stream.button({ command: OPEN_BRIEF_COMMAND, title: vscode.l10n.t('Open in the console'), arguments: [brief] });
}

async function draftBrief(
  model: vscode.LanguageModelChat | undefined,
  words: string,
  token: vscode.CancellationToken,
): Promise<{ brief: BriefForForm; trouble: string | null }> {
  const inWords = (trouble: string) => ({ brief: briefOfWords(words), trouble });
  if (model === undefined) {
    return inWords(vscode.l10n.t('No model is there to write a brief: your words are the description.'));
  }
  try {
    const brief = await askForBrief(words, (turns) => untilCancelled(askModel(model, turns, token), token));
    if (brief !== null) return { brief, trouble: null };
    return inWords(vscode.l10n.t('The model did not write a brief that fits: your words are the description.'));
  } catch (thrown) {
    const { userMessage } = languageModelErrorInfo(thrown, editorModelId(model));
    return inWords(vscode.l10n.t('The model did not answer, so your words are the description. {0}', userMessage));
  }
}

async function askModel(
  model: vscode.LanguageModelChat,
  turns: readonly Turn[],
  token: vscode.CancellationToken,
): ReturnType<AskModel> {
  const { User, Assistant } = vscode.LanguageModelChatMessage;
  const messages = turns.map(({ role, text }) => (role === 'user' ? User(text) : Assistant(text)));
  const justification = vscode.l10n.t('The model writes a brief of your words.');
  const response = await model.sendRequest(messages, { justification }, token);
  let answer = '';
  for await (const text of response.text) answer += text;
  return answer;
}

/** The work, or a rejection as soon as the person does not want it any more or it takes too long. */
async function untilCancelled<T>(work: Promise<T>, token: vscode.CancellationToken): Promise<T> {
  const over = Promise.withResolvers<never>();
  const giveUp = (why: string) => over.reject(new DOMException(why, 'AbortError'));
  const timer = setTimeout(() => giveUp('no answer in time'), ANSWER_LIMIT_MS);
  const subscription = token.onCancellationRequested(() => giveUp('cancelled'));
  if (token.isCancellationRequested) giveUp('cancelled');
  try {
    return await Promise.race([over.promise, work]);
  } finally {
    clearTimeout(timer);
    subscription.dispose();
  }
}

const ANSWER_LIMIT_MS = 120_000;
