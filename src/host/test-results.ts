import * as vscode from 'vscode';
import type { RunView } from '../protocol/view.ts';
import type { Evidence } from '../protocol/work.ts';
import { commandId } from './ids.ts';
import type { RunStore } from './run-store.ts';
import { type CheckGroup, type CheckResult, checkGroups } from './test-results/check-results.ts';
import { runName, type Wording } from './trees/wording.ts';

/** What the Testing view is made from. */
export interface TestSource {
  readonly runs: Pick<RunStore, 'all' | 'get' | 'onDidChange'>;
}

const CONTROLLER = 'orchestrator.tests';

/** Puts the tests that the host ran for a run into the Testing view. Nothing is made before there are some. */
export function createTestResults(
  { runs }: TestSource,
  makeController = () => vscode.tests.createTestController(CONTROLLER, 'AI Development Orchestrator'),
): vscode.Disposable {
  const wording: Wording = { l10n: vscode.l10n, locale: vscode.env.language };
  /** Of each run, the evidence that each group shows. */
  const shown = new Map<string, Map<string, readonly Evidence[]>>();
  const targets = new WeakMap<vscode.TestItem, { runId: string; subtaskId: string | null; index: number }>();
  let controller: vscode.TestController | null = null;

  const open = (): vscode.TestController => {
    if (controller !== null) return controller;
    controller = makeController();
    // The host runs the checks, nobody else: all that can be done with a result is to look at what is behind it.
    controller.createRunProfile(vscode.l10n.t('Open evidence'), vscode.TestRunProfileKind.Run, async ({ include }) => {
      const target = include?.[0] === undefined ? undefined : targets.get(include[0]);
      if (target !== undefined) await vscode.commands.executeCommand(commandId('openEvidence'), target);
      else
        void vscode.window.showInformationMessage(
          vscode.l10n.t('The run has run these tests. Choose one of them to see its evidence.'),
        );
    });
    return controller;
  };

  const itemOf = (of: vscode.TestController, siblings: vscode.TestItemCollection, id: string, label: string) => {
    const known = siblings.get(id);
    if (known !== undefined) return known;
    const item = of.createTestItem(id, label);
    siblings.add(item);
    return item;
  };

  const showGroup = (of: vscode.TestController, parent: vscode.TestItem, runId: string, group: CheckGroup) => {
    const { subtaskId, checks } = group;
    const groupItem = itemOf(of, parent.children, group.id, group.label);
    targets.set(groupItem, { runId, subtaskId, index: checks[0]?.index ?? 0 });
    keepOnly(groupItem.children, new Set(checks.map(({ id }) => id)));
    return checks.map((check) => {
      const item = itemOf(of, groupItem.children, check.id, check.label);
      item.description = check.command;
      item.sortText = String(check.index).padStart(4, '0');
      targets.set(item, { runId, subtaskId, index: check.index });
      return { item, check };
    });
  };

  const show = (view: RunView) => {
    const groups = checkGroups(wording, view);
    const before = shown.get(view.runId);
    if (groups.length === 0) return remove(view.runId);
    const fresh = groups.filter((group) => before?.get(group.id) !== group.evidence);
    if (fresh.length === 0 && before?.size === groups.length) return;
    const of = open();
    const parent = itemOf(of, of.items, view.runId, runName(wording, view));
    keepOnly(parent.children, new Set(groups.map(({ id }) => id)));
    const results = fresh.flatMap((group) => showGroup(of, parent, view.runId, group));
    report(of, runName(wording, view), results);
    shown.set(view.runId, new Map(groups.map(({ id, evidence }) => [id, evidence])));
  };

  const remove = (runId: string) => {
    if (shown.delete(runId)) controller?.items.delete(runId);
  };

  for (const view of runs.all()) show(view);
  const subscription = runs.onDidChange((runIds) => {
    for (const runId of runIds) {
      const view = runs.get(runId);
      if (view === undefined) remove(runId);
      else show(view);
    }
  });
  return new vscode.Disposable(() => {
    subscription.dispose();
    controller?.dispose();
  });
}

function keepOnly(items: vscode.TestItemCollection, ids: ReadonlySet<string>): void {
  for (const [id] of [...items]) if (!ids.has(id)) items.delete(id);
}

function report(
  controller: vscode.TestController,
  name: string,
  results: readonly { item: vscode.TestItem; check: CheckResult }[],
): void {
  if (results.length === 0) return;
  const request = new vscode.TestRunRequest(results.map(({ item }) => item));
  const run = controller.createTestRun(request, name, false);
  for (const { item, check } of results) {
    if (check.output !== '') run.appendOutput(`${check.output.replace(/\r?\n/g, '\r\n')}\r\n`, undefined, item);
    const message = new vscode.TestMessage(check.message);
    switch (check.outcome) {
      case 'passed':
        run.passed(item, check.durationMs);
        break;
      case 'failed':
        run.failed(item, message, check.durationMs);
        break;
      case 'errored':
        run.errored(item, message, check.durationMs);
        break;
      case 'skipped':
        run.skipped(item);
    }
  }
  run.end();
}
