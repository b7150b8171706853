import type { PackageRegistry } from '../../core/ports.ts';

export interface NpmRegistryOptions {
  /** As npm's own `registry` setting. */
  baseUrl: string;
  fetch?: typeof fetch;
  /** Default 5,000. */
  timeoutMs?: number;
}

/** npm's rule for names: URL-safe, at most 214 characters, with or without a scope; old ones have capitals. */
const PACKAGE_NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/i;
const ABBREVIATED = 'application/vnd.npm.install-v1+json';

/** Asks a registry whether a package exists, by its document. Sends no credentials. */
export function createNpmRegistry(options: NpmRegistryOptions): PackageRegistry {
  const { fetch: request = fetch, timeoutMs = 5_000 } = options;
  const base = options.baseUrl.replace(/\/+$/, '');

  const statusOf = async (method: 'HEAD' | 'GET', name: string, signal: AbortSignal): Promise<number> => {
    const response = await request(`${base}/${name.replace('/', '%2f')}`, {
      method,
      headers: { accept: ABBREVIATED },
      signal,
    });
    // Documents of old packages are megabytes; the status is enough.
    await response.body?.cancel();
    return response.status;
  };

  return {
    async exists(name, outer) {
      if (name.length > 214 || !PACKAGE_NAME.test(name)) return 'no';
      const signal = AbortSignal.any([outer, AbortSignal.timeout(timeoutMs)]);
      try {
        let status = await statusOf('HEAD', name, signal);
        if (status === 405 || status === 501) status = await statusOf('GET', name, signal);
        if (status === 404) return 'no';
        return status >= 200 && status < 300 ? 'yes' : 'unknown';
      } catch {
        return 'unknown';
      }
    },
  };
}
