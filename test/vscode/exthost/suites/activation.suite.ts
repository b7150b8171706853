import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { COMMANDS, commandId, EXTENSION_ID } from '../../../../src/host/ids.ts';

/** Commands of the programs that this process, the extension host, has started and that still run. */
function children(): string[] {
  const { _getActiveHandles } = process as unknown as { _getActiveHandles(): object[] };
  return _getActiveHandles
    .call(process)
    .map((handle) => (handle as { spawnargs?: string[] }).spawnargs?.join(' ') ?? '')
    .filter((command) => command !== '');
}

describe('activation', () => {
  it('registers every command', async () => {
    const extension = vscode.extensions.getExtension(EXTENSION_ID);
    assert.ok(extension, `${EXTENSION_ID} is not there`);
    await extension.activate();
    const registered = new Set(await vscode.commands.getCommands(true));
    assert.deepEqual(
      COMMANDS.map((name) => commandId(name)).filter((id) => !registered.has(id)),
      [],
    );
  });

  it('starts nothing: the orchestrator has no process before its first use', () => {
    assert.deepEqual(
      children().filter((command) => command.includes('service.js')),
      [],
    );
  });

  it('shows that process when it is used, so that the look above can find one', async () => {
    await vscode.commands.executeCommand(commandId('refresh'));
    assert.equal(children().filter((command) => command.includes('service.js')).length, 1);
  });

  it('gives no way into it to other extensions', () => {
    assert.equal(vscode.extensions.getExtension(EXTENSION_ID)?.exports, undefined);
  });
});
