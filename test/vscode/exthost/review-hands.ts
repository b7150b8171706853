import * as vscode from 'vscode';
import type { ReviewCommand as Command } from '../../../src/host/app.ts';
import { until } from '../harness/until.ts';
import { BASE, FIRST, type Fixture, RUN, SECOND } from './review-fixture.ts';

export const lines = (...each: string[]) => `${each.join('\n')}\n`;
export const long = Array.from({ length: 5_000 }, (_, at) => `line ${at}`);

export const trees = () => ({
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

/** What a person does in a review, and what they see of it. */
export function handsOn(fixture: () => Fixture) {
  const uri = (path: string) => fixture().uris.of({ kind: 'review', runId: RUN, path });
  const kept = async (path: string) => new TextDecoder().decode(await vscode.workspace.fs.readFile(uri(path)));
  const tabs = (label: RegExp) =>
    vscode.window.tabGroups.all.flatMap((group) => group.tabs).filter((tab) => label.test(tab.label));
  const wait = <T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>) =>
    until(look, { what, timeoutMs: 15_000 });
  const editorOf = (path: string) =>
    wait(`an editor of ${path}`, () =>
      vscode.window.visibleTextEditors.find((editor) => String(editor.document.uri) === String(uri(path))),
    );
  const run = (...[command, ...args]: [Command, ...unknown[]]) => fixture().review.run(command, args);
  /** An editor on the reviewed side with the cursor in a line. */
  const at = async (path: string, line: number) => {
    const editor = await vscode.window.showTextDocument(uri(path));
    editor.selection = new vscode.Selection(line, 0, line, 0);
    await wait('the cursor', () => vscode.window.activeTextEditor === editor);
    return editor;
  };
  const trimmed = async () => {
    const deciding = fixture().review.finish(RUN);
    await wait('the decision', () => fixture().intents.length > 0);
    fixture().tell({ type: 'changes.landed', branch: 'x', commit: FIRST, checkedOut: false, note: 'On branch x.' });
    await deciding;
    const [intent] = fixture().intents;
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

  return { uri, kept, tabs, wait, editorOf, run, at, trimmed, comment };
}
