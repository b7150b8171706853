import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { AnyTree } from '../../../../src/host/shells.ts';
import { acted, aRun, integrated, started, waits, withEvents } from '../../../../src/host/trees/testing.ts';
import { createTrees, type Trees } from '../../../../src/host/trees/trees.ts';
import { AppError } from '../../../../src/protocol/errors.ts';
import { aSubtask } from '../../../fakes/plan.ts';
import { until } from '../../harness/until.ts';
import { FakeRuns } from './fake-runs.ts';

const WAIT_MS = 20_000;

type Node = { id: string };
const idOf = (node: unknown) => (node as Node).id;

/** A tree that notes what the editor asks of it. */
function watched(tree: AnyTree) {
  const asked: string[] = [];
  const unfolded: string[] = [];
  const provider: AnyTree = {
    ...tree,
    getTreeItem(node) {
      asked.push(idOf(node));
      return tree.getTreeItem(node);
    },
    getChildren(node) {
      if (node !== undefined) unfolded.push(idOf(node));
      return tree.getChildren(node);
    },
  };
  return { provider, asked, unfolded };
}

async function rowsOf(tree: AnyTree, node?: unknown): Promise<unknown[]> {
  return (await tree.getChildren(node)) ?? [];
}

async function itemsOf(tree: AnyTree, node?: unknown): Promise<vscode.TreeItem[]> {
  return Promise.all((await rowsOf(tree, node)).map((row) => tree.getTreeItem(row)));
}

const shown = (items: readonly vscode.TreeItem[]) => items.map(({ label, description }) => `${label}: ${description}`);
const iconOf = (item: vscode.TreeItem | undefined) => (item?.iconPath as vscode.ThemeIcon | undefined)?.id;

