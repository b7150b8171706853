import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { until } from '../../harness/until.ts';
import { BASE, changedFiles, diffWait, FIRST, type Fixture, openFixture, RUN, SECOND } from '../review-fixture.ts';

const lines = (...each: string[]) => `${each.join('\n')}\n`;
const long = Array.from({ length: 5_000 }, (_, at) => `line ${at}`);

const trees = () => ({
  [BASE]: {
    'src/a.ts': lines('one', 'two', 'three', 'four', 'five', 'six', 'seven'),
    'src/gone.ts': lines('gone'),
    'src/long.ts': lines(...long),
    'logo.png': 1_000,
  },
  [FIRST]: {
    'src/a.ts': lines('one', 'TWO', 'three', 'four', 'five', 'six', 'SEVEN'),
    'src/new.ts': lines('new', 'file'),
    'src/long.ts': lines(...long.toSpliced(4_000, 1, 'changed')),
    'logo.png': 2_000,
    'data.bin': 3_000_000,
  },
  [SECOND]: {
    'src/a.ts': lines('one', 'TWO', 'three', 'four', 'five', 'six', 'SEVEN'),
    'src/new.ts': lines('title', 'new', 'file', 'more'),
    'src/long.ts': lines(...long.toSpliced(4_000, 1, 'changed')),
    'logo.png': 2_000,
    'data.bin': 3_000_000,
  },
});

