// Command line: runs the inner suites of exthost/suites against the built extension of this repository.
//   --grep TEXT        only tests whose title contains it
//   --inspect PORT     waits for no one, but lets a Node debugger attach to the extension host
//   --timeout SECONDS  default 300
//   --headed           with a visible window
//   --keep             keeps the data folder of VS Code
//   --verbose          prints every log line of VS Code
import path from 'node:path';
import { parseArgs } from 'node:util';
import { makeWorkspace } from '../harness/workspace.ts';
import { bundleSuites } from './bundle.ts';
import { printCounts, printEvent } from './follow.ts';
import { runInExtensionHost } from './run.ts';

const root = path.resolve(import.meta.dirname, '../../..');

const { values } = parseArgs({
  options: {
    grep: { type: 'string', default: '' },
    inspect: { type: 'string' },
    timeout: { type: 'string', default: '300' },
    headed: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});
const testsFile = path.join(root, 'dist-test', 'exthost.cjs');
await bundleSuites({ suitesDir: path.join(import.meta.dirname, 'suites'), outFile: testsFile });
const workspace = makeWorkspace();
try {
  const result = await runInExtensionHost({
    extensionDir: root,
    testsFile,
    workspace: workspace.path,
    timeoutMs: Number(values.timeout) * 1000,
    grep: values.grep,
    ...(values.inspect === undefined ? {} : { inspectPort: Number(values.inspect) }),
    headless: !values.headed,
    keep: values.keep,
    onEvent: printEvent,
    ...(values.verbose ? { onLogLine: console.log } : {}),
  });
  if (result.broken !== null) console.error(result.broken);
  printCounts(result);
  process.exitCode = result.broken === null && result.failed === 0 && result.passed > 0 ? 0 : 1;
} finally {
  workspace.remove();
}
