import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { CONSOLE_VIEW_TYPE, type CommandName, commandId } from '../../../../src/host/ids.ts';
import { until } from '../../harness/until.ts';

const run = (name: CommandName, ...args: unknown[]) => vscode.commands.executeCommand(commandId(name), ...args);

/** Tabs that hold the console; the editor adds a prefix of its own to the type. */
function consoles(): vscode.Tab[] {
  return vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith(CONSOLE_VIEW_TYPE));
}

const opened = (count: number) =>
  until(() => consoles().length === count, { what: `${count} consoles`, timeoutMs: 20_000 });

describe('the console', () => {
  beforeEach(async () => {
    await vscode.window.tabGroups.close(consoles());
    await opened(0);
  });
  after(() => vscode.window.tabGroups.close(consoles()));

  it('opens in the editor area, under its name', async () => {
    await run('newTask');
    await opened(1);
    const [tab] = consoles();
    assert.equal(tab?.label, 'Orchestrator');
    assert.equal(tab?.isActive, true);
  });

  it('is one for a window: a second command shows the same', async () => {
    await run('newTask');
    await run('showDashboard');
    await run('newTask');
    await opened(1);
  });

  it('comes back to the front when something covers it', async () => {
    await run('newTask');
    await opened(1);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content: 'in front' }));
    assert.equal(consoles()[0]?.isActive, false);
    await run('newTask');
    await until(() => consoles()[0]?.isActive === true, { what: 'the console in front', timeoutMs: 20_000 });
  });

  it('opens anew after it was closed', async () => {
    await run('newTask');
    await opened(1);
    await vscode.window.tabGroups.close(consoles());
    await opened(0);
    await run('newTask');
    await opened(1);
  });

  it('has a document for the log of a deployment, that nobody can change', async () => {
    await run('newTask');
    const uri = vscode.Uri.from({ scheme: 'orchestrator-deployment', path: '/run-none/0/site.log' });
    const document = await vscode.workspace.openTextDocument(uri);
    assert.match(document.getText(), /no log/);
    assert.equal(vscode.workspace.fs.isWritableFileSystem(uri.scheme) ?? false, false);
  });
});
