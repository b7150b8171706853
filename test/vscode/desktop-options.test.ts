import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { desktopOptions, lowestVersion } from './desktop-options.ts';
import { temporaryFolder } from './harness/temporary.ts';

describe('a run in a desktop VS Code', () => {
  const data = temporaryFolder('vsc-own-');
  after(data.remove);
  const run = {
    root: '/repository',
    testsFile: '/repository/dist-test/exthost.cjs',
    workspaceDir: '/workspace',
    dataDir: data.path,
    eventsFile: '/events.jsonl',
    version: 'minimum',
    grep: '',
    env: { PATH: '/usr/bin', ANTHROPIC_API_KEY: 'of a person', ORCHESTRATOR_HOME: '/home/somebody' },
  };

  it('takes the oldest version that package.json allows when it is asked to', () => {
    assert.equal(desktopOptions(run, '^1.111.0').version, '1.111.0');
    assert.equal(desktopOptions({ ...run, version: 'insiders' }, '^1.111.0').version, 'insiders');
    assert.throws(() => lowestVersion('*'), /expected a range like/);
  });

  it('opens the workspace with user data, extensions and state of its own', () => {
    const { launchArgs, extensionTestsEnv } = desktopOptions(run, '^1.111.0');
    assert.equal(launchArgs?.[0], '/workspace');
    const ownFolders = launchArgs?.filter((argument) => argument.includes(data.path));
    assert.equal(ownFolders?.length, 2);
    assert.equal(extensionTestsEnv?.ORCHESTRATOR_HOME, path.join(data.path, 'state'));
    const settings = JSON.parse(fs.readFileSync(path.join(data.path, 'user', 'User', 'settings.json'), 'utf8'));
    assert.equal(settings['telemetry.telemetryLevel'], 'off');
  });

  it('takes the keys of a person out of the environment', () => {
    const { extensionTestsEnv } = desktopOptions(run, '^1.111.0');
    assert.ok(Object.hasOwn(extensionTestsEnv ?? {}, 'ANTHROPIC_API_KEY'));
    assert.equal(extensionTestsEnv?.ANTHROPIC_API_KEY, undefined);
    assert.ok(!Object.hasOwn(extensionTestsEnv ?? {}, 'PATH'));
  });
});
