import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  costUsd,
  DEFAULT_MODELS,
  effortFor,
  estimateTokens,
  findModel,
  listModels,
  worstCaseUsd,
} from './model-catalog.ts';

const usage = (inputTokens: number, cachedInputTokens: number, cacheWriteTokens: number, outputTokens: number) => ({
  inputTokens,
  cachedInputTokens,
  cacheWriteTokens,
  outputTokens,
});
const near = (actual: number | null, expected: number) => {
  assert.ok(actual !== null && Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);
};

describe('model catalog', () => {
  it('prices plain, cached, cache-written and output tokens each at their own rate', () => {
    near(
      costUsd('claude-sonnet-5-5', usage(1_000_000, 400_000, 100_000, 10_000), { cacheWrite1hTokens: 40_000 }),
      1.0 + 0.04 + 0.15 + 0.16 + 0.1,
    );
    near(costUsd('grok-4.7', usage(100_000, 50_000, 0, 10_000)), 0.1 + 0.025 + 0.06);
  });

  it('takes cache writes for one-hour writes unless told', () => {
    near(costUsd('claude-opus-5-5', usage(1_000, 0, 1_000, 0)), 0.008);
  });

  it('doubles the whole request of a long xAI prompt, and raises haiku above 100k', () => {
    near(costUsd('grok-4.7', usage(199_999, 0, 0, 0)), 0.399998);
    near(costUsd('grok-4.7', usage(200_000, 0, 0, 1_000)), 0.8 + 0.012);
    near(costUsd('claude-haiku-5-5', usage(100_000, 0, 0, 0)), 0.01);
    near(costUsd('claude-haiku-5-5', usage(100_001, 0, 0, 0)), 0.0500005);
  });

  it('knows no price for an unknown model', () => {
    assert.equal(costUsd('mystery-1', usage(1, 0, 0, 1)), null);
    assert.equal(worstCaseUsd('mystery-1', 1, 1), null);
    assert.equal(effortFor('mystery-1', 'high'), null);
  });

  it('never lets the worst case fall below any real cost of the same size', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...listModels()),
        fc.nat(400_000),
        fc.nat(64_000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (entry, input, output, cachedShare, hourShare) => {
          const cached = Math.floor(input * cachedShare);
          const actual = costUsd(entry.id, usage(input, cached, input - cached, output), {
            cacheWrite1hTokens: Math.floor((input - cached) * hourShare),
          });
          const worst = worstCaseUsd(entry.id, input, output);
          assert.ok(actual !== null && worst !== null && actual <= worst + 1e-9);
        },
      ),
    );
  });

  it('uses the whole prompt for the price of a part of it', () => {
    near(worstCaseUsd('grok-4.7', 1_000, 0, { promptTokens: 300_000 }), 0.004);
    near(worstCaseUsd('claude-sonnet-5-5', 1_000, 0, { cacheTtl: '5m' }), 0.0025);
    near(worstCaseUsd('claude-sonnet-5-5', 1_000, 0, { cacheTtl: 'none' }), 0.002);
  });

  it('clamps effort to what a model takes and sends none where it is an error', () => {
    assert.equal(effortFor('grok-4.7', 'max'), 'xhigh');
    assert.equal(effortFor('grok-4.3', 'xhigh'), 'high');
    assert.equal(effortFor('grok-4.20-0309-reasoning', 'high'), null);
    assert.equal(effortFor('claude-sonnet-5-5', 'max'), 'max');
    assert.equal(effortFor('claude-haiku-4-5', 'low'), null);
  });

  it('has every default model', () => {
    for (const model of Object.values(DEFAULT_MODELS)) assert.ok(findModel(model));
  });

  it('estimates more tokens than four characters each, and counts wide characters higher', () => {
    assert.equal(estimateTokens(''), 0);
    assert.equal(estimateTokens('a'.repeat(1_000)), 400);
    assert.ok(estimateTokens('漢'.repeat(100)) >= 120);
  });
});
