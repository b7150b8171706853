import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { BASE, FIRST, type Fixture, openFixture, RUN, SECOND } from '../review-fixture.ts';
import { handsOn, lines } from '../review-hands.ts';

const OLD = lines('title', 'two', 'three', 'four', 'five', 'six', 'seven');

describe('the review of renamed files', () => {
  let fixture: Fixture;
  beforeEach(() => {
    const same = { 'src/other.ts': lines('other') };
    fixture = openFixture({
      [BASE]: { 'src/old.ts': OLD, 'src/was.ts': lines('as it was'), 'a.ts': lines('a') },
      [FIRST]: {
        'lib/new.ts': lines('title', 'TWO', 'three', 'four', 'five', 'six', 'SEVEN'),
        'lib/is.ts': lines('as it was'),
        'a.ts': lines('A'),
      },
      [SECOND]: { ...same, 'src/was.ts': lines('as it was'), 'a.ts': lines('A') },
    });
  });
  afterEach(() => fixture.close());
  const { uri, kept, tabs, wait, run, at, trimmed } = handsOn(() => fixture);
  const left = (path: string) => fixture.uris.of({ kind: 'commit', runId: RUN, commit: BASE, path, subtaskId: null });

  it('shows the file of the old name beside the one of the new name', async () => {
    await fixture.review.open(RUN, 'lib/new.ts');
    await wait('the tab', () => tabs(/^Review: /).length === 1);
    const shown = (wanted: vscode.Uri) =>
      wait(String(wanted), () =>
        vscode.window.visibleTextEditors.find(({ document }) => String(document.uri) === String(wanted)),
      );
    assert.equal((await shown(left('src/old.ts'))).document.getText(), OLD);
    assert.match((await shown(uri('lib/new.ts'))).document.getText(), /SEVEN/);
  });

  it('puts one back under its old name, whether or not its text is another', async () => {
    await run('rejectFile', uri('lib/new.ts'));
    assert.equal(await kept('lib/new.ts'), OLD);
    await run('rejectFile', uri('lib/is.ts'));
    assert.deepEqual(await trimmed(), [
      { path: 'lib/is.ts', asIn: 'base' },
      { path: 'lib/new.ts', asIn: 'base' },
      { path: 'src/old.ts', asIn: 'base' },
      { path: 'src/was.ts', asIn: 'base' },
    ]);
  });

  it('takes the rejection of one back', async () => {
    await run('rejectFile', uri('lib/new.ts'));
    await run('rejectFile', uri('lib/is.ts'));
    await run('acceptFile', uri('lib/new.ts'));
    await run('acceptFile', uri('lib/is.ts'));
    assert.match(await kept('lib/new.ts'), /SEVEN/);
    assert.equal(await trimmed(), 'approve');
  });

  it('undoes one change of one that keeps its new name, from either side', async () => {
    await at('lib/new.ts', 6);
    await run('rejectHunk');
    assert.equal(await kept('lib/new.ts'), lines('title', 'TWO', 'three', 'four', 'five', 'six', 'seven'));
    const editor = await vscode.window.showTextDocument(left('src/old.ts'));
    editor.selection = new vscode.Selection(1, 0, 1, 0);
    await wait('the cursor', () => vscode.window.activeTextEditor === editor);
    await run('rejectHunk');
    assert.deepEqual(await trimmed(), [{ path: 'lib/new.ts', content: OLD }]);
  });

  it('keeps what was put back over a reload', async () => {
    await run('rejectFile', uri('lib/is.ts'));
    await fixture.reload();
    assert.deepEqual(await trimmed(), [
      { path: 'lib/is.ts', asIn: 'base' },
      { path: 'src/was.ts', asIn: 'base' },
    ]);
  });

  it('asks for the old names where the run does not say them', async () => {
    const files = fixture.view.diff?.files.map(({ oldPath: _, ...file }) => file) ?? [];
    fixture.become({ diff: { baseCommit: BASE, commit: FIRST, files } });
    await run('rejectFile', uri('lib/is.ts'));
    assert.deepEqual(await trimmed(), [
      { path: 'lib/is.ts', asIn: 'base' },
      { path: 'src/was.ts', asIn: 'base' },
    ]);
  });

  it('does not name one as changed again when a new proposal has put it back', async () => {
    await run('rejectFile', uri('lib/is.ts'));
    await run('rejectFile', uri('lib/new.ts'));
    const files = [{ path: 'a.ts', status: 'modified', addedLines: 1, removedLines: 1 }] as const;
    fixture.become({ diff: { baseCommit: BASE, commit: SECOND, files: [...files] } });
    await wait('the new proposal', async () => (await kept('lib/is.ts').catch(() => 'gone')) === 'gone');
    assert.equal(await trimmed(), 'approve');
    assert.ok(!fixture.said.some((text) => /Look at these files again/.test(text)), fixture.said.join('\n'));
  });
});
