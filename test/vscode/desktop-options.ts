import fs from 'node:fs';
import path from 'node:path';
import type { TestOptions } from '@vscode/test-electron';
import { EVENTS_FILE, GREP } from './exthost/events.ts';
import { isPersonal } from './harness/environment.ts';
import { DEFAULT_SETTINGS } from './harness/settings.ts';

export interface DesktopRun {
  root: string;
  testsFile: string;
  workspaceDir: string;
  /** A fresh folder: user data, extensions and state of the orchestrator go there. Keep its path short. */
  dataDir: string;
  eventsFile: string;
  /** `stable`, `insiders`, `minimum` (the oldest that package.json allows), or a number. */
  version: string;
  grep: string;
  env: NodeJS.ProcessEnv;
}

/** The lowest version of a range of package.json's form, `^1.2.3`. */
export function lowestVersion(range: string): string {
  const [, version] = /^[\^~]?(\d+\.\d+\.\d+)$/.exec(range) ?? [];
  if (version === undefined) throw new Error(`engines.vscode is "${range}"; expected a range like ^1.2.3`);
  return version;
}

/** Writes the settings that VS Code starts with, and returns what to start it with. */
export function desktopOptions(run: DesktopRun, enginesVscode: string): TestOptions {
  const userDataDir = path.join(run.dataDir, 'user');
  fs.mkdirSync(path.join(userDataDir, 'User'), { recursive: true });
  fs.writeFileSync(path.join(userDataDir, 'User', 'settings.json'), JSON.stringify(DEFAULT_SETTINGS, null, 2));
  // An undefined variable is taken out: nothing of the person's reaches the tests.
  const dropped = Object.keys(run.env).filter(isPersonal);
  return {
    version: run.version === 'minimum' ? lowestVersion(enginesVscode) : run.version,
    cachePath: path.join(run.root, '.vscode-test'),
    extensionDevelopmentPath: run.root,
    extensionTestsPath: run.testsFile,
    launchArgs: [
      run.workspaceDir,
      `--user-data-dir=${userDataDir}`,
      `--extensions-dir=${path.join(run.dataDir, 'extensions')}`,
      '--disable-extension=vscode.github-authentication',
      '--disable-telemetry',
    ],
    extensionTestsEnv: {
      ...Object.fromEntries(dropped.map((name) => [name, undefined])),
      GIT_CONFIG_NOSYSTEM: '1',
      ORCHESTRATOR_HOME: path.join(run.dataDir, 'state'),
      [EVENTS_FILE]: run.eventsFile,
      [GREP]: run.grep,
    },
  };
}
