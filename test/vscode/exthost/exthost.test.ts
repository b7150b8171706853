import path from 'node:path';
import { describeInExtensionHost } from './describe.ts';

describeInExtensionHost('in the extension host', {
  extensionDir: path.resolve(import.meta.dirname, '../../..'),
  suitesDir: path.join(import.meta.dirname, 'suites'),
  bundleName: 'exthost',
});