describe('the trees', () => {
  const plan = [aSubtask('api'), aSubtask('db'), aSubtask('page', { dependsOn: ['api'] })];
  let runs: FakeRuns;
  let trees: Trees;
  /** Stand for the views that the extension made: only their badge and visibility matter here. */
  let badge: vscode.ViewBadge | undefined;
  const owned: vscode.Disposable[] = [];

  beforeEach(() => {
    runs = new FakeRuns();
    badge = undefined;
    const view = {
      visible: true,
      onDidChangeVisibility: () => new vscode.Disposable(() => undefined),
      set badge(value: vscode.ViewBadge | undefined) {
        badge = value;
      },
      get badge() {
        return badge;
      },
    } as unknown as vscode.TreeView<unknown>;
    trees = createTrees({ runs }, { inbox: view, agents: view, tasks: view });
    owned.push(trees);
  });

  afterEach(async () => {
    for (const owner of owned.splice(0).reverse()) owner.dispose();
    await vscode.commands.executeCommand('setContext', 'harness.tree', false);
  });

  it('show a run from its plan to its end', async () => {
    assert.deepEqual(await rowsOf(trees.tasks), []);
    let view = aRun('r1', plan);
    runs.put(view);
    assert.deepEqual(shown(await itemsOf(trees.tasks)), ['Run r1: building · 0 of 3 integrated']);
    const [run] = await rowsOf(trees.tasks);
    const subtasks = () => itemsOf(trees.tasks, run);
    const ready = ['Build api: not started', 'Build db: not started', 'Build page: not started · after: Build api'];
    assert.deepEqual(shown(await subtasks()), ready);

    view = withEvents(view, started('db'), acted('db', 'writes db/a.js'), waits('plan'));
    runs.put(view);
    const [working] = await subtasks();
    assert.deepEqual(
      [working?.label, iconOf(working), working?.contextValue],
      ['Build db', 'play-circle', 'subtask worktree'],
    );
    assert.match(shown(await itemsOf(trees.agents))[1] ?? '', /^backend-1: working · .*Build db · writes db\/a\.js/);
    assert.match(shown(await itemsOf(trees.inbox))[0] ?? '', /^Approve the plan: Run r1 · since /);
    assert.deepEqual([badge?.value, badge?.tooltip], [1, '1 decision waits for you']);

    view = withEvents(
      view,
      { type: 'subtask.revised', subtaskId: 'db', round: 2, findings: [] },
      integrated('db', 'db/a.js'),
    );
    runs.put(withEvents(view, { type: 'run.completed', url: null, stoppedAfter: 'build' }));
    const last = (await rowsOf(trees.tasks, run)).at(-1);
    const item = await trees.tasks.getTreeItem(last);
    assert.equal(item.description, 'integrated · round 2');
    assert.equal(item.resourceUri?.query, 'round=2');
    const [file] = await itemsOf(trees.tasks, last);
    assert.equal(file?.command?.command, 'orchestrator.openDiff');
    assert.deepEqual(file.command.arguments?.[0], {
      ...{ kind: 'file', id: 'file r1 db db/a.js', runId: 'r1', subtaskId: 'db', path: 'db/a.js' },
    });
    assert.match(file.resourceUri?.path ?? '', /db\/a\.js$/);
    assert.deepEqual([await rowsOf(trees.agents), await rowsOf(trees.inbox), badge], [[], [], undefined]);
  });

  it('give every row words for screen readers, and what it is about when somebody points at it', async () => {
    runs.put(
      withEvents(aRun('r1', plan), started('db'), integrated('db', 'a.js'), waits('diff', { message: 'Look at it.' })),
    );
    const all: vscode.TreeItem[] = [];
    const visit = async (tree: AnyTree, node?: unknown): Promise<void> => {
      for (const row of await rowsOf(tree, node)) {
        const item = await tree.getTreeItem(row);
        const token = new vscode.CancellationTokenSource().token;
        all.push((await tree.resolveTreeItem?.(item, row, token)) ?? item);
        await visit(tree, row);
      }
    };
    for (const tree of [trees.inbox, trees.agents, trees.tasks]) await visit(tree);
    for (const { label, accessibilityInformation, tooltip } of all) {
      assert.ok(accessibilityInformation?.label.includes(String(label)) || tooltip === 'a.js', String(label));
      assert.ok(typeof tooltip === 'string' && tooltip !== '', String(label));
    }
    assert.match(String(all[0]?.tooltip), /Look at it\.$/);
  });

  it('say when the runs cannot be read, and read them at a retry', async () => {
    runs.trouble = new AppError({ code: 'internal', message: 'no', userMessage: 'The state is of a newer version.' });
    const [row] = await itemsOf(trees.tasks);
    assert.equal(row?.description, 'The state is of a newer version.');
    assert.equal(row.command?.command, 'orchestrator.refresh');
    const fired: unknown[] = [];
    owned.push(trees.tasks.onDidChangeTreeData?.((node) => fired.push(node)) ?? assert.fail());
    runs.recover();
    assert.deepEqual(fired, [undefined]);
    assert.deepEqual(await rowsOf(trees.tasks), []);
  });

  it('draw only the rows that changed while 100 subtasks get 50 events a second', async () => {
    const many = Array.from({ length: 50 }, (_, n) => aSubtask(`part-${n}`));
    let [one, two] = [aRun('r1', many), aRun('r2', many)];
    one = withEvents(one, ...many.slice(0, 4).map(({ id }, n) => started(id, `backend-${n + 1}`)));
    two = withEvents(two, ...many.slice(0, 4).map(({ id }, n) => started(id, `backend-${n + 1}`)));
    runs.put(two, one);
    const before = new Map<string, unknown>();
    const fired: Record<'agents' | 'tasks', unknown[]> = { agents: [], tasks: [] };
    for (const name of ['agents', 'tasks'] as const) {
      for (const row of await rowsOf(trees[name])) {
        for (const node of [row, ...(await rowsOf(trees[name], row))]) before.set(idOf(node), node);
      }
      owned.push(trees[name].onDidChangeTreeData?.((nodes) => fired[name].push(nodes)) ?? assert.fail());
    }
    // Two seconds: the store tells ten times a second of what has come since.
    for (let turn = 0; turn < 20; turn += 1) {
      const agentId = `backend-${(turn % 4) + 1}`;
      const subtaskId = `part-${turn % 4}`;
      one = withEvents(one, ...[1, 2, 3, 4].map((n) => acted(subtaskId, `edits ${turn}-${n}`, agentId)));
      one = withEvents(one, { type: 'subtask.revised', subtaskId, round: turn + 2, findings: [] });
      runs.put(one);
    }
    assert.equal(fired.tasks.length, 20);
    assert.equal(fired.agents.length, 20);
    assert.ok(fired.tasks.every((nodes) => Array.isArray(nodes) && nodes.length === 1));
    const drawn = new Set([...fired.tasks, ...fired.agents].flat().map(idOf));
    // The time of a working agent may go on in between.
    const working = [...before.keys()].filter((id) => /^agent r\d (lead|backend-[1-4])$/.test(id));
    const concerned = new Set([...working, ...[0, 1, 2, 3].map((n) => `subtask r1 part-${n}`)]);
    assert.deepEqual(
      [...drawn].filter((id) => !concerned.has(id)),
      [],
    );
    for (const name of ['agents', 'tasks'] as const) {
      for (const nodes of fired[name]) {
        for (const node of nodes as Node[]) assert.equal(node, before.get(node.id));
      }
      for (const row of await rowsOf(trees[name])) {
        for (const node of [row, ...(await rowsOf(trees[name], row))]) assert.equal(node, before.get(idOf(node)));
      }
    }
  });

  it('keep selection and folding in the editor over updates, and let it draw nothing else', async () => {
    let view = withEvents(aRun('r1', plan), started('db'), started('api', 'backend-2'), integrated('api', 'api/a.js'));
    runs.put(aRun('r0'), view);
    const { provider, asked, unfolded } = watched(trees.tasks);
    await vscode.commands.executeCommand('setContext', 'harness.tree', true);
    const treeView = vscode.window.createTreeView('harness.tree', { treeDataProvider: provider });
    owned.push(treeView);
    const folded: unknown[] = [];
    owned.push(treeView.onDidCollapseElement(({ element }) => folded.push(element)));
    await vscode.commands.executeCommand('harness.tree.focus');
    const [run] = await rowsOf(trees.tasks);
    const subtasks = await rowsOf(trees.tasks, run);
    const api = subtasks.find((node) => idOf(node) === 'subtask r1 api');
    const [file] = await rowsOf(trees.tasks, api);
    await treeView.reveal(file, { select: true, focus: true, expand: true });
    await until(() => treeView.selection.length === 1, { what: 'the selection', timeoutMs: WAIT_MS });
    assert.deepEqual(treeView.selection.map(idOf), ['file r1 api api/a.js']);

    asked.length = 0;
    view = withEvents(view, { type: 'subtask.revised', subtaskId: 'db', round: 2, findings: [] });
    runs.put(view);
    await until(() => asked.length > 0, { what: 'the row that has changed', timeoutMs: WAIT_MS });
    assert.deepEqual([...new Set(asked)], ['subtask r1 db']);

    unfolded.length = 0;
    // Rows move: the run is drawn anew, with all below it.
    runs.put(withEvents(view, integrated('db', 'db/a.js')));
    await until(() => unfolded.includes('subtask r1 api'), {
      what: 'the files of the unfolded subtask',
      timeoutMs: WAIT_MS,
    });
    assert.deepEqual(treeView.selection.map(idOf), ['file r1 api api/a.js']);
    assert.deepEqual(folded, []);
    assert.equal(unfolded.includes('run r0'), false);
  });
});
