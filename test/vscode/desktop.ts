// Runs the suites of exthost/suites in a desktop VS Code, which @vscode/test-electron downloads to .vscode-test/. For
// machines without the harness in a browser (Windows, macOS), and for what only the desktop has. It opens a window: on
// Linux without a screen, start it as `xvfb-run -a npm run test:desktop`.
//   --vscode VERSION   stable (default), insiders, minimum (the oldest that package.json allows), or a number
//   --grep TEXT        only tests whose title contains it
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runTests } from '@vscode/test-electron';
import * as z from 'zod';
import { desktopOptions } from './desktop-options.ts';
import { bundleSuites } from './exthost/bundle.ts';
import { followEvents, printCounts, printEvent } from './exthost/follow.ts';
import { summarize } from './exthost/result.ts';
import { temporaryFolder } from './harness/temporary.ts';
import { makeWorkspace } from './harness/workspace.ts';

const LOOK_MS = 200;
const root = path.resolve(import.meta.dirname, '../..');
const manifest = z.object({ engines: z.object({ vscode: z.string() }) });

const { values } = parseArgs({
  options: { vscode: { type: 'string', default: 'stable' }, grep: { type: 'string', default: '' } },
});
const { engines } = manifest.parse(JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')));
const testsFile = path.join(root, 'dist-test', 'exthost.cjs');
await bundleSuites({ suitesDir: path.join(import.meta.dirname, 'exthost', 'suites'), outFile: testsFile });
const data = temporaryFolder('vsc-');
const workspace = makeWorkspace();
const eventsFile = path.join(data.path, 'events.jsonl');
const look = followEvents(eventsFile, printEvent);
const looking = setInterval(look, LOOK_MS);
try {
  const options = desktopOptions(
    {
      root,
      testsFile,
      workspaceDir: workspace.path,
      dataDir: data.path,
      eventsFile,
      version: values.vscode,
      grep: values.grep,
      env: process.env,
    },
    engines.vscode,
  );
  // It rejects when a test failed, which the events tell better.
  const broken = await runTests(options).then(
    () => null,
    (error: Error) => error.message,
  );
  const result = summarize(look(), null, []);
  if (result.broken !== null) console.error(broken ?? result.broken);
  printCounts(result);
  process.exitCode = result.broken === null && result.failed === 0 && result.passed > 0 ? 0 : 1;
} finally {
  clearInterval(looking);
  workspace.remove();
  data.remove();
}
