import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { runCommand } from '../../../../src/host/commands/run-command.ts';
import type { EditorModelPart } from '../../../../src/protocol/language-models.ts';
import { aBrief, aPlan, aSubtask } from '../../../fakes/plan.ts';
import { until } from '../../harness/until.ts';
import { type Person, sitDown } from '../person.ts';
import { openRealWindow, type RealWindow } from '../real-window.ts';

const LINES = Array.from({ length: 60 }, (_, at) => `line ${at + 1}`);
const text = (lines: readonly string[]) => `${lines.join('\n')}\n`;
const LOGO = Uint8Array.from([0x89, 0x50, 0, 0xff, 0xfe, 13, 10]);
const QUESTION = { id: 'q1', text: 'Which tone?', defaultAnswer: 'Plain.' };
const PLAN = aPlan([
  aSubtask('a', {
    ownedPaths: ['notes.txt', 'logo.bin', 'old.txt', 'new.txt'],
    checks: [{ name: 'test', command: 'grep -q SECOND notes.txt' }],
  }),
]);

const lead = (purpose: string): unknown => {
  if (purpose.startsWith('clarify')) return { questions: [QUESTION] };
  if (purpose.startsWith('plan')) return PLAN;
  return { verdict: 'approve', summary: 'fine', findings: [] };
};
const agent = (turn: number): EditorModelPart[] => {
  const call = (name: string, input: object) =>
    [{ kind: 'toolCall', callId: `c${turn}`, name, input }] as EditorModelPart[];
  const content = text(LINES.with(1, 'FIRST').with(50, 'SECOND'));
  if (turn === 0) return call('run', { command: 'printf none > logo.bin && mv old.txt new.txt && cat notes.txt' });
  return turn === 1 ? call('write', { file_path: 'notes.txt', content }) : call('finish', { report: 'done' });
};

describe('a review of a repository that has files', function () {
  this.timeout(180_000);
  let person: Person;
  let window: RealWindow;
  before(() => {
    person = sitDown();
    window = openRealWindow({
      files: { 'notes.txt': text(LINES), 'logo.bin': LOGO, 'old.txt': 'of old\n' },
      lead,
      agent,
    });
  });
  after(async () => {
    person.leave();
    await window.close();
  });

  it('puts on disk the one change that was kept, when commands rejected the other one, a picture and a new name', async () => {
    const { app, intents, workspaceDir, git } = window;
    const start = {
      ...({ type: 'start', brief: aBrief(), workspaceDir, autoApprove: false, askQuestions: true } as const),
      ...({ budgetUsd: 5, until: 'review' } as const),
    };
    await app.runs.load();
    const { runId } = await app.service.call('dispatch', { intent: start, local: false });
    const waitAt = async (gate: string) => {
      const view = await window.reaches(runId, `a wait at ${gate}`, ({ waiting }) =>
        waiting.some((wait) => wait.gate === gate),
      );
      const { topic, waitOn } = view.waiting.find((wait) => wait.gate === gate) ?? assert.fail();
      return { topic, waitOn };
    };

    await waitAt('questions');
    person.answer = ({ kind }) => (kind === 'input' ? 'Cheerful.' : undefined);
    await runCommand(app, 'answerQuestions', []);
    const plan = await waitAt('plan');
    await runCommand(app, 'approvePlan', [{ runId, ...plan }]);
    const diff = await waitAt('diff');

    await runCommand(app, 'reviewChanges', [{ runId, path: 'notes.txt' }]);
    const uri = window.uris.of({ kind: 'review', runId, path: 'notes.txt' });
    await until(() => vscode.window.visibleTextEditors.some(({ document }) => String(document.uri) === String(uri)), {
      what: 'the diff editor',
      timeoutMs: 20_000,
    });
    const editor = await vscode.window.showTextDocument(uri);
    editor.selection = new vscode.Selection(1, 0, 1, 0);
    await until(() => vscode.window.activeTextEditor === editor, { what: 'the cursor', timeoutMs: 20_000 });
    await runCommand(app, 'review.rejectHunk', []);
    for (const path of ['logo.bin', 'new.txt']) {
      await runCommand(app, 'review.rejectFile', [window.uris.of({ kind: 'review', runId, path })]);
    }
    await runCommand(app, 'review.finish', [{ runId }]);

    const view = await window.reaches(runId, 'the end', ({ status }) => status === 'complete');
    const kept = text(LINES.with(50, 'SECOND'));
    assert.equal(readFileSync(join(workspaceDir, 'notes.txt'), 'utf8'), kept);
    assert.deepEqual(new Uint8Array(readFileSync(join(workspaceDir, 'logo.bin'))), LOGO);
    assert.equal(readFileSync(join(workspaceDir, 'old.txt'), 'utf8'), 'of old\n');
    assert.equal(existsSync(join(workspaceDir, 'new.txt')), false);
    assert.equal(
      git('diff', '--name-status', 'main', view.branch ?? ''),
      'A\t.github/workflows/ci.yml\nM\tnotes.txt\n',
    );
    const landed = git('diff', '-U0', 'main', view.branch ?? '', '--', 'notes.txt')
      .split('\n')
      .slice(4);
    assert.deepEqual(landed, ['@@ -51 +51 @@ line 50', '-line 51', '+SECOND', '']);
    assert.deepEqual(intents, [
      start,
      { type: 'answer', runId, answers: [{ questionId: 'q1', text: 'Cheerful.', source: 'person' }] },
      { type: 'approve', gate: 'plan', runId, ...plan },
      {
        ...{ type: 'trim_diff', runId, ...diff },
        files: [
          { path: 'logo.bin', asIn: 'base' },
          { path: 'new.txt', asIn: 'base' },
          { path: 'notes.txt', content: kept },
          { path: 'old.txt', asIn: 'base' },
        ],
      },
    ]);
    assert.match(window.said.at(-1) ?? '', /^Accepted\. The workspace is on branch/);
  });
});
