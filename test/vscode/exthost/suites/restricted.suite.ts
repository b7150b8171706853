import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { type CommandName, commandId } from '../../../../src/host/ids.ts';
import { until } from '../../harness/until.ts';
import { type Person, sitDown } from '../person.ts';

const tabs = () => vscode.window.tabGroups.all.flatMap((group) => group.tabs).map(({ label }) => label);

describe('in a folder that is not trusted', () => {
  const ACTING: CommandName[] = [
    'newTask',
    'runBriefFromFile',
    'startSample',
    'approvePlan',
    'rejectPlan',
    'answerQuestions',
    'acceptAll',
    'rejectDiff',
    'pause',
    'resume',
    'cancel',
    'retrySubtask',
    'decideSubtask',
    'deploy',
    'deleteRun',
    'testKeys',
  ];
  let person: Person;
  const trust = Object.getOwnPropertyDescriptor(vscode.workspace, 'isTrusted');

  before(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));
  beforeEach(() => {
    person = sitDown();
    // The window of the tests is trusted, and trust cannot be taken back from inside.
    Object.defineProperty(vscode.workspace, 'isTrusted', { configurable: true, get: () => false });
  });
  afterEach(async () => {
    person.leave();
    if (trust !== undefined) Object.defineProperty(vscode.workspace, 'isTrusted', trust);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  for (const name of ACTING) {
    it(`${name} starts nothing and says why`, async () => {
      await vscode.commands.executeCommand(commandId(name));
      assert.deepEqual(
        person.shown.map(({ text }) => text),
        ['This folder is not trusted: nothing is started, executed or accepted in it.'],
      );
      assert.ok(!tabs().includes('Orchestrator'), 'the console is open');
    });
  }

  it('the doctor looks at this machine, and not into the folder', async () => {
    await vscode.commands.executeCommand(commandId('doctor'));
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '?';
    // A table of an earlier look is replaced by and by.
    const isOther = () => {
      const text = vscode.window.activeTextEditor?.document.getText() ?? '';
      return /git {2,}/.test(text) && !text.includes(folder);
    };
    await until(isOther, { what: 'a table without the folder', timeoutMs: 10_000 });
  });
});
