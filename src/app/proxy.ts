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
  const { sendThroughProxy } = await import('./proxy-dispatcher.ts');
  sendThroughProxy(HTTP_PROXY, HTTPS_PROXY, NO_PROXY);
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
