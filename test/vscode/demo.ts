// Sets up a real VS Code on loopback with the packed extension, and prints the address to open in a browser. Ends with Ctrl-C.
//   --port N       default 8300; 0 takes a free one
//   --check        closes again once the window's extension answers; for a test of this program
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { stopLocalCloud } from '../../src/app/local-cloud.ts';
import { prepareExtensions } from './harness/extensions.ts';
import { startServer } from './harness/server.ts';

const root = path.resolve(import.meta.dirname, '../..');
const demoDir = path.join(root, '.demo');
const stateDir = path.join(demoDir, 'state');

const { values } = parseArgs({ options: { port: { type: 'string', default: '8300' }, check: { type: 'boolean' } } });

const vsix = path.join(root, 'out', 'ai-development-orchestrator.vsix');
execFileSync(process.execPath, [path.join(root, 'scripts', 'build.mjs'), '--quiet'], { stdio: 'inherit' });
execFileSync(process.execPath, [path.join(root, 'scripts', 'package.mjs'), '--out', vsix], { stdio: 'inherit' });

const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
const workspace = path.join(demoDir, 'vscode', stamp);
mkdirSync(workspace, { recursive: true });

// The editor turns links to servers on this machine into /proxy/PORT/…; the browser runs on it too, so they are sent back.
const direct = createServer((request, response) => {
  const [, port, rest] = /^\/(\d+)(\/.*)$/.exec(request.url ?? '') ?? [];
  if (port === undefined) response.writeHead(404).end();
  else response.writeHead(307, { location: `http://127.0.0.1:${port}${rest}` }).end();
});
await new Promise<void>((resolve) => direct.listen(0, '127.0.0.1', resolve));
const { port: directPort } = direct.address() as AddressInfo;

const extensions = await prepareExtensions({ vsix: [vsix] });
const server = await startServer({
  extensionsDir: extensions.path,
  port: Number(values.port),
  staysAlone: true,
  settings: { 'workbench.startupEditor': 'none' },
  env: {
    ORCHESTRATOR_HOME: stateDir,
    VSCODE_PROXY_URI: `http://127.0.0.1:${directPort}/{{port}}/`,
  },
});
const url = new URL(`http://${server.authority}/`);
url.searchParams.set('folder', workspace);
console.log(`VS Code with the extension and its samples: ${url.href}`);
console.log('Open it in a browser on this machine. "Orchestrator: Start Sample" needs no keys. Ctrl-C ends it.');

const interrupted = Promise.withResolvers<void>();
process.on('SIGINT', () => interrupted.resolve());
process.on('SIGTERM', () => interrupted.resolve());
if (!values.check) await Promise.race([interrupted.promise, server.exited]);
await server.stop();
await stopLocalCloud({ stateDir });
extensions.remove();
direct.close();
