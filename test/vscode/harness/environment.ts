import fs from 'node:fs';
import path from 'node:path';
import { MARK } from './processes.ts';

const GIT_CONFIG = '[user]\n\tname = Test\n\temail = test@example.invalid\n[init]\n\tdefaultBranch = main\n';

// Keys, so that no test spends money; folders and settings of the person's own VS Code, git and orchestrator.
const PERSONAL =
  /^(XDG_|VSCODE_|GIT_|ORCHESTRATOR_|ELECTRON_|NODE_OPTIONS$|NODE_TEST_CONTEXT$)|_(API_KEY|TOKEN|SECRET)$/;

/** True for a variable that a test must not see. */
export function isPersonal(name: string): boolean {
  return PERSONAL.test(name);
}

/**
 * The environment of a server, and so of its extension hosts and all they start: an own HOME and TMPDIR below `dataDir`,
 * and nothing of the person's. `extra` wins over all of it.
 */
export function serverEnvironment(dataDir: string, extra: Record<string, string>): Record<string, string> {
  const home = path.join(dataDir, 'home');
  const tmp = path.join(dataDir, 'tmp');
  for (const folder of [home, tmp]) fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(home, '.gitconfig'), GIT_CONFIG);
  const inherited: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !isPersonal(name)) inherited[name] = value;
  }
  return {
    ...inherited,
    HOME: home,
    TMPDIR: tmp,
    GIT_CONFIG_NOSYSTEM: '1',
    // No marketplace.
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
    [MARK]: dataDir,
    ...extra,
  };
}
