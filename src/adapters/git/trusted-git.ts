import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tls from 'node:tls';
import type { Git } from './git-command.ts';

/**
 * The same git, which trusts in the network what this program trusts: NODE_EXTRA_CA_CERTS adds to Node's certificates, while
 * git's GIT_SSL_CAINFO takes the place of all others, so it gets a file with both. One that is set already is left alone.
 */
export function trustedGit(git: Git, tempDir: () => string): Git {
  let made: { extra: string; bundle: string } | null = null;
  const environment = (): Record<string, string> => {
    const extra = process.env.NODE_EXTRA_CA_CERTS ?? '';
    if (extra === '' || (process.env.GIT_SSL_CAINFO ?? '') !== '') return {};
    if (made?.extra !== extra) {
      const bundle = writeBundle(extra, tempDir);
      if (bundle === null) return {};
      made = { extra, bundle };
    }
    return { GIT_SSL_CAINFO: made.bundle };
  };
  return (command) =>
    git(command.network === true ? { ...command, env: { ...command.env, ...environment() } } : command);
}

/** Null when the file cannot be read: Node goes on without it too, and has warned. */
function writeBundle(extra: string, tempDir: () => string): string | null {
  let own: string;
  try {
    own = readFileSync(extra, 'utf8');
  } catch {
    return null;
  }
  // Since Node 22.15.
  const system = 'getCACertificates' in tls ? tls.getCACertificates('system') : [];
  const bundle = join(tempDir(), 'trusted-certificates.pem');
  writeFileSync(bundle, [...tls.rootCertificates, ...system, own].join('\n'), { mode: 0o600 });
  return bundle;
}
