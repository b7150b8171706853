import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { bundleSuites } from '../exthost/bundle.ts';
import type { ExtensionHostResult } from '../exthost/result.ts';
import { runInExtensionHost } from '../exthost/run.ts';
import { markedProcesses } from './processes.ts';
import { skipWhereUnsupported } from './supported.ts';
import { temporaryFolder } from './temporary.ts';
import { makeWorkspace } from './workspace.ts';

const extensionDir = path.join(import.meta.dirname, 'probe-extension');
const testsFile = path.resolve(import.meta.dirname, '../../../dist-test/probe.cjs');

describe('a run in the extension host', function () {
  this.timeout(180_000);
  const tmp = temporaryFolder('vsc-own-');
  const { TMPDIR: usualTmp, ANTHROPIC_API_KEY: usualKey } = process.env;
  let result: ExtensionHostResult;

  function run(options: { timeoutMs: number; signal?: AbortSignal; onHang?: () => void }) {
    const workspace = makeWorkspace();
    const { onHang, ...rest } = options;
    return runInExtensionHost({
      ...rest,
      extensionDir,
      testsFile,
      workspace: workspace.path,
      env: { ORCHESTRATOR_HOME: path.join(tmp.path, 'state') },
      outDir: path.join(tmp.path, 'out'),
      onEvent: (event) => {
        if (event.kind === 'started' && event.titlePath.at(-1) === 'hangs') onHang?.();
      },
    }).finally(workspace.remove);
  }

  before(async function () {
    skipWhereUnsupported(this);
    fs.mkdirSync(path.join(tmp.path, 'tmp'));
    process.env.TMPDIR = path.join(tmp.path, 'tmp');
    process.env.ANTHROPIC_API_KEY = 'of a person';
    await bundleSuites({ suitesDir: path.join(extensionDir, 'suites'), outFile: testsFile });
    const hanging = new AbortController();
    result = await run({ timeoutMs: 150_000, signal: hanging.signal, onHang: () => hanging.abort() });
  });

  after(() => {
    for (const [name, value] of Object.entries({ TMPDIR: usualTmp, ANTHROPIC_API_KEY: usualKey })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    tmp.remove();
  });

  it('tells which tests passed, failed and were skipped', () => {
    assert.deepEqual(
      result.tests.map((test) => `${test.kind} ${test.titlePath.join(': ')}`),
      [
        'passed probe: activates an extension that is an ES module, and lets it load a part of itself late',
        'passed probe: sees the workspace and the environment of the run, and no key of a person',
        'skipped probe: is skipped',
        'failed probe: fails',
      ],
    );
    assert.deepEqual([result.passed, result.failed, result.skipped], [2, 1, 1]);
  });

  it('hands out the error of a failed test', () => {
    const [failed] = result.tests.filter((test) => test.kind === 'failed');
    assert.match(failed?.error ?? '', /told to fail/);
  });

  it('says which test was at work when it had to be ended', () => {
    assert.match(result.broken ?? '', /^cancelled while "probe › hangs" ran/);
    assert.ok(fs.existsSync(path.join(tmp.path, 'out', 'logs')));
  });

  it('ends at its limit', async () => {
    const cut = await run({ timeoutMs: 1 });
    assert.match(cut.broken ?? '', /^no end within 1 ms/);
    assert.equal(cut.passed, 0);
  });

  it('leaves no process and no temporary folder', () => {
    assert.deepEqual(markedProcesses(tmp.path), []);
    assert.deepEqual(fs.readdirSync(path.join(tmp.path, 'tmp')), []);
  });
});
