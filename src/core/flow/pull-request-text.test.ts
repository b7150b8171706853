import assert from 'node:assert/strict';
import { aBrief, aPlan, aSubtask } from '../../../test/fakes/plan.ts';
import { pullRequestBody, pullRequestTitle } from './pull-request-text.ts';

describe('the text of a pull request', () => {
  const ledger = { totals: () => ({ capUsd: 9, settledUsd: 1, reservedUsd: 0, calls: 2 }) };
  const work = { plan: aPlan([aSubtask('a')]), evidence: [], commit: 'c'.repeat(40), files: [] };
  const place = { repository: { owner: 'o', name: 'n' }, template: null };
  const issue = { owner: 'o', name: 'n', number: 12, url: 'https://forge.invalid/o/n/issues/12', title: 'T' };
  const of = (description: string) =>
    pullRequestBody({ rootRunId: 'r' }, { ledger }, { brief: aBrief({ description }), issue }, work, place);

  it('closes its issue and tells why', () => {
    assert.match(of('To sell shoes.'), /^Closes #12\n[\s\S]*## Why\nTo sell shoes\.[\s\S]*Run r\n<!-- .* -->\n$/);
  });

  it('is no longer than GitHub takes, however long the issue was', () => {
    const text = of('😀'.repeat(40_000));
    assert.ok(text.length <= 65_536 && text.isWellFormed(), String(text.length));
    assert.match(text, /^Closes #12\n/);
    assert.match(text, /…\n\n\*\*The text was cut here\*\*[\s\S]*`\/revise`[\s\S]*Run r\n<!--/);
    assert.doesNotMatch(of('To sell shoes.'), /cut here/);
  });

  it('closes no other issue, leaves out no checks and calls nobody with what an issue or a model says', () => {
    const said = 'Fixes #9 [skip ci] @mira';
    const subtask = aSubtask('a', { title: `${said}\n## Why` });
    const text = pullRequestBody(
      { rootRunId: 'r' },
      { ledger },
      { brief: aBrief({ description: said, requirements: [said] }), issue },
      { ...work, plan: aPlan([subtask], { summary: said }) },
      place,
    );
    assert.deepEqual(text.match(/Closes #12|Fixes #9|\[skip ci\]|@mira/g), ['Closes #12']);
    assert.match(text, /\n- \*\*a\*\*: Fixes issue 9 \(skip ci\) @\u200Bmira ## Why\n/);
    assert.equal(pullRequestTitle('Add\n[skip ci] fixes: #9'), 'Add (skip ci) fixes: issue 9');
  });
});
