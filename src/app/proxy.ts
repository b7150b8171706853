/** Part of every start, so it imports nothing before there is a proxy. */

/** Everything on this machine, the sites and functions of the local cloud included, which are below `localhost`. */
const NEVER_PROXIED = ['127.0.0.1', 'localhost', '.localhost', '[::1]'];

type Environment = Readonly<Record<string, string | undefined>>;

/** Of both spellings the lower case wins, as in curl and git; what is empty is not set. */
const setTo = (env: Environment, name: string): string => env[name.toLowerCase()] ?? env[name] ?? '';

/**
 * Sends every HTTP call of this process through the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name; all clients use one
 * global dispatcher. Nothing is loaded where no proxy is set. Asked once, at the start of a process. Throws `configuration`
 * for an address that is none.
 */
export async function useProxy(env: Environment): Promise<void> {
  const http = await proxyUrl(env, 'HTTP_PROXY');
  const https = await proxyUrl(env, 'HTTPS_PROXY');
  if (http === '' && https === '') return;
  const { EnvHttpProxyAgent, setGlobalDispatcher } = await import('undici');
  const noProxy = [setTo(env, 'NO_PROXY'), ...NEVER_PROXIED].filter((part) => part !== '').join(',');
  setGlobalDispatcher(quietly(() => new EnvHttpProxyAgent({ httpProxy: http, httpsProxy: https, noProxy })));
}

/** An address without a scheme is one of http, as for curl. */
async function proxyUrl(env: Environment, name: string): Promise<string> {
  const value = setTo(env, name).trim();
  if (value === '') return '';
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`);
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url.href;
  const shown = value.replace(/\/\/[^/@]*@/, '//***@');
  const { AppError } = await import('../protocol/errors.ts');
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
