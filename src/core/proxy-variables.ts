/** Everything on this machine, the sites and functions of the local cloud included, which are below `localhost`. */
const NEVER_PROXIED = ['127.0.0.1', 'localhost', '.localhost', '[::1]', '::1'];

export interface ProxyVariables {
  HTTP_PROXY: string;
  HTTPS_PROXY: string;
  NO_PROXY: string;
}

/**
 * The proxies that an environment names, empty where it names none; loopback is never reached through one. Of both spellings the
 * lower case wins, as in curl and git. An address without a scheme is one of http.
 */
export function proxyVariables(env: Readonly<Record<string, string | undefined>>): ProxyVariables {
  const setTo = (name: string): string => (env[name.toLowerCase()] ?? env[name] ?? '').trim();
  const address = (name: string): string => {
    const value = setTo(name);
    return value === '' || /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  };
  return {
    HTTP_PROXY: address('HTTP_PROXY'),
    HTTPS_PROXY: address('HTTPS_PROXY'),
    NO_PROXY: [setTo('NO_PROXY'), ...NEVER_PROXIED].filter((part) => part !== '').join(','),
  };
}
