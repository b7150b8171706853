import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { RunView } from '../../../../src/protocol/view.ts';
import { until } from '../../harness/until.ts';
import { BASE, FIRST, type Fixture, openFixture, RUN } from '../review-fixture.ts';

describe('the review of one subtask', () => {
  let fixture: Fixture;
  beforeEach(() => {
    fixture = openFixture({ [BASE]: { 'api.ts': 'old\n' }, [FIRST]: { 'api.ts': 'new\n', 'more.ts': 'more\n' } });
    const subtask = { id: 'api', title: 'The API', state: 'parked', baseCommit: BASE, commit: FIRST, files: [] };
    const wait = { gate: 'subtask', waitOn: `${RUN}/subtask-api`, topic: 'subtask:park-1', message: '', code: null };
    fixture.become({
      diff: null,
      waiting: [{ ...wait, since: '' }],
      subtasks: { api: subtask },
    } as unknown as Partial<RunView>);
  });
  afterEach(() => fixture.close());

  const uri = (path: string) => fixture.uris.of({ kind: 'commit', runId: RUN, path, commit: FIRST, subtaskId: 'api' });

  it('shows what it changed, for looking only', async () => {
    await fixture.review.openSubtask(RUN, 'api');
    const editor = await until(
      () => vscode.window.visibleTextEditors.find(({ document }) => String(document.uri) === String(uri('more.ts'))),
      { what: 'the diff editor', timeoutMs: 15_000 },
    );
    assert.equal(editor.document.getText(), 'more\n');
    assert.notEqual(vscode.workspace.fs.isWritableFileSystem(editor.document.uri.scheme), true);
  });

  it('sends comments to its agent while it is parked', async () => {
    await fixture.review.openSubtask(RUN, 'api');
    const thread = { uri: uri('api.ts'), range: new vscode.Range(0, 0, 0, 0), comments: [], dispose: () => undefined };
    await fixture.review.run('addComment', [{ thread, text: 'Not this way.' }]);
    fixture.answers.text = 'Think again.';
    await fixture.review.run('sendComments', [{ runId: RUN, subtaskId: 'api' }]);
    assert.deepEqual(fixture.intents, [
      {
        type: 'reject',
        runId: RUN,
        comment: 'Comments of the review:\n\napi.ts, line 1:\n> new\nNot this way.\n\nIn general:\n\nThink again.',
        topic: 'subtask:park-1',
        waitOn: `${RUN}/subtask-api`,
      },
    ]);
  });

  it('says so when there is nothing to show', async () => {
    fixture.become({ subtasks: {} });
    await fixture.review.openSubtask(RUN, 'api');
    assert.match(fixture.said.join('\n'), /api has no changes to show yet/);
  });
});