describe('the review of a run', () => {
  let fixture: Fixture;
  beforeEach(() => {
    fixture = openFixture(trees());
  });
  afterEach(() => fixture.close());

  const uri = (path: string) => fixture.uris.of({ kind: 'review', runId: RUN, path });
  const kept = async (path: string) => new TextDecoder().decode(await vscode.workspace.fs.readFile(uri(path)));
  const tabs = (label: RegExp) =>
    vscode.window.tabGroups.all.flatMap((group) => group.tabs).filter((tab) => label.test(tab.label));
  const wait = <T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>) =>
    until(look, { what, timeoutMs: 15_000 });
  const editorOf = (path: string) =>
    wait(`an editor of ${path}`, () =>
      vscode.window.visibleTextEditors.find((editor) => String(editor.document.uri) === String(uri(path))),
    );
  const run = fixtureRun();
  function fixtureRun() {
    return (...[command, ...args]: [Parameters<Fixture['review']['run']>[0], ...unknown[]]) =>
      fixture.review.run(command, args);
  }
  /** An editor on the reviewed side with the cursor in a line. */
  const at = async (path: string, line: number) => {
    const editor = await vscode.window.showTextDocument(uri(path));
    editor.selection = new vscode.Selection(line, 0, line, 0);
    await wait('the cursor', () => vscode.window.activeTextEditor === editor);
    return editor;
  };
  const trimmed = async () => {
    const deciding = fixture.review.finish(RUN);
    await wait('the decision', () => fixture.intents.length > 0);
    fixture.tell({ type: 'changes.landed', branch: 'x', commit: FIRST, checkedOut: false, note: 'On branch x.' });
    await deciding;
    const [intent] = fixture.intents;
    return intent?.type === 'trim_diff' ? intent.files : intent?.type;
  };
  const comment = async (path: string, line: number, text: string, range?: vscode.Range) => {
    const thread = {
      uri: uri(path),
      range: range ?? new vscode.Range(line, 0, line, 0),
      comments: [],
      collapsibleState: vscode.CommentThreadCollapsibleState.Expanded,
      canReply: true,
      dispose: () => undefined,
    } as vscode.CommentThread;
    await run('addComment', { thread, text });
    return thread;
  };

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
      { path: 'src/gone.ts', content: lines('gone') },
      { path: 'src/new.ts', content: null },
    ]);
  });

  it('shows files that are no text as such: whole ones can be left out, not put back in part', async () => {
    assert.match(await kept('logo.png'), /logo\.png is not a text in UTF-8/);
    assert.match(await kept('data.bin'), /data\.bin is larger than 2 MB/);
    await assert.rejects(async () => vscode.workspace.fs.writeFile(uri('logo.png'), new Uint8Array([1])));
    await run('rejectFile', uri('logo.png'));
    assert.match(fixture.said.join('\n'), /logo\.png is not text that can be put back alone/);
    await run('acceptFile', uri('logo.png'));
    await run('rejectFile', uri('data.bin'));
    assert.deepEqual(await trimmed(), [{ path: 'data.bin', content: null }]);
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

  it('keeps choices and comments over a reload', async () => {
    await at('src/a.ts', 1);
    await run('rejectHunk');
    await comment('src/new.ts', 1, 'Why?');
    await fixture.reload();
    assert.match(await kept('src/a.ts'), /^one\ntwo\n/);
    await fixture.review.sendBack(RUN, 'Now.');
    const [intent] = fixture.intents;
    assert.equal(
      intent?.type === 'reject' && intent.comment,
      'Comments of the review:\n\nsrc/new.ts, line 2:\n> file\nWhy?\n\nIn general:\n\nNow.',
    );
  });

  it('sends comments once, and asks before it accepts without them', async () => {
    const thread = await comment('src/a.ts', 1, 'Not so loud.');
    assert.equal(thread.label, 'Not sent yet');
    fixture.answers.yes = false;
    await fixture.review.acceptAll(RUN);
    assert.match(fixture.said.join('\n'), /One comment has not been sent/);
    assert.deepEqual(fixture.intents, []);
    await run('sendComments', { runId: RUN });
    const text = 'Comments of the review:\n\nsrc/a.ts, line 2:\n> TWO\nNot so loud.';
    assert.deepEqual(fixture.intents, [{ type: 'reject', runId: RUN, comment: text, topic: 'diff:0', waitOn: RUN }]);
    assert.equal(thread.label, 'Sent with revision 1');
    assert.equal(thread.canReply, false);
    await run('sendComments', { runId: RUN });
    assert.match(fixture.said.join('\n'), /There is nothing to send/);
  });

  it('edits and deletes comments that are not sent', async () => {
    const thread = await comment('src/a.ts', 1, 'First');
    await run('addComment', { thread, text: 'Second' });
    const [first, second] = thread.comments;
    await run('editComment', first);
    assert.equal(thread.comments[0]?.mode, vscode.CommentMode.Editing);
    if (first !== undefined) first.body = 'Changed';
    await run('saveComment', first);
    await run('deleteComment', second);
    await fixture.review.sendBack(RUN, '');
    assert.match(JSON.stringify(fixture.intents), /> TWO\\nChanged"/);
  });

  it('opens anew on the revision, with choices where it changed nothing and comments where their line is', async () => {
    await fixture.review.open(RUN);
    await run('rejectFile', uri('src/a.ts'));
    await at('src/new.ts', 0);
    await run('rejectFile', uri('src/new.ts'));
    await run('acceptFile', uri('src/new.ts'));
    const thread = await comment('src/new.ts', 1, 'More of it.');
    await fixture.review.sendBack(RUN, '');
    fixture.become({ waiting: [], status: 'running' });
    const files = changedFiles(fixture.trees[BASE] ?? {}, fixture.trees[SECOND] ?? {});
    fixture.become({ diff: { baseCommit: BASE, commit: SECOND, files }, waiting: [diffWait(1)], status: 'waiting' });
    await wait('the new proposal', async () => (await kept('src/new.ts')).startsWith('title'));
    assert.match(await kept('src/a.ts'), /^one\ntwo\n/);
    await wait('the comment at its line', () => thread.range?.end.line === 2);
    await wait('one tab', () => tabs(/^Review: /).length === 1);
    await run('sinceLastLook', { runId: RUN });
    await wait('the diff since the last look', () => tabs(/^Since your last look: /).length === 1);
  });

  it('says so when nothing has changed since the last look', async () => {
    await fixture.review.open(RUN);
    await run('sinceLastLook', { runId: RUN });
    assert.match(fixture.said.join('\n'), /Nothing has changed since you last looked/);
  });

  it('becomes read only when another window has decided', async () => {
    await fixture.review.open(RUN);
    await editorOf('src/a.ts');
    fixture.become({ waiting: [], status: 'running' });
    await wait('the word', () => fixture.said.some((text) => /decided elsewhere/.test(text)));
    await assert.rejects(async () => vscode.workspace.fs.writeFile(uri('src/a.ts'), new Uint8Array([65])));
    await run('rejectFile', uri('src/a.ts'));
    assert.match(fixture.said.at(-1) ?? '', /do not wait for a decision any more/);
    await fixture.review.acceptAll(RUN);
    assert.deepEqual(fixture.intents, []);
  });

  it('asks before it accepts all against what was rejected', async () => {
    await run('rejectFile', uri('src/a.ts'));
    fixture.answers.yes = false;
    await fixture.review.acceptAll(RUN);
    assert.match(fixture.said.at(-1) ?? '', /rejected or changed something in one file\. Accept all anyway\?/);
    assert.deepEqual(fixture.intents, []);
  });

  it('offers to send the changes back when nothing of them would remain', async () => {
    for (const { path } of fixture.view.diff?.files ?? []) await run('rejectFile', uri(path));
    // A picture that was changed cannot be put back alone, so that something would remain here.
    assert.ok(Array.isArray(await trimmed()));
    await fixture.close();
    fixture = openFixture({ [BASE]: {}, [FIRST]: { 'a.txt': 'a\n' } });
    await run('rejectFile', uri('a.txt'));
    fixture.answers.text = 'Start over.';
    await fixture.review.finish(RUN);
    assert.match(fixture.said.join('\n'), /Nothing would be accepted/);
    assert.deepEqual(fixture.intents, [
      { type: 'reject', runId: RUN, comment: 'Start over.', topic: 'diff:0', waitOn: RUN },
    ]);
  });

  it('respects unsaved changes in editors of the workspace', async () => {
    const file = join(fixture.workspaceDir, 'src-a.txt');
    writeFileSync(file, 'mine\n');
    try {
      fixture.become({
        diff: {
          baseCommit: BASE,
          commit: FIRST,
          files: [{ path: 'src-a.txt', status: 'added', addedLines: 1, removedLines: 0 }],
        },
      });
      const editor = await vscode.window.showTextDocument(vscode.Uri.file(file));
      await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'unsaved '));
      fixture.answers.yes = false;
      await fixture.review.acceptAll(RUN);
      assert.match(fixture.said.at(-1) ?? '', /unsaved changes in an editor: src-a\.txt/);
      assert.deepEqual(fixture.intents, []);
      assert.ok(editor.document.isDirty);
      fixture.answers.yes = true;
      const accepting = fixture.review.acceptAll(RUN);
      await wait('the decision', () => fixture.intents.length === 1);
      fixture.tell({ type: 'changes.landed', branch: 'x', commit: FIRST, checkedOut: false, note: 'Left alone.' });
      await accepting;
      assert.equal(editor.document.isDirty, false);
      assert.match(editor.document.getText(), /^unsaved mine/);
    } finally {
      rmSync(file);
    }
  });

  it('is quick in a file of 5,000 lines', async () => {
    await at('src/long.ts', 4_500);
    await run('rejectHunk');
    assert.equal(await kept('src/long.ts'), lines(...long));
    assert.deepEqual(await trimmed(), [{ path: 'src/long.ts', content: lines(...long) }]);
  });
});
