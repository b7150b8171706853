import assert from 'node:assert/strict';
import fc from 'fast-check';
import { commitDateSeconds, messageText, trailerValue } from './commit-message.ts';
import { parseChanges } from './diff.ts';
import { renderTree } from './file-tree.ts';
import { parseMerge } from './merge.ts';
import { parseBatch } from './objects.ts';
import { parseStatus } from './working-state.ts';

const ID = 'a'.repeat(40);

describe('messageText', () => {
  it('puts subject, body and trailers into paragraphs and leaves the date out', () => {
    const text = messageText({
      subject: ' Add\r\nit ',
      body: 'One.\r\n\r\nTwo.\n',
      trailers: { 'Orchestrator-At': '2026-01-01T00:00:00Z', 'Orchestrator-Key': 'a\nb', Other: 'c' },
    });
    assert.equal(text, 'Add it\n\nOne.\n\nTwo.\n\nOrchestrator-Key: a b\nOther: c\n');
  });

  it('keeps the key readable whatever subject and body say', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.stringMatching(/^[\w:/.-]{1,40}$/), (subject, body, key) => {
        const text = messageText({ subject, body, trailers: { 'Orchestrator-Key': key } });
        assert.equal(trailerValue(text, 'Orchestrator-Key'), key);
        assert.ok(!text.includes('\0'));
      }),
    );
  });

  it('does not take a line of the body for a trailer', () => {
    const text = messageText({ subject: 's', body: 'Orchestrator-Key: forged', trailers: { Other: 'x' } });
    assert.equal(trailerValue(text, 'Orchestrator-Key'), null);
  });

  it('refuses a trailer name that would break the block', () => {
    assert.throws(() => messageText({ subject: 's', body: '', trailers: { 'a: b\nc': 'x' } }), { code: 'internal' });
  });

  it('cannot tell GitHub to leave out its checks', () => {
    const text = messageText({ subject: 'a [Skip CI] b', body: 'c [no ci] [actions skip] [skip it]', trailers: {} });
    assert.equal(text, 'a (Skip CI) b\n\nc (no ci) (actions skip) [skip it]\n');
  });
});

describe('commitDateSeconds', () => {
  const message = (at?: string) => ({
    subject: 's',
    body: '',
    trailers: at === undefined ? {} : { 'Orchestrator-At': at },
  });

  it('follows the first parent by a second unless a date is given', () => {
    assert.equal(commitDateSeconds(message(), 1_000), 1_001);
    assert.equal(commitDateSeconds(message(), null), 1);
    assert.equal(commitDateSeconds(message('1970-01-02T00:00:00.900Z'), 1_000), 86_400);
    assert.throws(() => commitDateSeconds(message('yesterday'), 1_000), { code: 'internal' });
  });
});

describe('parseMerge', () => {
  it('reads a clean merge and one with several messages a path', () => {
    assert.deepEqual(parseMerge(`${ID}\0\0`), { tree: ID, conflicts: [] });
    const entries = [`100644 ${ID} 2\ta b`, `100644 ${ID} 3\ta b`, `100644 ${ID} 1\told`].join('\0');
    const messages = [
      ['1', 'a b', 'Auto-merging', 'Auto-merging a b\n'],
      ['1', 'a b', 'CONFLICT (contents)', 'CONFLICT (add/add): ...\n'],
    ];
    assert.deepEqual(parseMerge(`${ID}\0${entries}\0\0${messages.flat().join('\0')}\0`), {
      tree: ID,
      conflicts: [
        { path: 'a b', kind: 'CONFLICT (contents)' },
        { path: 'old', kind: 'CONFLICT' },
      ],
    });
  });
});

describe('parseChanges', () => {
  it('reads renames, binary files and names with tabs', () => {
    const output = [
      `:100644 100755 ${ID} ${ID} R090`,
      'old',
      'new',
      `:000000 100644 ${ID} ${ID} A`,
      'b\tc',
      '2\t1\t',
      'old',
      'new',
      '-\t-\tb\tc',
      '',
    ];
    assert.deepEqual(parseChanges(output.join('\0')), [
      {
        path: 'new',
        status: 'renamed',
        oldPath: 'old',
        addedLines: 2,
        removedLines: 1,
        oldMode: '100644',
        mode: '100755',
      },
      { path: 'b\tc', status: 'added', addedLines: 0, removedLines: 0, oldMode: '000000', mode: '100644' },
    ]);
    assert.deepEqual(parseChanges(''), []);
  });
});

describe('parseBatch', () => {
  it('reads contents by their length, also when they look like headers', () => {
    const content = `${ID} blob 3\nabc\n`;
    const output = Buffer.from(`${ID} blob ${content.length}\n${content}\nnope missing\n${ID} tree 0\n\n`);
    const [first, second, third] = parseBatch(output, 3);
    assert.equal(first?.content.toString(), content);
    assert.equal(second, null);
    assert.deepEqual([third?.type, third?.content.length], ['tree', 0]);
  });
});

describe('parseStatus', () => {
  it('drops an entry that was cut off and reads unmerged ones', () => {
    const modes = `N... 100644 100644 100644`;
    const output = [
      `# branch.oid (initial)`,
      '# branch.head (detached)',
      `1 .M ${modes} ${ID} ${ID} with space`,
      `u UU ${modes} 100644 ${ID} ${ID} ${ID} un merged`,
      '? new file',
      '? cut of',
    ].join('\0');
    assert.deepEqual(parseStatus(output), {
      head: null,
      branch: 'HEAD',
      changed: ['with space', 'un merged'],
      untracked: ['new file'],
    });
  });
});

describe('renderTree', () => {
  it('shows everything when there is room', () => {
    assert.equal(renderTree(['b', 'a/x', 'a/c/y'], 1_000), 'a/\n  c/\n    y\n  x\nb\n');
  });

  it('closes the folders that do not fit and opens the small ones', () => {
    const paths = ['small/one', ...Array.from({ length: 100 }, (_, index) => `big/file-${index}`)];
    assert.equal(renderTree(paths, 60), 'big/ (100 files)\nsmall/\n  one\n');
  });

  it('never exceeds its room', () => {
    const name = fc.stringMatching(/^[a-z]{1,8}$/);
    const file = fc.array(name, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(fc.uniqueArray(file, { maxLength: 60 }), fc.nat(600), (paths, room) => {
        assert.ok(renderTree(paths, room).length <= room);
      }),
    );
  });
});
