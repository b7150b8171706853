import { EnvHttpProxyAgent, setGlobalDispatcher } from 'undici';

/**
 * A file of its own that is loaded when a proxy is set. Bundled, a CommonJS package gives its names to a static import only;
 * `await import('undici')` has them when Node runs the source and not in the program that is built.
 */
export function sendThroughProxy(httpProxy: string, httpsProxy: string, noProxy: string): void {
  setGlobalDispatcher(quietly(() => new EnvHttpProxyAgent({ httpProxy, httpsProxy, noProxy })));
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
