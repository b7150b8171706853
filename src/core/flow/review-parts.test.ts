import assert from 'node:assert/strict';
import type { ChangedFile } from '../../protocol/work.ts';
import {
  diffToReview,
  fileLines,
  MOST_FILES,
  MOST_PARTS,
  onlyNews,
  PART_BYTES,
  partsOf,
  type ReviewFile,
} from './review-parts.ts';

const line = 'const value = compute(1);';

/** The diff of a new file whose lines take about so many bytes. */
function added(path: string, bytes: number, text = line): string {
  const count = Math.max(1, Math.ceil(bytes / (text.length + 2)));
  const head = `diff --git a/${path} b/${path}\nnew file mode 100644\nindex 0000000..1111111\n--- /dev/null\n+++ b/${path}\n`;
  return `${head}@@ -0,0 +1,${count} @@\n${`+${text}\n`.repeat(count)}`;
}
const sourceMap = (length: number) =>
  JSON.stringify({ version: 3, sources: ['a.ts'], names: [], mappings: 'AAAA;'.repeat(length / 5) });
const binary = (path: string) =>
  `diff --git a/${path} b/${path}\nnew file mode 100644\nindex 0000000..1111111\nBinary files /dev/null and b/${path} differ\n`;
const changedIn = (patch: string): ChangedFile[] =>
  [...patch.matchAll(/^diff --git a\/(\S+) /gm)].map(([, path = '']) => ({
    path,
    status: 'added',
    addedLines: 1,
    removedLines: 0,
  }));
const sizes = async (paths: string[]) => paths.map(() => 70_500);
const read = (...diffs: string[]) => diffToReview(diffs.join(''), changedIn(diffs.join('')), sizes);
const large = async (...diffs: string[]): Promise<ReviewFile[]> => {
  const { diff, faults } = await read(...diffs);
  assert.deepEqual(faults, []);
  assert.ok(typeof diff !== 'string');
  return diff;
};

