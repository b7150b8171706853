import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { commandId } from '../../../../src/host/ids.ts';
import { type Person, sitDown } from '../person.ts';

const KEY = 'xai-9f8e7d6c5b4a39281706f5e4d3c2b1a0';
const NAME = 'XAI_API_KEY';

/** Files below `dir` that contain the text. */
function holding(text: string, dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => {
      try {
        return statSync(file).size < 50_000_000 && readFileSync(file).includes(text);
      } catch {
        // A file of the moment.
        return false;
      }
    });
}

describe('keys', () => {
  let person: Person;

  beforeEach(() => {
    person = sitDown();
  });
  afterEach(async () => {
    person.leave();
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  /** The rows of the quick pick: key and whether it is set. */
  async function states(): Promise<string[]> {
    person.shown.length = 0;
    person.answer = () => undefined;
    await vscode.commands.executeCommand(commandId('setKeys'));
    return person.shown[0]?.choices ?? [];
  }

  async function set(text: string): Promise<void> {
    person.answer = ({ kind }) => (kind === 'pick' ? NAME : kind === 'input' ? text : undefined);
    await vscode.commands.executeCommand(commandId('setKeys'));
  }

  it('are asked for in a password box and are set from then on', async () => {
    assert.ok((await states()).includes(`${NAME}: not set`));
    await set(` ${KEY} `);
    const input = person.shown.find(({ kind }) => kind === 'input');
    assert.equal(input?.isPassword, true);
    assert.match(person.shown.at(-1)?.text ?? '', /XAI_API_KEY is set/);
    assert.deepEqual(person.shown.at(-1)?.choices, ['Test Keys', 'Set Another']);
    assert.deepEqual(await states(), [
      'XAI_API_KEY: set',
      'ANTHROPIC_API_KEY: not set',
      'GITHUB_TOKEN: not set',
      'APPWRITE_API_KEY: not set',
      'ORCHESTRATOR_RECORDS_KEY: not set',
    ]);
  });

  it('are in no message, in no setting, and in no file of the editor or of the state folder', async () => {
    await set(KEY);
    await vscode.commands.executeCommand(commandId('doctor'));
    await vscode.commands.executeCommand(commandId('refresh'));
    assert.doesNotMatch(JSON.stringify(person.shown), new RegExp(KEY));
    assert.doesNotMatch(JSON.stringify(vscode.workspace.getConfiguration()), new RegExp(KEY));
    assert.doesNotMatch(vscode.window.activeTextEditor?.document.getText() ?? '', new RegExp(KEY));
    assert.doesNotMatch(JSON.stringify(process.env), new RegExp(KEY));
    // The harness gives the window a data folder and a home of its own; a person's home is not to be searched.
    const home = homedir();
    if (!home.includes('orchestrator-')) return;
    assert.notDeepEqual(
      holding('the orchestrator process has started', dirname(home)),
      [],
      'the log is looked at, too',
    );
    assert.deepEqual(holding(KEY, dirname(home)), []);
  });

  it('are gone when they are removed', async () => {
    await set(KEY);
    person.answer = ({ kind }) => (kind === 'pick' ? NAME : undefined);
    await vscode.commands.executeCommand(commandId('removeKeys'));
    assert.ok((await states()).includes(`${NAME}: not set`));
    await vscode.commands.executeCommand(commandId('removeKeys'));
    assert.match(person.shown.at(-1)?.text ?? '', /No keys are set here/);
  });
});
