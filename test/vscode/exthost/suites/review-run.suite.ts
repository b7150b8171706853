import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { type CommandName, commandId } from '../../../../src/host/ids.ts';
import { createUris } from '../../../../src/host/review/uris.ts';
import type { RunView } from '../../../../src/protocol/view.ts';
import { until } from '../../harness/until.ts';
import { type Person, sitDown } from '../person.ts';

const command = (name: CommandName, ...args: unknown[]) => vscode.commands.executeCommand(commandId(name), ...args);
const uris = createUris();

describe('a review of the sample', function () {
  this.timeout(300_000);
  let person: Person;
  let dir: string;

  before(() => {
    person = sitDown();
    dir = mkdtempSync(join(tmpdir(), 'orchestrator-review-run-'));
  });
  after(async () => {
    person.answer = ({ isModal, choices }) => (isModal ? choices[0] : undefined);
    await command('cancel');
    person.leave();
    rmSync(dir, { recursive: true, force: true });
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  const heard = (pattern: RegExp, timeoutMs: number) =>
    until(() => person.shown.find(({ text }) => pattern.test(text)), { what: `a message ${pattern}`, timeoutMs });
  const exported = async (): Promise<RunView> => {
    const file = join(dir, 'run.json');
    const before = person.answer;
    person.answer = ({ kind }) => (kind === 'save_dialog' ? file : undefined);
    await command('exportRun');
    person.answer = before;
    return (JSON.parse(readFileSync(file, 'utf8')) as { view: RunView }).view;
  };
  const kept = async (uri: vscode.Uri) => new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));

  it('sends a comment back, and puts on disk what was kept of the revision', async () => {
    person.answer = ({ kind, choices }) => (kind === 'pick' ? choices[0]?.replace(/: .*/, '') : undefined);
    await command('startSample');
    await heard(/the plan waits for your approval/, 90_000);
    await command('approvePlan');
    await heard(/the changes wait for your review/, 150_000);
    const { runId, workspaceDir, diff } = await exported();
    const uri = (path: string) => uris.of({ kind: 'review', runId, path });
    assert.ok(diff?.files.some(({ path }) => path === 'README.md'));
    assert.equal(existsSync(join(workspaceDir, 'README.md')), false);

    await command('reviewChanges', { runId });
    await until(
      () => vscode.window.visibleTextEditors.some(({ document }) => document.uri.scheme === uri('x').scheme),
      {
        what: 'the diff editor',
        timeoutMs: 20_000,
      },
    );
    const thread = {
      uri: uri('README.md'),
      range: new vscode.Range(0, 0, 0, 0),
      comments: [],
      dispose: () => undefined,
    };
    await command('review.addComment', { thread, text: 'Say when we open.' });
    person.answer = ({ kind }) => (kind === 'input' ? '' : undefined);
    await command('review.sendComments', { runId });
    await heard(/Sent back with one comment/, 20_000);
    const revised = await until(
      async () => {
        const view = await exported();
        return view.diff?.commit !== diff?.commit && view.waiting.some(({ gate }) => gate === 'diff') && view;
      },
      { what: 'the revision', timeoutMs: 120_000, everyMs: 500 },
    );
    assert.equal(revised.subtasks['revision-1']?.state, 'integrated');

    // The window hears of the revision a moment after the process.
    const isOpen = async () => (await vscode.workspace.fs.stat(uri('README.md'))).permissions === undefined;
    await until(isOpen, { what: 'the review of the revision', timeoutMs: 20_000 });
    await command('review.rejectFile', uri('README.md'));
    assert.equal(await kept(uri('README.md')), '');
    const page = await vscode.window.showTextDocument(uri('site/index.html'));
    const end = page.document.lineAt(page.document.lineCount - 1).range.end;
    await page.edit((edit) => edit.insert(end, '<!-- kept by a person -->\n'));
    await page.document.save();
    const styles = await vscode.window.showTextDocument(uri('site/styles.css'));
    const stylesText = styles.document.getText();
    await command('review.acceptHunk');
    person.answer = ({ isModal, choices }) => (isModal ? choices[0] : undefined);
    await command('review.finish', { runId });
    await heard(/^Accepted\. The workspace is on branch/, 60_000);

    assert.equal(existsSync(join(workspaceDir, 'README.md')), false);
    assert.match(readFileSync(join(workspaceDir, 'site/index.html'), 'utf8'), /<!-- kept by a person -->\n$/);
    assert.equal(readFileSync(join(workspaceDir, 'site/styles.css'), 'utf8'), stylesText);
    await assert.rejects(async () => vscode.workspace.fs.writeFile(uri('site/styles.css'), new Uint8Array([65])));
    assert.deepEqual(
      person.shown.filter(({ kind }) => kind === 'error').map(({ text }) => text),
      [],
    );
  });
});