describe('what a reviewer is shown', () => {
  it('is the diff as it is up to one part, whatever its files are', async () => {
    const lock = added('package-lock.json', 60_000);
    const rest = added('a.ts', PART_BYTES - lock.length - 500);
    assert.deepEqual(await read(lock, rest), { diff: lock + rest, faults: [] });
    assert.deepEqual(await read(''), { diff: '', faults: [] });
  });

  it('is no source or text that git takes for a binary file: the agent hears it, however small the diff is', async () => {
    const fault = (path: string) =>
      `${path}: git takes it for a binary file (NUL bytes, or .gitattributes?), so nobody can review it; make it plain text.`;
    const names = ['a/done.js', 'a/b.PY', 'Makefile', 'config/.npmrc', 'logo.svg'];
    for (const rest of [added('a.ts', 5_000), added('a.ts', 200_000)]) {
      const { faults } = await read(...names.map(binary), rest);
      assert.deepEqual(faults, names.map(fault));
    }
    const gone = binary('a/done.js').replace('new file mode', 'deleted file mode');
    assert.deepEqual((await read(gone, binary('logo.png'), binary('package-lock.json'))).faults, []);
    const many = Array.from({ length: 100 }, (_, n) => binary(`${n}.js`));
    assert.match((await read(...many)).faults.at(-1) ?? '', /^95 more files/);
    assert.deepEqual((await read(binary('a\\n.js'))).faults.length, 1);
  });

  it('is every file of a larger one, whole, in parts of the same size', async () => {
    const diffs = ['a', 'b', 'c', 'd', 'e'].map((name) => added(`src/${name}.ts`, 50_000));
    const parts = partsOf(await large(...diffs));
    assert.deepEqual(
      parts.map((part) => [...part.paths]),
      [['src/a.ts', 'src/b.ts'], ['src/c.ts', 'src/d.ts'], ['src/e.ts']],
    );
    assert.equal(parts.map((part) => part.text).join(''), diffs.join(''));
  });

  it('is a file that is larger than a part between hunks, and the next one behind it', async () => {
    const diffs = [added('a.ts', 30_000), added('b.ts', 2.5 * PART_BYTES), added('c.ts', 20_000)];
    const files = await large(...diffs);
    const parts = partsOf(files);
    assert.ok(parts.every((part) => Buffer.byteLength(part.text) <= PART_BYTES));
    const lines = (text: string) => text.split(`\n+${line}`).length - 1;
    assert.equal(lines(parts.map((part) => part.text).join('')), lines(diffs.join('')));
    assert.deepEqual(
      parts.map((part) => [...part.paths]),
      [['a.ts'], ['b.ts'], ['b.ts'], ['b.ts', 'c.ts']],
    );
    assert.match(fileLines(files, parts)[1] ?? '', /^b\.ts \(\+\d+ −0 lines, 301 kB\): part 2, 3, 4$/);
  });

  it('has what no person reads by name, size and reason, and nothing of it in the parts', async () => {
    const minified = `${line}`.repeat(200);
    const deleted = added('old.ts', 30_000).replace('new file mode', 'deleted file mode').replaceAll('\n+', '\n-');
    const files = await large(
      added('src/a.ts', 100_000),
      added('package-lock.json', 500_000, '"resolved": "https://registry.invalid/x.tgz"'),
      binary('logo.png'),
      added('public/app.min.js', 200_000, minified),
      added('fixtures/rows.json', 300_000, '{"id": 1}'),
      added('dist/app.js.map', 20_000, sourceMap(20_000)),
      deleted,
      added('sub/package-lock.json', 3_000),
      added('config.json', 20_000),
      added('src/one-long-line.ts', 4_000, minified),
    );
    const parts = partsOf(files);
    assert.deepEqual(
      files.flatMap(({ path, unshown, text }) => (unshown === null ? [] : [`${path}: ${unshown}${text}`])),
      [
        'package-lock.json: lock file',
        'logo.png: binary file',
        'public/app.min.js: minified or encoded: next to all of it is very long lines',
        'fixtures/rows.json: data',
        'dist/app.js.map: source map',
        'old.ts: deleted file',
      ],
    );
    assert.deepEqual(
      [...new Set(parts.flatMap((part) => [...part.paths]))],
      ['src/a.ts', 'sub/package-lock.json', 'config.json', 'src/one-long-line.ts'],
    );
    const list = fileLines(files, parts);
    assert.equal(list.length, 10);
    assert.match(list[1] ?? '', /^package-lock\.json \(\+\d+ −0 lines, \d+ kB\): not shown, lock file$/);
    assert.equal(list[2], 'logo.png (71 kB): not shown, binary file');
  });

  it('does not depend on a name alone: code in lines that can be read is shown', async () => {
    const files = await large(added('a.min.js', 150_000), added('dist/b.js', 20_000), added('fixtures/c.json', 9_000));
    assert.ok(files.every((file) => file.unshown === null));
  });

  it('is code that can be read, also beside lines that cannot, and whatever it is called', async () => {
    const steal = Array.from({ length: 150 }, (_, n) => `steal(${n}); // can be read`).join('\n+');
    const mixed = (path: string, chars: number) => added(path, 1, `const data = '${'A'.repeat(chars)}';\n+${steal}`);
    const files = await large(
      added('a.ts', 100_000),
      mixed('src/payload.js', 12_000),
      mixed('src/large.js', 200_000),
      added('src/evil.js.map', 20_000),
      added('src/half.js.map', 1, `${sourceMap(20_000)}\n+${steal}`),
    );
    assert.deepEqual(
      files.filter((file) => file.unshown !== null).map((file) => file.path),
      [],
    );
    const [banner] = await large(added('lib.min.js', 1, `/*! lib 1.0 */\n+${line.repeat(5_000)}\n+// end`));
    assert.match(banner?.unshown ?? '', /^minified/);
  });

  it('is nothing when it is too much: the agent hears how much, what is largest, and what to do', async () => {
    const { diff, faults } = await read(
      ...Array.from({ length: MOST_PARTS }, (_, n) => added(`src/${n}.ts`, 100_000)),
      added('dist/bundle.js', 400_000),
    );
    assert.equal(diff, '');
    assert.equal(faults.length, 1);
    assert.match(
      faults[0] ?? '',
      /^The change is too large to be reviewed: 9 files, 1\.2 MB to read;.*The largest: dist\/bundle\.js \(\+\d+ −0 lines, 401 kB\), src\/0\.ts.*Take out what a tool has made/,
    );
  });

  it('is nothing of a diff that could not be read whole, and of more files than can be named', async () => {
    const cut = `${added('a.ts', 200_000)}[diff cut after 8388608 bytes]\n`;
    assert.match(
      (await diffToReview(cut, changedIn(cut), sizes)).faults[0] ?? '',
      /1 files, a diff of more than 8\.4 MB/,
    );
    const icons = Array.from({ length: MOST_FILES }, (_, n) => binary(`icons/${n}.png`));
    const code = added('a.ts', 100_000);
    assert.match((await read(...icons, code)).faults[0] ?? '', new RegExp(`: ${MOST_FILES + 1} files`));
    assert.deepEqual((await read(...icons.slice(1), code)).faults, []);
  });

  it('lists a file in one line, whatever it is called', () => {
    const named = { oldPath: 'b', bytes: 9, addedLines: 1, removedLines: 0, isBinary: false, isDeleted: false };
    assert.deepEqual(fileLines([{ ...named, path: 'a\n- b: part 1', text: '', unshown: 'data' }], []), [
      'a?- b: part 1, was b (+1 −0 lines, 1 kB): not shown, data',
    ]);
  });

  it('is in a later round only what is new, the rest by name', async () => {
    const files = await large(added('a.ts', 100_000), added('b.ts', 100_000), binary('logo.png'));
    const news = onlyNews(files, ({ path }) => path === 'b.ts');
    const parts = partsOf(news);
    assert.deepEqual(
      parts.map((part) => [...part.paths]),
      [['b.ts']],
    );
    assert.deepEqual(
      fileLines(news, parts).map((said) => said.replace(/^(\S+) .*: /, '$1: ')),
      ['a.ts: not shown, as the last review saw it', 'b.ts: part 1', 'logo.png: not shown, binary file'],
    );
    assert.deepEqual(partsOf(onlyNews(files, () => false)), []);
  });
});
