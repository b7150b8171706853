import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRepository } from '../../adapters/git/repository.ts';
import { filesOf, piecesOf } from './diff-files.ts';
import { isCut, outlineOf, touchedLines } from './diff-lines.ts';
import { diffToReview } from './review-parts.ts';

/** A file of numbered lines; `change` says what becomes of some of them. */
const numbered = (count: number, change: (n: number) => string | null = () => null): string =>
  Array.from({ length: count }, (_, n) => `${change(n + 1) ?? `line ${n + 1} of the text`}\n`).join('');

/** What the pieces of a file's diff say together, as [sign, line number in the old or new file, text]. */
function statements(pieces: readonly string[]): string[] {
  const said: string[] = [];
  for (const piece of pieces) {
    let old = 0;
    let now = 0;
    for (const line of piece.slice(0, -1).split('\n')) {
      const range = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line);
      if (range) {
        old = Number(range[1]) + (range[2] === '0' ? 1 : 0);
        now = Number(range[3]) + (range[4] === '0' ? 1 : 0);
      } else if (old + now > 0) {
        if (line.startsWith('-')) said.push(`-${old++}:${line.slice(1)}`);
        else if (line.startsWith('+')) said.push(`+${now++}:${line.slice(1)}`);
        else if (/^ |^$/.test(line)) said.push(` ${old++}/${now++}:${line.slice(1)}`);
      }
    }
  }
  return said;
}

