import { proxyVariables } from '../core/proxy-variables.ts';

/**
 * Sends every HTTP call of this process through the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name: all clients use one
 * global dispatcher. Part of every start, so nothing is loaded where no proxy is set. Throws `configuration` for an address
 * that is none.
 */
export async function useProxy(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const { HTTP_PROXY, HTTPS_PROXY, NO_PROXY } = proxyVariables(env);
  if (HTTP_PROXY === '' && HTTPS_PROXY === '') return;
  await requireAddress('HTTP_PROXY', HTTP_PROXY);
  await requireAddress('HTTPS_PROXY', HTTPS_PROXY);
  const { EnvHttpProxyAgent, setGlobalDispatcher } = await import('undici');
  const options = { httpProxy: HTTP_PROXY, httpsProxy: HTTPS_PROXY, noProxy: NO_PROXY };
  setGlobalDispatcher(quietly(() => new EnvHttpProxyAgent(options)));
}

async function requireAddress(name: string, value: string): Promise<void> {
  if (value === '' || ['http:', 'https:'].includes(URL.parse(value)?.protocol ?? '')) return;
  const { AppError } = await import('../protocol/errors.ts');
  const shown = value.replace(/\/\/.*@/s, '//***@');
  throw new AppError({
    code: 'configuration',
    message: `${name} is no address of a proxy: ${shown}`,
    userMessage: `${name} is "${shown}"; allowed: the address of an HTTP proxy, such as http://proxy.example:3128.`,
  });
}

/** The class warns that it is experimental, once a process; nobody who runs this program can do anything about it. */
function quietly<T>(make: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return make();
  } finally {
    process.emitWarning = emitWarning;
  }
}
