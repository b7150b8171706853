import assert from 'node:assert/strict';
import * as vscode from 'vscode';

describe('probe', () => {
  it('activates an extension that is an ES module, and lets it load a part of itself late', async () => {
    assert.equal(await vscode.commands.executeCommand('probe.answer'), 42);
  });

  it('sees the workspace and the environment of the run, and no key of a person', () => {
    assert.equal(vscode.workspace.workspaceFolders?.length, 1);
    assert.match(process.env.ORCHESTRATOR_HOME ?? '', /vsc-own-/);
    assert.match(process.env.HOME ?? '', /vsc-/);
    assert.equal(process.env.ANTHROPIC_API_KEY, undefined);
  });

  it('is skipped');

  it('fails', () => {
    throw new Error('told to fail');
  });

  it('hangs', () => {
    for (;;);
  });
});
