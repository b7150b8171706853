import assert from 'node:assert/strict';
import { fileLosses, type MergedFile } from './file-losses.ts';

const file = (
  change: Partial<Record<'base' | 'ours' | 'theirs' | 'merged', string | null>>,
  elsewhere: string[] = [],
) => {
  const state = { base: 'old\n', ours: 'old\n', theirs: 'old\n', merged: 'old\n', ...change };
  const side = (text: string | null) => ({ text, isChanged: text !== state.base, isKept: text === state.merged });
  const merged: MergedFile = {
    path: 'f',
    base: state.base,
    ours: side(state.ours),
    theirs: side(state.theirs),
    merged: state.merged,
    elsewhere,
  };
  return fileLosses(merged);
};

describe('a whole file in a merge', () => {
  it('needs a person when one side deleted what the other changed, whatever the merge does', () => {
    const edited = { ours: null, theirs: 'old\nnew\n' };
    const kept = file({ ...edited, merged: 'old\nnew\n' });
    assert.deepEqual(
      kept.map((loss) => loss.needsPerson),
      [true],
    );
    assert.match(kept[0]?.text ?? '', /integrated work deleted it, this subtask changed it; the merge keeps it/);
    const gone = file({ ...edited, merged: null });
    assert.ok(gone[0]?.needsPerson && /leaves it deleted/.test(gone[0].text));
    assert.deepEqual(file({ ...edited, merged: null }, ['unrelated\n', 'more\nold\nnew\n']), []);
  });

  it('must be gone when one side deleted it alone, and there when a side changed it alone', () => {
    assert.deepEqual(file({ ours: null, merged: null }), []);
    assert.match(file({ ours: null })[0]?.text ?? '', /is back/);
    assert.match(file({ theirs: 'new\n', merged: null })[0]?.text ?? '', /is gone; this subtask had changed it/);
  });

  it('holds both texts when both sides added it', () => {
    const both = { base: null, ours: 'ours\n', theirs: 'theirs\n' };
    assert.deepEqual(file({ ...both, merged: 'ours\ntheirs\n' }), []);
    assert.match(file({ ...both, merged: 'ours\n' })[0]?.text ?? '', /this subtask added: theirs/);
  });

  it('is compared by its bytes when it is binary, and needs a person when both sides changed it', () => {
    assert.deepEqual(file({ theirs: '\0new', merged: '\0new' }), []);
    assert.deepEqual(file({ theirs: '\0new', merged: '\0other' })[0]?.needsPerson, false);
    const both = file({ ours: '\0a', theirs: '\0b', merged: '\0a' });
    assert.ok(both.length === 1 && both[0]?.needsPerson && /this subtask/.test(both[0].text));
  });
});
