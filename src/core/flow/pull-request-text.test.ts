import assert from 'node:assert/strict';
import { aBrief, aPlan, aSubtask } from '../../../test/fakes/plan.ts';
import { pullRequestBody } from './pull-request-text.ts';

describe('the text of a pull request', () => {
  const ledger = { totals: () => ({ capUsd: 9, settledUsd: 1, reservedUsd: 0, calls: 2 }) };
  const work = { plan: aPlan([aSubtask('a')]), evidence: [], commit: 'c'.repeat(40), files: [] };
  const place = { repository: { owner: 'o', name: 'n' }, template: null };
  const issue = { owner: 'o', name: 'n', number: 12, url: 'https://forge.invalid/o/n/issues/12', title: 'T' };
  const of = (description: string) =>
    pullRequestBody({ rootRunId: 'r' }, { ledger }, { brief: aBrief({ description }), issue }, work, place);

  it('closes its issue and tells why', () => {
    assert.match(of('To sell shoes.'), /^Closes #12\n[\s\S]*## Why\nTo sell shoes\.[\s\S]*Run r\n$/);
  });

  it('is no longer than GitHub takes, however long the issue was', () => {
    const text = of('😀'.repeat(40_000));
    assert.ok(text.length <= 65_536 && text.isWellFormed(), String(text.length));
    assert.match(text, /^Closes #12\n/);
  });
});
