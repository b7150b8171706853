import * as vscode from 'vscode';
import type { ConsoleMethod, ConsoleParams, ConsoleResults, ConsoleTab, RunSummary } from '../../protocol/console.ts';
import { AppError } from '../../protocol/errors.ts';
import type { Intent } from '../../protocol/intents.ts';
import type { RunView } from '../../protocol/view.ts';
import type { HostBase, Review } from '../app.ts';
import { commandId } from '../ids.ts';
import { workspaceDirs } from '../settings.ts';
import { purposeName } from '../trees/wording.ts';
import { withBrief } from './draft.ts';
import type { DraftStore } from './draft-store.ts';
import { importFile, importSelection } from './import-brief.ts';
import { openTarget } from './open-target.ts';
import { checkDraft, requireTrusted, startRun } from './start-run.ts';

/** What the handlers need of the panel. */
export interface Page {
  readonly app: HostBase & { review: Review };
  readonly drafts: DraftStore;
  readonly shown: { tab: ConsoleTab; runId: string | null };
  remember(tab: ConsoleTab, runId: string | null): void;
  /** Sends events of this run from now on. */
  feed(runId: string | null): void;
  /** Sends the events of this run up to a sequence number, as far as the page keeps them. */
  sendHistory(runId: string, untilSeq: number): void;
  /** The page has been drawn and can take events: what takes longer is sent after. */
  loaded(): void;
  sendDraft(): void;
  lastEditor(): vscode.TextEditor | undefined;
}

export type Answers = {
  [M in ConsoleMethod]: (params: (typeof ConsoleParams)[M]['_output']) => Promise<ConsoleResults[M]>;
};

export function summaries(views: readonly RunView[]): RunSummary[] {
  return views.map(({ runId, brief, purpose, status, stage, startedAt, waiting }) => ({
    runId,
    name: purposeName({ l10n: vscode.l10n }, purpose, brief?.name ?? runId),
    status,
    stage,
    startedAt,
    waiting: waiting.length,
  }));
}

export function createAnswers(page: Page): Answers {
  const { app, drafts } = page;

  const known = async (runId: string): Promise<RunView> => {
    await app.runs.load();
    const view = app.runs.get(runId) ?? null;
    if (view !== null) return view;
    const userMessage = vscode.l10n.t('Run {0} is not one of this window. Pick another one.', runId);
    throw new AppError({ code: 'not_found', message: `unknown run ${runId}`, userMessage });
  };

  return {
    ready: async () => {
      page.feed(null);
      page.loaded();
      return {
        ...page.shown,
        draft: drafts.get(),
        runs: app.runs.isLoaded ? summaries(app.runs.all()) : [],
        folders: workspaceDirs(),
        isTrusted: vscode.workspace.isTrusted,
      };
    },
    watch: async ({ runId }) => {
      await app.runs.load();
      const view = app.runs.get(runId) ?? (await app.service.call('snapshot', { runId }));
      page.feed(view === null ? null : runId);
      // Read again: the run may have gone on while it was asked for.
      const now = app.runs.get(runId) ?? view;
      if (now !== null) page.sendHistory(runId, now.seq);
      return now;
    },
    shown: async ({ tab, runId }) => {
      page.remember(tab, runId);
      return null;
    },
    saveDraft: async ({ draft }) => {
      drafts.set(draft);
      return null;
    },
    clearDraft: async () => drafts.clear(),
    checkDraft: ({ draft }) => checkDraft(app, draft),
    importBrief: async ({ from }) => {
      const imported =
        from === 'file' ? await importFile(app.service) : await importSelection(app.service, page.lastEditor());
      if (imported?.brief) {
        drafts.set(withBrief(drafts.get(), imported.brief));
        page.sendDraft();
      }
      return imported;
    },
    chooseFolder: () => chooseFolder(drafts),
    start: async ({ draft }) => {
      const runId = await startRun(app, draft);
      drafts.clear();
      page.sendDraft();
      return { runId };
    },
    dispatch: async ({ intent }) => ({ runId: await carryOut(page, intent, known) }),
    open: async ({ target }) => {
      await openTarget(app, await known(target.runId), target);
      return null;
    },
    output: async ({ runId, outputFile }) => {
      await known(runId);
      return app.service.call('output', { runId, outputFile });
    },
    copy: async ({ text }) => {
      await vscode.env.clipboard.writeText(text);
      return null;
    },
    command: async ({ command, runId }) => {
      // Not awaited: a command may ask the person and take as long as they like.
      vscode.commands.executeCommand(commandId(command), { runId }).then(undefined, (error: unknown) => {
        app.log.error(`${command}: ${String(error)}`);
      });
      return null;
    },
  };
}

async function carryOut(page: Page, intent: Intent, known: (runId: string) => Promise<RunView>): Promise<string> {
  const { app } = page;
  if (intent.type === 'start' || intent.type === 'delete') {
    throw new AppError({ code: 'usage', message: `the console does not ask for ${intent.type} in this way` });
  }
  const isEnding = ['cancel', 'pause'].includes(intent.type);
  if (!isEnding) requireTrusted();
  const { runId: ofRunId } = await known(intent.runId);
  const { runId } = await app.service.call('dispatch', { intent, local: false });
  if (!isEnding) await app.live.add(ofRunId);
  // A deployment, or a rollback, is a run of its own.
  if (runId !== ofRunId) await app.live.add(runId);
  return runId;
}

/** A folder of the window; null when the person left, or went to another window. */
async function chooseFolder(drafts: DraftStore): Promise<string | null> {
  const current = drafts.get().workspaceDir;
  const picked = await vscode.window.showOpenDialog({
    title: vscode.l10n.t('Folder to work in'),
    openLabel: vscode.l10n.t('Choose'),
    canSelectFiles: false,
    canSelectFolders: true,
    canSelectMany: false,
    ...(current === '' ? {} : { defaultUri: vscode.Uri.file(current) }),
  });
  const [folder] = picked ?? [];
  if (folder === undefined) return null;
  if (workspaceDirs().includes(folder.fsPath)) return folder.fsPath;
  const open = vscode.l10n.t('Open It');
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t('Runs work in folders of the window. Open {0}? The draft comes along.', folder.fsPath),
    { modal: true },
    open,
  );
  if (answer === open) await drafts.takeTo(folder);
  return null;
}
