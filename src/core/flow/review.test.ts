import assert from 'node:assert/strict';
import type { Finding, Review } from '../../protocol/work.ts';
import { touchedLines } from './diff-lines.ts';
import { joinReviews, settleReview } from './review.ts';

const finding = (id: string, file: string, line: number): Finding => ({
  id,
  file,
  line,
  severity: 'major',
  message: 'm',
});
const approve = (...findings: Finding[]): Review => ({ verdict: 'approve', summary: 'fine', findings });
const revise = (...findings: Finding[]): Review => ({ verdict: 'revise', summary: 's', findings });

const patch = `diff --git a/src/a.js b/src/a.js
index 1..2 100644
--- a/src/a.js
+++ b/src/a.js
@@ -10,3 +10,4 @@ function f() {
 context
-removed
+added one
+added two
 context
diff --git a/old.js b/old.js
deleted file mode 100644
--- a/old.js
+++ /dev/null
@@ -1 +0,0 @@
-x
`;

describe('a review', () => {
  it('reads the lines that a diff touches in the new file', () => {
    assert.deepEqual([...(touchedLines(patch).get('src/a.js') ?? [])], [11, 12]);
  });

  it('keeps every finding of round 1', () => {
    const review = revise(finding('f1', 'elsewhere.js', 99));
    assert.deepEqual(settleReview(review, [], null), review);
  });

  it('drops new findings outside of the changed lines in later rounds', () => {
    const old = finding('f1', 'src/a.js', 400);
    const review = revise(old, finding('f2', 'src/a.js', 12), finding('f3', 'src/a.js', 300), finding('f4', 'b.js', 1));
    assert.deepEqual(
      settleReview(review, [old], patch).findings.map((f) => f.id),
      ['f1', 'f2'],
    );
  });

  it('becomes an approval when nothing is left of a request to revise', () => {
    assert.equal(settleReview(revise(finding('f9', 'b.js', 1)), [], patch).verdict, 'approve');
  });

  it('keeps a finding about a file without lines when the file changed: one that is no text, or is gone', () => {
    const binary =
      'diff --git a/logo.png b/logo.png\nindex 1..2 100644\nBinary files a/logo.png and b/logo.png differ\n';
    const review = revise(finding('f1', 'logo.png', 0), finding('f2', 'old.js', 0), finding('f3', 'other.png', 0));
    assert.deepEqual(
      settleReview(review, [], patch + binary).findings.map((f) => f.id),
      ['f1', 'f2'],
    );
  });
});

describe('the reviews of the parts of a diff', () => {
  const ids = (review: Review) => review.findings.map((f) => `${f.id} ${f.file}:${f.line}`);

  it('are the review itself when there is one part', () => {
    const review = revise(finding('f1', 'a.js', 1));
    assert.deepEqual(joinReviews([review], [], null), review);
  });

  it('ask for a revision when one part does, with the findings of all under names of their own', () => {
    const joined = joinReviews(
      [approve(finding('f1', 'a.js', 1)), revise(finding('f1', 'b.js', 2), finding('f2', 'b.js', 3)), approve()],
      [],
      null,
    );
    assert.equal(joined.verdict, 'revise');
    assert.deepEqual(ids(joined), ['f1 a.js:1', 'f1-part-2 b.js:2', 'f2 b.js:3']);
    assert.equal(joined.summary, 'Part 1 of 3: fine\nPart 2 of 3: s\nPart 3 of 3: fine');
  });

  it('approve when all do', () => {
    const joined = joinReviews([approve(), approve(finding('f1', 'a.js', 1))], [], null);
    assert.deepEqual([joined.verdict, ids(joined)], ['approve', ['f1 a.js:1']]);
  });

  it('are held to the lines that changed, those of an approved part too when there is another round', () => {
    const old = finding('f1', 'src/a.js', 400);
    const outside = finding('f5', 'b.js', 1);
    const inside = finding('f6', 'src/a.js', 12);
    const joined = joinReviews([approve(outside, inside), revise(old), revise(old, outside)], [old], patch);
    assert.deepEqual([joined.verdict, ids(joined)], ['revise', ['f6 src/a.js:12', 'f1 src/a.js:400']]);
    assert.equal(joinReviews([approve(), revise(outside)], [old], patch).verdict, 'approve');
  });
});
