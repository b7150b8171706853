import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { BASE, type Fixture, openFixture, RUN } from '../review-fixture.ts';
import { handsOn, lines, long, trees } from '../review-hands.ts';

describe('the review of a run', () => {
  let fixture: Fixture;
  beforeEach(() => {
    fixture = openFixture(trees());
  });
  afterEach(() => fixture.close());
  const { uri, kept, tabs, wait, editorOf, run, at, trimmed } = handsOn(() => fixture);

  it('opens one multi-file diff with all files, and again in the same place', async () => {
    await fixture.review.open(RUN);
    await wait('the tab', () => tabs(/^Review: /).length === 1);
    await editorOf('src/a.ts');
    const sides = vscode.window.visibleTextEditors.map(({ document }) => fixture.uris.read(document.uri)?.kind);
    assert.ok(sides.includes('commit') && sides.includes('review'));
    await fixture.review.open(RUN);
    await wait('one tab', () => tabs(/^Review: /).length === 1);
  });

  it('goes to the file that was asked for', async () => {
    await fixture.review.open(RUN, 'src/new.ts');
    const editor = await editorOf('src/new.ts');
    assert.equal(editor.document.getText(), lines('new', 'file'));
  });

  it('shows the base as it was and the proposal as it is', async () => {
    const left = fixture.uris.of({ kind: 'commit', runId: RUN, commit: BASE, path: 'src/a.ts', subtaskId: null });
    const document = await vscode.workspace.openTextDocument(left);
    assert.equal(document.getText(), trees()[BASE]?.['src/a.ts']);
    const added = fixture.uris.of({ kind: 'commit', runId: RUN, commit: BASE, path: 'src/new.ts', subtaskId: null });
    assert.equal((await vscode.workspace.openTextDocument(added)).getText(), '');
    assert.equal(await kept('src/gone.ts'), '');
  });

  it('rejects the change at the cursor, which can be undone, and trims the diff by it', async () => {
    const editor = await at('src/a.ts', 6);
    await run('rejectHunk');
    assert.equal(await kept('src/a.ts'), lines('one', 'TWO', 'three', 'four', 'five', 'six', 'seven'));
    assert.equal(editor.document.isDirty, false);
    await vscode.commands.executeCommand('undo');
    assert.match(editor.document.getText(), /SEVEN/);
    await editor.document.save();
    await at('src/a.ts', 1);
    await run('rejectHunk');
    assert.deepEqual(await trimmed(), [
      { path: 'src/a.ts', content: lines('one', 'two', 'three', 'four', 'five', 'six', 'SEVEN') },
    ]);
  });

  it('takes what a person types and saves', async () => {
    const editor = await at('src/new.ts', 0);
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'typed '));
    assert.deepEqual(await trimmed(), [{ path: 'src/new.ts', content: lines('typed new', 'file') }]);
  });

  it('accepts everything as it is when nothing was changed', async () => {
    await at('src/a.ts', 1);
    await run('acceptHunk');
    await run('acceptFile');
    assert.equal(await trimmed(), 'approve');
    assert.deepEqual(fixture.intents, [{ type: 'approve', runId: RUN, gate: 'diff', topic: 'diff:0', waitOn: RUN }]);
    assert.ok(fixture.said.includes('Accepted. On branch x.'));
  });

  it('leaves out an added file, restores a deleted one, and takes a choice back', async () => {
    await run('rejectFile', uri('src/new.ts'));
    await run('rejectFile', uri('src/gone.ts'));
    await run('rejectFile', uri('src/a.ts'));
    await run('acceptFile', uri('src/a.ts'));
    assert.equal(await kept('src/gone.ts'), lines('gone'));
    assert.deepEqual(await trimmed(), [
      { path: 'src/gone.ts', asIn: 'base' },
      { path: 'src/new.ts', asIn: 'base' },
    ]);
  });

  it('shows files that are no text as such, which are kept, put back or left out as a whole', async () => {
    assert.match(await kept('logo.png'), /logo\.png is not a text in UTF-8/);
    assert.match(await kept('data.bin'), /data\.bin is larger than 2 MB/);
    await assert.rejects(async () => vscode.workspace.fs.writeFile(uri('logo.png'), new Uint8Array([1])));
    await run('rejectHunk', uri('logo.png'));
    assert.match(fixture.said.at(-1) ?? '', /logo\.png is not shown as text/);
    await run('rejectFile', uri('logo.png'));
    assert.match(await kept('logo.png'), /It stays as it was before/);
    await run('acceptFile', uri('logo.png'));
    assert.match(await kept('logo.png'), /It is in the changes as a whole/);
    await run('rejectFile', uri('logo.png'));
    await run('rejectFile', uri('data.bin'));
    assert.equal(await kept('data.bin'), '');
    assert.deepEqual(await trimmed(), [
      { path: 'data.bin', asIn: 'base' },
      { path: 'logo.png', asIn: 'base' },
    ]);
  });

  it('goes from change to change of a file', async () => {
    const editor = await at('src/a.ts', 0);
    await run('nextHunk');
    assert.equal(editor.selection.active.line, 1);
    await run('nextHunk');
    assert.equal(editor.selection.active.line, 6);
    await run('previousHunk');
    assert.equal(editor.selection.active.line, 1);
  });

  it('goes through all files of the diff editor, and acts where the cursor is', async () => {
    await fixture.review.open(RUN);
    const place = () => {
      const editor = vscode.window.activeTextEditor;
      const path = editor && fixture.uris.read(editor.document.uri)?.path;
      return editor && path ? `${path}:${editor.selection.active.line}` : '';
    };
    await wait('the cursor in the first file', () => place().startsWith('data.bin:'));
    const seen: string[] = [];
    for (let n = 0; n < 6; n += 1) {
      const before = place();
      await run('nextHunk');
      seen.push(await wait(`a change after ${before}`, () => place() !== before && place()));
    }
    assert.deepEqual(seen, [
      'logo.png:1',
      'src/a.ts:1',
      'src/a.ts:6',
      'src/gone.ts:0',
      'src/long.ts:4000',
      'src/new.ts:0',
    ]);
    await run('rejectFile');
    assert.equal(await kept('src/new.ts'), '');
    await run('previousHunk');
    await wait('the change before', () => place() === 'src/long.ts:4000');
    await run('rejectHunk');
    assert.equal(await kept('src/long.ts'), lines(...long));
  });
});
