import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { BASE, changedFiles, diffWait, FIRST, type Fixture, openFixture, RUN, SECOND } from '../review-fixture.ts';
import { handsOn, lines, long, trees } from '../review-hands.ts';

describe('what becomes of the review of a run', () => {
  let fixture: Fixture;
  beforeEach(() => {
    fixture = openFixture(trees());
  });
  afterEach(() => fixture.close());
  const { uri, kept, tabs, wait, editorOf, run, at, trimmed, comment } = handsOn(() => fixture);

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
    assert.deepEqual(await trimmed(), [{ path: 'src/long.ts', asIn: 'base' }]);
  });
});
