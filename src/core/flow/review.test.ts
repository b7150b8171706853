import assert from 'node:assert/strict';
import type { Finding, Review } from '../../protocol/work.ts';
import { touchedLines } from './diff-lines.ts';
import { settleReview } from './review.ts';

const finding = (id: string, file: string, line: number): Finding => ({
  id,
  file,
  line,
  severity: 'major',
  message: 'm',
});
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
});
