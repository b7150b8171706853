import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { openBridge } from './bridge.ts';
import { temporaryFolder } from './temporary.ts';
import { until } from './until.ts';

/** A socket that has its name and nobody who listens, as an extension host leaves it that is killed. */
async function leaveSocket(file: string): Promise<void> {
  const host = spawn(process.execPath, ['-e', 'require("node:net").createServer().listen(process.argv[1])', file]);
  await until(() => fs.existsSync(file), { what: 'the socket', timeoutMs: 10_000 });
  host.kill('SIGKILL');
  await once(host, 'exit');
}

describe('the door to an extension host', () => {
  it('waits for a host that listens, and asks it once', async () => {
    const folder = temporaryFolder('bridge-');
    const bridge = openBridge(folder.path);
    await leaveSocket(path.join(folder.path, '1.sock'));
    const asked: string[] = [];
    const host = http.createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      asked.push(body);
      response.end(JSON.stringify({ ok: true, value: 42 }));
    });
    try {
      const answer = bridge.evaluate(() => 41);
      host.listen(path.join(folder.path, '2.sock'));
      assert.equal(await answer, 42);
      assert.deepEqual(asked, ['{"source":"() => 41","args":[]}']);
    } finally {
      host.close();
      folder.remove();
    }
  });

  it('says that no host came when nobody listens in time', async () => {
    const folder = temporaryFolder('bridge-');
    const bridge = openBridge(folder.path, { startMs: 100 });
    try {
      await leaveSocket(path.join(folder.path, '1.sock'));
      await assert.rejects(
        bridge.evaluate(() => 41),
        /waited 100 ms in vain for the extension host/,
      );
    } finally {
      folder.remove();
    }
  });
});
