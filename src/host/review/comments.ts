import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import type { RunView } from '../../protocol/view.ts';
import type { HostBase } from '../app.ts';
import { splitLines } from './line-diff.ts';
import type { ReviewState, Thread } from './review-state.ts';
import { parkedWait } from './revision-target.ts';
import { relocated } from './revision-text.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { Place, Uris } from './uris.ts';

const COMMENT_CONTROLLER = 'orchestrator.review';

/** Comments of a person on lines of a diff. They are kept with the review and go to the agent as a revision. */
export interface ReviewComments extends vscode.Disposable {
  /** Makes the threads of a session as its state says. */
  show(session: Session): void;
  add(args: readonly unknown[]): Promise<void>;
  edit(args: readonly unknown[]): void;
  saveEdit(args: readonly unknown[]): Promise<void>;
  cancelEdit(args: readonly unknown[]): void;
  remove(args: readonly unknown[]): Promise<void>;
  /** Moves threads of the reviewed side to where their lines are in a new proposal. */
  reattach(session: Session): Promise<void>;
}

export interface CommentsParts {
  app: HostBase;
  sessions: Sessions;
  uris: Uris;
}

/** Context values of menus. */
const OPEN = 'open';
const SENT = 'sent';

class ReviewComment implements vscode.Comment {
  readonly author: vscode.CommentAuthorInformation = { name: vscode.l10n.t('You') };
  readonly id: string;
  readonly threadId: string;
  readonly runId: string;
  readonly timestamp: Date;
  readonly contextValue: string;
  body: string | vscode.MarkdownString;
  mode: vscode.CommentMode = vscode.CommentMode.Preview;

  constructor(runId: string, thread: Thread, comment: Thread['comments'][number]) {
    this.runId = runId;
    this.threadId = thread.id;
    this.id = comment.id;
    this.body = asText(comment.body);
    this.timestamp = new Date(comment.at);
    this.contextValue = thread.sentWith === null ? OPEN : SENT;
  }
}

/** A person's words are shown as they were typed. */
function asText(body: string): vscode.MarkdownString {
  return new vscode.MarkdownString().appendText(body);
}

