import * as vscode from 'vscode';
import { toAppError } from '../../protocol/errors.ts';
import type { RunView } from '../../protocol/view.ts';
import type { RunStore } from '../run-store.ts';
import type { AnyTree } from '../shells.ts';
import { agentRows, hasWorkingAgent } from './agent-rows.ts';
import { inboxRows } from './inbox-rows.ts';
import type { Row } from './nodes.ts';
import { registerRowBadges } from './row-badges.ts';
import { createTaskRows } from './task-rows.ts';
import { tooltipOf } from './tooltips.ts';
import { createTree, type Tree } from './tree-provider.ts';
import { isUnfinished, type Wording } from './wording.ts';

export interface TreeViews {
  inbox: vscode.TreeView<unknown>;
  agents: vscode.TreeView<unknown>;
  tasks: vscode.TreeView<unknown>;
}

export interface Trees extends vscode.Disposable {
  readonly inbox: AnyTree;
  readonly agents: AnyTree;
  readonly tasks: AnyTree;
}

/** What the trees show. */
export interface TreeSource {
  readonly runs: Pick<RunStore, 'load' | 'isLoaded' | 'all' | 'onDidChange'>;
}

/** Times that grow are shown to the minute. */
const ELAPSED_INTERVAL_MS = 5_000;

export function createTrees({ runs }: TreeSource, views: TreeViews): Trees {
  const wording: Wording = { l10n: vscode.l10n, locale: vscode.env.language };
  const taskRows = createTaskRows(wording);
  /** Why the runs could not be read at first; later a failure leaves what is known. */
  let failure: string | null = null;

  const load = async () => {
    try {
      await runs.load();
      failure = null;
    } catch (thrown) {
      failure = toAppError(thrown).userMessage;
    }
  };
  const treeOf = (view: keyof TreeViews, rows: (all: RunView[]) => Row[]): Tree =>
    createTree({
      load,
      rows: () => [...(failure === null || runs.isLoaded ? [] : [failureRow(view, failure)]), ...rows(runs.all())],
      tooltip: (node) => (node.kind === 'failure' ? failure : tooltipOf(wording, runs.all(), node, Date.now())),
    });
  const inbox = treeOf('inbox', (all) => inboxRows(wording, all, Date.now()));
  const agents = treeOf('agents', (all) => agentRows(wording, all, Date.now()));
  const tasks = treeOf('tasks', (all) => taskRows(all));
  const trees = [inbox, agents, tasks];

  const stopTicking = tickWhile(
    () => views.agents.visible && hasWorkingAgent(runs.all()),
    () => agents.update(),
  );
  const showBadge = () => {
    const waits = runs
      .all()
      .filter(isUnfinished)
      .flatMap((view) => view.waiting).length;
    const tooltip =
      waits === 1 ? vscode.l10n.t('1 decision waits for you') : vscode.l10n.t('{0} decisions wait for you', waits);
    if ((views.inbox.badge?.value ?? 0) !== waits)
      views.inbox.badge = waits === 0 ? undefined : { value: waits, tooltip };
  };
  const update = () => {
    for (const tree of trees) tree.update();
    showBadge();
    stopTicking.look();
  };

  const owned: vscode.Disposable[] = [
    ...trees,
    stopTicking,
    registerRowBadges(),
    runs.onDidChange(update),
    views.agents.onDidChangeVisibility(({ visible }) => {
      if (visible) agents.update();
      stopTicking.look();
    }),
  ];
  return {
    inbox: inbox.provider as AnyTree,
    agents: agents.provider as AnyTree,
    tasks: tasks.provider as AnyTree,
    dispose() {
      for (const owner of owned.reverse()) owner.dispose();
    },
  };
}

/** Works every few seconds as long as `isNeeded`; `look` finds out whether that has changed. */
function tickWhile(isNeeded: () => boolean, work: () => void): vscode.Disposable & { look(): void } {
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
  };
  return {
    look() {
      if (!isNeeded()) stop();
      else timer ??= setInterval(() => (isNeeded() ? work() : stop()), ELAPSED_INTERVAL_MS);
    },
    dispose: stop,
  };
}

function failureRow(view: keyof TreeViews, message: string): Row {
  const label = vscode.l10n.t('The runs cannot be read. Retry');
  return {
    node: { kind: 'failure', id: `failure ${view}` },
    label,
    description: message,
    icon: { id: 'refresh', color: 'charts.red' },
    context: 'failure',
    folding: 'none',
    click: { command: 'refresh', title: vscode.l10n.t('Retry') },
    badge: null,
    speech: `${label}. ${message}`,
    children: [],
  };
}
