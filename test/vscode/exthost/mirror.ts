import { Suite, Test } from 'mocha';
import type { InnerTest } from './events.ts';

function asTest(inner: InnerTest, title: string): Mocha.Test {
  if (inner.kind === 'skipped') return new Test(title);
  return new Test(title, () => {
    if (inner.kind === 'passed') return;
    const error = new Error(inner.error.split('\n', 1)[0]);
    error.stack = inner.error;
    throw error;
  });
}

/**
 * Adds one test for each inner test to `suite`, below the inner suites' titles. Call it from a `before` of that suite,
 * which must have a test of its own: mocha looks for a suite's tests after its `before`.
 */
export function mirrorTests(suite: Mocha.Suite, tests: readonly InnerTest[]): void {
  for (const inner of tests) {
    let parent = suite;
    for (const title of inner.titlePath.slice(0, -1)) {
      parent = parent.suites.find((child) => child.title === title) ?? Suite.create(parent, title);
    }
    parent.addTest(asTest(inner, inner.titlePath.at(-1) ?? ''));
  }
}