export function createComments({ app, sessions, uris }: CommentsParts): ReviewComments {
  const controller = vscode.comments.createCommentController(COMMENT_CONTROLLER, vscode.l10n.t('Review comments'));
  controller.options = {
    prompt: vscode.l10n.t('Say what the agent should change'),
    placeHolder: vscode.l10n.t('Comments are sent together, as one revision'),
  };
  /** By the thread's id in the state. */
  const shown = new Map<string, { runId: string; thread: vscode.CommentThread }>();

  const canComment = (place: Place, view: RunView | undefined): boolean => {
    if (view === undefined) return false;
    if (view.waiting.some(({ gate }) => gate === 'diff')) return true;
    return place.kind === 'commit' && place.subtaskId !== null && parkedWait(view, place.subtaskId) !== null;
  };

  controller.commentingRangeProvider = {
    async provideCommentingRanges(document) {
      const place = uris.read(document.uri);
      if (place === null) return [];
      await sessions.get(place.runId);
      return canComment(place, app.runs.get(place.runId)) ? [new vscode.Range(0, 0, document.lineCount - 1, 0)] : [];
    },
  };

  const placeOf = (session: Session, thread: Thread): Place => {
    const { runId } = session;
    const { path, commit, subtaskId } = thread;
    return commit === null ? { kind: 'review', runId, path } : { kind: 'commit', runId, path, commit, subtaskId };
  };

  const render = (session: Session, thread: Thread, into: vscode.CommentThread) => {
    const isSent = thread.sentWith !== null;
    into.comments = thread.comments.map((comment) => new ReviewComment(session.runId, thread, comment));
    into.canReply = !isSent;
    into.contextValue = isSent ? SENT : OPEN;
    into.label = isSent ? vscode.l10n.t('Sent with revision {0}', thread.sentWith ?? 0) : vscode.l10n.t('Not sent yet');
  };

  const show = (session: Session) => {
    const wanted = new Map(session.state.threads.map((thread) => [thread.id, thread]));
    for (const [id, { runId, thread }] of shown) {
      if (runId !== session.runId || wanted.has(id)) continue;
      thread.dispose();
      shown.delete(id);
    }
    for (const thread of wanted.values()) {
      const range = new vscode.Range(thread.startLine, 0, thread.endLine, 0);
      const known = shown.get(thread.id)?.thread;
      const made = known ?? controller.createCommentThread(uris.of(placeOf(session, thread)), range, []);
      if (known !== undefined && !known.range?.isEqual(range)) known.range = range;
      const wasSent = made.contextValue === SENT;
      render(session, thread, made);
      if (thread.sentWith !== null && !wasSent) made.collapsibleState = vscode.CommentThreadCollapsibleState.Collapsed;
      shown.set(thread.id, { runId: session.runId, thread: made });
    }
  };

  const change = async (runId: string, update: (threads: Thread[]) => Thread[]) => {
    const session = await sessions.get(runId);
    session.update((state) => ({ ...state, threads: update(state.threads) }));
    show(session);
  };

  const idOf = (thread: vscode.CommentThread): string | null =>
    [...shown].find(([, known]) => known.thread === thread)?.[0] ?? null;

  const begin = async (place: Place, thread: vscode.CommentThread, body: string) => {
    const session = await sessions.get(place.runId);
    const range = thread.range ?? new vscode.Range(0, 0, 0, 0);
    const document = await vscode.workspace.openTextDocument(thread.uri);
    const endLine = Math.min(range.end.line, document.lineCount - 1);
    const made: Thread = {
      id: randomUUID(),
      path: place.path,
      commit: place.kind === 'commit' ? place.commit : null,
      subtaskId: place.kind === 'commit' ? place.subtaskId : null,
      startLine: Math.min(range.start.line, endLine),
      endLine,
      quoted: document.lineAt(endLine).text,
      comments: [newComment(body)],
      sentWith: null,
    };
    shown.set(made.id, { runId: session.runId, thread });
    await change(place.runId, (threads) => [...threads, made]);
  };

  return {
    show,
    async add([reply]) {
      if (!isReply(reply) || reply.text.trim() === '') return;
      const { thread, text } = reply;
      const place = uris.read(thread.uri);
      if (place === null) return;
      const id = idOf(thread);
      if (id === null) await begin(place, thread, text.trim());
      else await change(place.runId, (threads) => withComment(threads, id, newComment(text.trim())));
    },
    edit([comment]) {
      if (!(comment instanceof ReviewComment)) return;
      // The editor shows the text that was typed, not its escaped form.
      const stored = sessions.peek(comment.runId)?.state.threads.flatMap(({ comments }) => comments);
      comment.body = stored?.find(({ id }) => id === comment.id)?.body ?? comment.body;
      comment.mode = vscode.CommentMode.Editing;
      redraw(shown.get(comment.threadId)?.thread);
    },
    async saveEdit([comment]) {
      if (!(comment instanceof ReviewComment)) return;
      const body = (typeof comment.body === 'string' ? comment.body : comment.body.value).trim();
      await change(comment.runId, (threads) => withBody(threads, comment.id, body));
    },
    cancelEdit([comment]) {
      if (!(comment instanceof ReviewComment)) return;
      const session = sessions.peek(comment.runId);
      if (session !== undefined) show(session);
    },
    async remove([target]) {
      if (target instanceof ReviewComment) {
        await change(target.runId, (threads) => withoutComment(threads, target.id));
        return;
      }
      if (!isThread(target)) return;
      const id = idOf(target);
      const runId = id === null ? undefined : shown.get(id)?.runId;
      if (id === null || runId === undefined) target.dispose();
      else await change(runId, (threads) => threads.filter((thread) => thread.id !== id || thread.sentWith !== null));
    },
    async reattach(session) {
      const moved = new Map<string, number>();
      for (const thread of session.state.threads) {
        const file = thread.commit === null ? await session.file(thread.path) : null;
        const text = file === null || file.opaque !== null ? null : session.kept(file);
        const line = text === null ? null : relocated(thread.quoted, thread.endLine, splitLines(text));
        if (line !== null) moved.set(thread.id, line);
      }
      session.update((state) => movedTo(state, moved));
      show(session);
    },
    dispose() {
      for (const { thread } of shown.values()) thread.dispose();
      controller.dispose();
    },
  };
}

function newComment(body: string): Thread['comments'][number] {
  return { id: randomUUID(), body, at: new Date().toISOString() };
}

/** The editor looks at the comments of a thread only when there are new ones. */
function redraw(thread: vscode.CommentThread | undefined): void {
  if (thread !== undefined) thread.comments = [...thread.comments];
}

function withComment(threads: Thread[], id: string, comment: Thread['comments'][number]): Thread[] {
  return threads.map((thread) => (thread.id === id ? { ...thread, comments: [...thread.comments, comment] } : thread));
}

function withBody(threads: Thread[], commentId: string, body: string): Thread[] {
  if (body === '') return withoutComment(threads, commentId);
  return threads.map((thread) => ({
    ...thread,
    comments: thread.comments.map((comment) => (comment.id === commentId ? { ...comment, body } : comment)),
  }));
}

function withoutComment(threads: Thread[], commentId: string): Thread[] {
  return threads
    .map((thread) => ({ ...thread, comments: thread.comments.filter(({ id }) => id !== commentId) }))
    .filter(({ comments }) => comments.length > 0);
}

function movedTo(state: ReviewState, lines: ReadonlyMap<string, number>): ReviewState {
  const threads = state.threads.map((thread) => {
    const endLine = lines.get(thread.id) ?? thread.endLine;
    return { ...thread, startLine: Math.max(0, endLine - (thread.endLine - thread.startLine)), endLine };
  });
  return { ...state, threads };
}

function isThread(value: unknown): value is vscode.CommentThread {
  return typeof value === 'object' && value !== null && 'comments' in value && 'uri' in value && 'dispose' in value;
}

function isReply(value: unknown): value is vscode.CommentReply {
  if (typeof value !== 'object' || value === null || !('thread' in value) || !('text' in value)) return false;
  return typeof value.text === 'string' && isThread(value.thread);
}
