import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { COMMANDS, commandId, EXTENSION_ID } from '../../../../src/host/ids.ts';

describe('the extension', () => {
  it('activates and registers every command', async () => {
    const extension = vscode.extensions.getExtension(EXTENSION_ID);
    assert.ok(extension, `${EXTENSION_ID} is not there`);
    await extension.activate();
    const registered = new Set(await vscode.commands.getCommands(true));
    assert.deepEqual(
      COMMANDS.map((name) => commandId(name)).filter((id) => !registered.has(id)),
      [],
    );
  });
});
