import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { createCommandRunner } from './command-runner.ts';
import { probeSandbox } from './sandbox.ts';

describe('sandbox', () => {
  it('says whether commands can be confined here by trying it', async () => {
    const { kind, detail } = await probeSandbox();
    assert.ok(kind === 'bwrap' || kind === 'none');
    assert.ok(detail.length > 10);
  });

  it('is reported as missing, warned about once, and insisted on when required', async () => {
    if (process.platform === 'win32') return;
    const path = process.env.PATH;
    process.env.PATH = '/nonexistent';
    try {
      assert.deepEqual(await probeSandbox(), { kind: 'none', detail: 'bubblewrap (bwrap) is not installed' });
      const warnings: string[] = [];
      const log = { info() {}, warn: (message: string) => void warnings.push(message) };
      const spec = {
        ...{ command: 'exit 5', cwd: process.cwd(), env: {}, wallMs: 5_000, idleMs: 5_000, maxOutputBytes: 1_000 },
        ...{ outputFile: null, network: false },
      };
      const signal = new AbortController().signal;
      const auto = createCommandRunner({ sandbox: 'auto', log, tempDir: tmpdir });
      assert.equal((await auto.run(spec, signal)).exitCode, 5);
      assert.equal((await auto.run(spec, signal)).exitCode, 5);
      assert.deepEqual(warnings, ['commands run without a sandbox']);
      const required = createCommandRunner({ sandbox: 'required', log, tempDir: tmpdir });
      await assert.rejects(required.run(spec, signal), { code: 'configuration' });
    } finally {
      process.env.PATH = path;
    }
  });
});
