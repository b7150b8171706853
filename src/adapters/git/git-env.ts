/**
 * Variables of git that stay when the environment is handed on: where git lives, how it reaches the network, which
 * configuration it reads. All others go, above all GIT_DIR, GIT_INDEX_FILE and GIT_WORK_TREE (set when the program is
 * started from a hook, and then every command would work on the wrong repository) and GIT_TRACE* (would print headers).
 */
const KEPT = new Set([
  'GIT_EXEC_PATH',
  'GIT_TEMPLATE_DIR',
  'GIT_SSH',
  'GIT_SSH_COMMAND',
  'GIT_SSH_VARIANT',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'GIT_SSL_CERT',
  'GIT_SSL_KEY',
  'GIT_SSL_NO_VERIFY',
  'GIT_PROXY_COMMAND',
  'GIT_PROXY_SSL_CAINFO',
  'GIT_HTTP_PROXY_AUTHMETHOD',
  'GIT_CEILING_DIRECTORIES',
  'GIT_DISCOVERY_ACROSS_FILESYSTEM',
  'GIT_AUTHOR_NAME',
  'GIT_AUTHOR_EMAIL',
]);

/** The environment of every git process: no prompt of any kind, no lock taken for convenience, messages in English. */
export function gitEnvironment(
  base: NodeJS.ProcessEnv,
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(base)) {
    if (value === undefined) continue;
    const upper = name.toUpperCase();
    if (upper.startsWith('GIT_') && !KEPT.has(upper) && !upper.startsWith('GIT_CONFIG_')) continue;
    env[name] = value;
  }
  return {
    ...env,
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    // Empty, not absent: git then asks nobody, whatever core.askPass or SSH_ASKPASS say.
    GIT_ASKPASS: '',
    SSH_ASKPASS_REQUIRE: 'never',
    ...extra,
  };
}

/** Adds configuration through the environment, after what is there already; so that no secret is on a command line. */
export function environmentConfig(
  base: NodeJS.ProcessEnv,
  entries: readonly (readonly [key: string, value: string])[],
): Record<string, string> {
  const before = Number.parseInt(base.GIT_CONFIG_COUNT ?? '0', 10);
  const first = Number.isInteger(before) && before > 0 ? before : 0;
  const env: Record<string, string> = { GIT_CONFIG_COUNT: String(first + entries.length) };
  entries.forEach(([key, value], index) => {
    env[`GIT_CONFIG_KEY_${first + index}`] = key;
    env[`GIT_CONFIG_VALUE_${first + index}`] = value;
  });
  return env;
}

/** Loopback is never reached through a proxy: the local cloud lives there. */
export function withoutLoopbackProxy(base: NodeJS.ProcessEnv): Record<string, string> {
  const current = base.no_proxy ?? base.NO_PROXY ?? '';
  // Alone, the star stands for all hosts; in a list, for none.
  const value =
    current.trim() === '*' ? '*' : [current, '127.0.0.1', 'localhost', '::1'].filter((part) => part !== '').join(',');
  return { no_proxy: value, NO_PROXY: value };
}
