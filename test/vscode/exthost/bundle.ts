import { readdirSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const entryFile = path.join(import.meta.dirname, 'entry.ts');

/**
 * Bundles every `*.suite.ts` of a folder with the entry into one CommonJS file; its name ends in `.cjs`, because the
 * package is one of ES modules. `vscode` exists in the extension host only; mocha is taken from node_modules.
 */
export async function bundleSuites({ suitesDir, outFile }: { suitesDir: string; outFile: string }): Promise<void> {
  const suites = readdirSync(suitesDir)
    .filter((name) => name.endsWith('.suite.ts'))
    .sort();
  if (suites.length === 0) throw new Error(`no *.suite.ts in ${suitesDir}`);
  const loads = suites.map((name) => `require(${JSON.stringify(`./${name}`)});`);
  await build({
    stdin: {
      contents: `import { runSuites } from ${JSON.stringify(entryFile)};
export const run = () => runSuites(() => { ${loads.join(' ')} });`,
      resolveDir: suitesDir,
      sourcefile: 'suites.ts',
      loader: 'ts',
    },
    outfile: outFile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['vscode', 'mocha'],
    keepNames: true,
    sourcemap: 'inline',
    logLevel: 'warning',
  });
}
