// Started by workbench.test.ts, which interrupts it.
import { launchBrowser } from './browser.ts';
import { startServer } from './server.ts';
import { makeWorkspace } from './workspace.ts';

makeWorkspace();
await startServer();
await launchBrowser();
console.log('ready');
