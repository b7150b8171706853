import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConfiguredRegistry } from './configured-registry.ts';

describe('the configured package registry', () => {
  const signal = new AbortController().signal;

  it('is the one that npm names, and is asked for once', async function () {
    if (process.platform === 'win32') {
      console.log('      skipped: the stand-in for npm is a shell script');
      this.skip();
    }
    const dir = mkdtempSync(join(tmpdir(), 'npm-'));
    const server = createServer((request, response) => response.writeHead(request.url === '/known' ? 200 : 404).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const npm = join(dir, 'npm');
      const marks = join(dir, 'asked');
      const { port } = server.address() as AddressInfo;
      writeFileSync(
        npm,
        `#!/bin/sh\nif [ -e '${marks}' ]; then exit 1; fi\n: > '${marks}'\necho http://127.0.0.1:${port}/\n`,
      );
      chmodSync(npm, 0o755);
      const registry = createConfiguredRegistry(npm);
      assert.equal(await registry.exists('known', signal), 'yes');
      assert.equal(await registry.exists('unheard-of', signal), 'no');
    } finally {
      server.close();
      rmSync(dir, { recursive: true });
    }
  });

  it('is unknown without npm, and then so is every package', async () => {
    assert.equal(await createConfiguredRegistry('/nowhere/npm').exists('left-pad', signal), 'unknown');
  });
});
