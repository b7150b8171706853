import assert from 'node:assert/strict';
import fc from 'fast-check';
import { budgetProblem, suggestedBudgetUsd } from './budget.ts';

describe('a higher budget', () => {
  it('is suggested so that it is accepted, whatever the cap was', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 1_000_000, noNaN: true }), (capUsd) => {
        assert.equal(budgetProblem(String(suggestedBudgetUsd(capUsd)), capUsd), false);
      }),
    );
  });

  it('must be a plain number above the cap that was reached', () => {
    for (const text of ['', '10', '9.99', '-20', '1e3', 'abc', '20 dollars', 'Infinity', '12,5']) {
      assert.equal(budgetProblem(text, 10), true, text);
    }
    assert.equal(budgetProblem(' 10.5 ', 10), false);
  });
});
