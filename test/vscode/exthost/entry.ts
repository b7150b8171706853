// Runs suites inside the extension host. Bundled together with them; VS Code loads the bundle and calls its `run`.
import fs from 'node:fs';
import { takeCoverage } from 'node:v8';
import { EVENTS_FILE, GREP, type InnerEvent } from './events.ts';

const TEST_MS = 30_000;

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${describeError(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

function reportTo(file: string, runner: Mocha.Runner): void {
  const tell = (event: InnerEvent) => fs.appendFileSync(file, `${JSON.stringify(event)}\n`);
  const about = (test: Mocha.Runnable) => ({ titlePath: test.titlePath() });
  runner.on('test', (test) => tell({ kind: 'started', ...about(test) }));
  runner.on('pass', (test) => tell({ kind: 'passed', ...about(test), durationMs: test.duration ?? 0 }));
  runner.on('pending', (test) => tell({ kind: 'skipped', ...about(test) }));
  // Also called for a hook that failed, with the hook's title.
  runner.on('fail', (test: Mocha.Runnable, error: unknown) => {
    tell({ kind: 'failed', ...about(test), durationMs: test.duration ?? 0, error: describeError(error) });
  });
  runner.on('end', () => tell({ kind: 'ended' }));
}

/** `load` evaluates the suites' files; it is called when `describe` and `it` exist. Rejects when a test failed. */
export async function runSuites(load: () => void): Promise<void> {
  const { [EVENTS_FILE]: file, [GREP]: grep, NODE_V8_COVERAGE: coverage } = process.env;
  // An ES module, which this CommonJS bundle could not take in by name.
  const { default: Mocha } = await import('mocha');
  const mocha = new Mocha({
    ui: 'bdd',
    timeout: TEST_MS,
    color: false,
    forbidOnly: true,
    // With a file for the events, nothing is printed: the console goes through VS Code's log.
    reporter: file === undefined ? 'spec' : class extends Mocha.reporters.Base {},
    ...(grep ? { grep } : {}),
  });
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  load();
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.run(resolve);
    if (file !== undefined) reportTo(file, runner);
  });
  // The process may be killed before it would write.
  if (coverage) takeCoverage();
  if (failures > 0) throw new Error(`${failures} failed`);
}
