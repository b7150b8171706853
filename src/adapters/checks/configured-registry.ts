import { execFile } from 'node:child_process';
import type { PackageRegistry } from '../../core/ports.ts';
import { createNpmRegistry } from './npm-registry.ts';

const ASK_TIMEOUT_MS = 10_000;

/** The registry that npm itself is configured with on this machine; asked for once, when a package is first looked up. */
export function createConfiguredRegistry(
  npmBinary = process.platform === 'win32' ? 'npm.cmd' : 'npm',
): PackageRegistry {
  let asked: Promise<PackageRegistry | null> | null = null;
  return {
    async exists(name, signal) {
      asked ??= askNpm(npmBinary).then((url) => (url === null ? null : createNpmRegistry({ baseUrl: url })));
      return (await asked)?.exists(name, signal) ?? 'unknown';
    },
  };
}

function askNpm(npmBinary: string): Promise<string | null> {
  const options = { timeout: ASK_TIMEOUT_MS, shell: process.platform === 'win32' };
  return new Promise((resolve) => {
    execFile(npmBinary, ['config', 'get', 'registry'], options, (error, stdout) => {
      const url = stdout.trim().split('\n').at(-1) ?? '';
      resolve(error === null && URL.canParse(url) ? url : null);
    });
  });
}
