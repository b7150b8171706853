import assert from 'node:assert/strict';
import path from 'node:path';
import { skipWhereUnsupported } from '../harness/supported.ts';
import { makeWorkspace } from '../harness/workspace.ts';
import { bundleSuites } from './bundle.ts';
import { mirrorTests } from './mirror.ts';
import type { ExtensionHostResult } from './result.ts';
import { type ExtensionHostRun, runInExtensionHost } from './run.ts';

const root = path.resolve(import.meta.dirname, '../../..');
/** For the start of VS Code and the clean-up, on top of the limit of the run. */
const AROUND_MS = 120_000;

export interface InnerSuites extends Omit<ExtensionHostRun, 'testsFile' | 'workspace'> {
  /** The folder of the `*.suite.ts` files. */
  suitesDir: string;
  /** The bundle's name in dist-test/, without `.cjs`. */
  bundleName: string;
  /** Copied into the workspace that the window opens; without it the workspace is an empty repository. */
  fixture?: string;
}

/**
 * An outer suite that runs inner ones in the extension host and shows each of their tests as its own. The inner tests are
 * known only after the run, so an outer `--grep` finds them only when it finds the outer title, too.
 */
export function describeInExtensionHost(title: string, inner: InnerSuites): void {
  const timeoutMs = inner.timeoutMs ?? 300_000;
  describe(title, () => {
    let result: ExtensionHostResult;

    before(async function () {
      skipWhereUnsupported(this);
      this.timeout(timeoutMs + AROUND_MS);
      const testsFile = path.join(root, 'dist-test', `${inner.bundleName}.cjs`);
      await bundleSuites({ suitesDir: inner.suitesDir, outFile: testsFile });
      const workspace = makeWorkspace(inner.fixture === undefined ? {} : { fixture: inner.fixture });
      try {
        result = await runInExtensionHost({ ...inner, timeoutMs, testsFile, workspace: workspace.path });
      } finally {
        workspace.remove();
      }
      if (this.test?.parent) mirrorTests(this.test.parent, result.tests);
    });

    it('runs to its end', () => {
      assert.equal(result.broken, null);
      assert.ok(result.tests.length > 0, 'no inner test ran');
    });
  });
}
