// Packs dist/, media/ and the texts into one .vsix: `out/ai-development-orchestrator.vsix`, or where `--out FILE` says.
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createVSIX } from '@vscode/vsce';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({ options: { out: { type: 'string' } } });
const packagePath = resolve(values.out ?? join(root, 'out', 'ai-development-orchestrator.vsix'));

mkdirSync(dirname(packagePath), { recursive: true });
await createVSIX({
  cwd: root,
  packagePath,
  // Everything is bundled.
  dependencies: false,
  allowMissingRepository: true,
  // The README's links are for the repository; there is no address yet to make them absolute with.
  rewriteRelativeLinks: false,
});
console.log(`${packagePath}  ${(statSync(packagePath).size / 1e6).toFixed(2)} MB`);
