import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { createChoices } from '../../../../src/host/review/choices.ts';
import type { Dialogs } from '../../../../src/host/review/dialogs.ts';
import type { Session } from '../../../../src/host/review/session.ts';
import { createWalker } from '../../../../src/host/review/walk.ts';
import { BASE, FIRST, type Fixture, openFixture, RUN } from '../review-fixture.ts';
import { handsOn, lines, long } from '../review-hands.ts';

const proposed: Record<string, string> = {
  'src/a.ts': lines('a', ...long),
  'src/b.ts': lines('b', ...long),
  'src/c.ts': lines('c', ...long),
  'src/z.ts': lines('one', 'TWO'),
};
/** Added files that are higher than any window: the one that is walked to has no editor yet. */
const highTrees = () => ({
  [BASE]: { 'src/z.ts': lines('one', 'two') },
  [FIRST]: proposed,
});

describe('walking through a review', () => {
  let fixture: Fixture;
  beforeEach(() => {
    fixture = openFixture(highTrees());
  });
  afterEach(() => fixture.close());
  const { kept, wait, run, at, uri } = handsOn(() => fixture);
  const place = () => {
    const editor = vscode.window.activeTextEditor;
    const path = editor && fixture.uris.read(editor.document.uri)?.path;
    return editor && path ? `${path}:${editor.selection.active.line}` : '';
  };
  const rejected = async () => {
    const texts = await Promise.all(Object.keys(proposed).map(kept));
    return Object.keys(proposed).filter((path, at) => texts[at] !== proposed[path]);
  };

  it('has the cursor where it went when it is over', async () => {
    await fixture.review.open(RUN);
    await wait('the cursor in the first file', () => place().startsWith('src/a.ts:'));
    const seen: string[] = [];
    for (let n = 0; n < 4; n += 1) {
      await run('nextHunk');
      seen.push(place());
    }
    for (let n = 0; n < 2; n += 1) {
      await run('previousHunk');
      seen.push(place());
    }
    assert.deepEqual(seen, ['src/b.ts:0', 'src/c.ts:0', 'src/z.ts:1', 'src/a.ts:0', 'src/z.ts:1', 'src/c.ts:0']);
  });

  it('rejects the file that was walked to, however fast the keys come', async () => {
    await fixture.review.open(RUN);
    await wait('the cursor in the first file', () => place().startsWith('src/a.ts:'));
    await Promise.all([run('nextHunk'), run('rejectFile')]);
    assert.deepEqual(await rejected(), ['src/b.ts']);
    await Promise.all([run('nextHunk'), run('nextHunk'), run('rejectFile')]);
    assert.deepEqual(await rejected(), ['src/b.ts', 'src/z.ts']);
  });

  it('decides nothing where the cursor stands when it did not come to where it was sent', async () => {
    const { uris } = fixture;
    const said: string[] = [];
    const dialogs = { warn: (text: string) => void said.push(text) } as unknown as Dialogs;
    const file = async (path: string) => ({ path, opaque: null, base: '', proposed: proposed[path] });
    const session = {
      runId: RUN,
      wait: null,
      files: [{ path: 'src/a.ts' }, { path: 'src/b.ts' }],
      file,
      kept: ({ path }: { path: string }) => proposed[path],
    } as unknown as Session;
    const sessions = { get: async () => session };
    const walker = createWalker({ sessions, uris, dialogs, reveal: async () => undefined, limitMs: 100 });
    const choices = createChoices({ sessions, uris, dialogs, arrived: walker.arrived });
    try {
      const editor = await at('src/a.ts', 0);
      await walker.walk('next');
      await choices.rejectFile([]);
      assert.match(said.pop() ?? '', /not certain which file is meant/);
      // A file that is named is certain, and so is the one that the person puts the cursor into.
      await choices.rejectFile([uri('src/b.ts')]);
      assert.match(said.pop() ?? '', /do not wait for a decision/);
      editor.selection = new vscode.Selection(3, 0, 3, 0);
      await wait('the cursor', walker.arrived);
      await choices.rejectFile([]);
      assert.match(said.pop() ?? '', /do not wait for a decision/);
    } finally {
      walker.dispose();
    }
    assert.deepEqual(await rejected(), []);
  });
});
