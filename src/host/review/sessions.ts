import type * as vscode from 'vscode';
import { AppError } from '../../protocol/errors.ts';
import type { RunView } from '../../protocol/view.ts';
import type { HostBase } from '../app.ts';
import { openSession, type Session, type SessionParts } from './session.ts';

/** The reviews of this window, opened when first asked for and kept as their runs are. */
export interface Sessions extends vscode.Disposable {
  /** Reads the runs first, when needed. Throws `not_found` for one that is not there. */
  get(runId: string): Promise<Session>;
  /** Without opening one. */
  peek(runId: string): Session | undefined;
  all(): Session[];
}

export interface SessionsParts extends SessionParts {
  app: HostBase;
  onOpened(session: Session): void;
  /** The wait that was open is over, or another proposal is there. */
  onMoved(session: Session, view: RunView, dropped: readonly string[], before: Before): void;
  onError(error: unknown): void;
}

/** How a session was before its run changed. */
export interface Before {
  commit: string;
  topic: string | null;
}

export async function viewOf(app: HostBase, runId: string): Promise<RunView> {
  if (app.runs.get(runId) === undefined) await app.runs.load();
  const view = app.runs.get(runId) ?? (await app.service.call('snapshot', { runId }));
  if (view !== null) return view;
  throw new AppError({
    code: 'not_found',
    message: `no run ${runId}`,
    userMessage: `Run ${runId} is not there any more; it may have been deleted.`,
  });
}

export function createSessions(parts: SessionsParts): Sessions {
  const { app } = parts;
  const opening = new Map<string, Promise<Session>>();
  const open = new Map<string, Session>();
  /** Changes of one run are taken in one after the other. */
  let syncing: Promise<void> = Promise.resolve();

  const start = async (runId: string) => {
    const view = await viewOf(app, runId);
    const session = await openSession(parts, view);
    open.set(runId, session);
    parts.onOpened(session);
    return session;
  };

  const sync = async (runId: string) => {
    const session = open.get(runId);
    const view = app.runs.get(runId);
    if (session === undefined || view === undefined) return;
    const before = { commit: session.state.commit, topic: session.wait?.topic ?? null };
    const dropped = await session.sync(view);
    const isSame = before.commit === session.state.commit && before.topic === (session.wait?.topic ?? null);
    if (!isSame) parts.onMoved(session, view, dropped, before);
  };

  const subscription = app.runs.onDidChange((runIds) => {
    for (const runId of runIds) {
      if (open.has(runId)) syncing = syncing.then(() => sync(runId)).catch(parts.onError);
    }
  });

  return {
    get(runId) {
      const known = opening.get(runId);
      if (known !== undefined) return known;
      const work = start(runId);
      opening.set(runId, work);
      // The next one to ask tries again.
      work.catch(() => opening.delete(runId));
      return work;
    },
    peek: (runId) => open.get(runId),
    all: () => [...open.values()],
    dispose() {
      subscription.dispose();
      for (const session of open.values()) session.dispose();
    },
  };
}