describe('a diff of git', () => {
  let dir = '';
  let patch = '';
  const repository = createRepository({ tempDir: () => dir });
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=U', '-c', 'user.email=u@x', ...args], { cwd: dir, encoding: 'utf8' }).trim();
  const put = (path: string, content: string | Buffer) => {
    mkdirSync(join(dir, path, '..'), { recursive: true });
    writeFileSync(join(dir, path), content);
  };
  const commit = () => {
    git('add', '-A');
    git('commit', '-q', '-m', 'x');
    return git('rev-parse', 'HEAD');
  };
  const fileAt = (path: string) => {
    const found = filesOf(patch).find((file) => file.path === path);
    assert.ok(found, path);
    return found;
  };

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'diff-files-'));
    git('init', '-q');
    // People set this; an empty line of context then has no space.
    git('config', 'diff.suppressBlankEmpty', 'true');
    put(
      'big.txt',
      numbered(3_000, (n) => (n % 50 === 0 ? '' : null)),
    );
    put('old name.txt', numbered(20));
    put('gone.txt', 'nobody needs this\n');
    put('run.sh', 'echo\n');
    put('link', 'a file\n');
    const from = commit();
    put(
      'big.txt',
      numbered(3_000, (n) =>
        n % 50 === 0 ? '' : n > 1_000 && n < 1_600 ? `changed ${n} ü` : n % 710 === 0 ? 'far' : null,
      ),
    );
    renameSync(join(dir, 'old name.txt'), join(dir, 'new näme.txt'));
    rmSync(join(dir, 'gone.txt'));
    rmSync(join(dir, 'link'));
    symlinkSync('run.sh', join(dir, 'link'));
    git('update-index', '--chmod=+x', 'run.sh');
    put('bin/image.png', Buffer.from([0, 1, 2, 0]));
    put('empty file', '');
    put('tab\t"quoted".txt', 'x\n');
    put('added.txt', numbered(2_000));
    put(
      'tricky.txt',
      'diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\nBinary files a/x and b/x differ\nx\r@@ -9 +9 @@ \u2028@@ -1\n'.repeat(
        100,
      ),
    );
    git('add', '-A');
    git('update-index', '--chmod=+x', 'run.sh');
    git('commit', '-q', '-m', 'x');
    patch = await repository.patch(dir, from, git('rev-parse', 'HEAD'), 10_000_000);
  });
  after(async () => {
    await repository.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('is read by files, whose texts together are the diff', () => {
    const files = filesOf(patch);
    assert.equal(files.map((file) => file.text).join(''), patch);
    assert.deepEqual(
      files.map(({ path, addedLines, removedLines, isBinary, isDeleted }) =>
        [path, addedLines, removedLines, isBinary ? 'binary' : '', isDeleted ? 'deleted' : ''].join('|'),
      ),
      [
        'added.txt|2000|0||',
        `big.txt|${588 + 3}|${588 + 3}||`,
        'bin/image.png|0|0|binary|',
        'empty file|0|0||',
        'gone.txt|0|1||deleted',
        'link|0|1||deleted',
        'link|1|0||',
        'new näme.txt|0|0||',
        'run.sh|0|0||',
        'tab\t"quoted".txt|1|0||',
        'tricky.txt|600|0||',
      ],
    );
    assert.equal(fileAt('new näme.txt').oldPath, 'old name.txt');
    assert.ok(files.every((file) => file.bytes === Buffer.byteLength(file.text)));
    assert.deepEqual(filesOf(''), []);
  });

  it('is outlined in a fraction of its size, with the same touched lines', () => {
    const outline = outlineOf(patch);
    assert.ok(outline.length < patch.length / 5, `${outline.length} of ${patch.length}`);
    assert.deepEqual(touchedLines(outline), touchedLines(patch));
    assert.deepEqual([...(touchedLines(patch).get('tab\t"quoted".txt') ?? [])], [1]);
    assert.ok(touchedLines(patch).get('big.txt')?.has(2_840));
    assert.deepEqual(
      filesOf(outline).map((file) => file.path),
      filesOf(patch).map((file) => file.path),
    );
  });

  it('says when it was cut, and no file can say so for it', async () => {
    const from = git('rev-parse', 'HEAD');
    put('liar.txt', '[diff cut after 100 bytes]\n');
    const whole = await repository.patch(dir, from, commit(), 10_000);
    assert.deepEqual([isCut(whole), isCut(patch), isCut('')], [false, false, false]);
    assert.ok(isCut(await repository.patch(dir, from, git('rev-parse', 'HEAD'), 100)));
  });

  it('says nothing of code with a NUL byte, which the review gives back', async () => {
    const from = git('rev-parse', 'HEAD');
    put('src/done.js', '// \0\nsteal();\n');
    const said = await repository.patch(dir, from, commit(), 10_000);
    assert.doesNotMatch(said, /steal/);
    const { diff, faults } = await diffToReview(said, [], async () => []);
    assert.equal(diff, '');
    assert.match(faults.join('\n'), /^src\/done\.js: git takes it for a binary file .*make it plain text\.$/);
  });

  for (const maxBytes of [1_000, 4_000, 20_000]) {
    it(`is cut into pieces of at most ${maxBytes} bytes that say the same of the same lines`, () => {
      for (const path of ['big.txt', 'added.txt', 'tricky.txt']) {
        const file = fileAt(path);
        const pieces = piecesOf(file, maxBytes);
        assert.ok(
          pieces.every((piece) => Buffer.byteLength(piece) <= maxBytes && piece.startsWith('diff --git a/')),
          pieces.map((piece) => Buffer.byteLength(piece)).join(' '),
        );
        assert.ok(pieces.length <= 2 + (2 * file.bytes) / (maxBytes - 500), `${path}: ${pieces.length} pieces`);
        const said = statements(pieces);
        const wanted = statements([file.text]);
        const differs = wanted.findIndex((statement, index) => statement !== said[index]);
        assert.deepEqual([said.length, said[differs]], [wanted.length, wanted[differs]]);
      }
    });
  }

  it('is one piece when it fits', () => {
    const file = fileAt('big.txt');
    assert.deepEqual(piecesOf(file, file.bytes), [file.text]);
    assert.ok(piecesOf(file, file.bytes - 1).length > 1);
  });

  it('has a line that is larger than a piece in several, each marked, with no character broken', () => {
    const line = 'ü😀x'.repeat(2_000);
    const text = `diff --git a/l.js b/l.js\n--- a/l.js\n+++ b/l.js\n@@ -4,0 +5,3 @@ f()\n+before\n+${line}\n+after\n`;
    const pieces = piecesOf({ text, bytes: Buffer.byteLength(text) }, 2_000);
    assert.ok(pieces.every((piece) => Buffer.byteLength(piece) <= 2_000 && piece.isWellFormed()));
    const shown = pieces
      .flatMap((piece) => piece.split('\n'))
      .filter((said) => /^\+(?!\+\+)/.test(said))
      .map((said) => said.slice(1));
    assert.equal(shown.join(''), `before${line}after`);
    assert.equal(pieces.join('').split('The line goes on.').length, shown.length - 2);
    assert.match(pieces.at(-1) ?? '', /@@ -4,0 \+6,2 @@ f\(\)[\s\S]*\+after\n$/);
  });
});
