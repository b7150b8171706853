import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../protocol/errors.ts';
import {
  applyLocalCloud,
  defaultStateDir,
  loadSettings,
  missingConfiguration,
  readSettings,
  recordSettingsIn,
} from './config.ts';
import { expandHome } from './config-values.ts';
import { nearest } from './located.ts';

const CLOUD = {
  xaiBaseUrl: 'http://127.0.0.1:1/v1',
  anthropicBaseUrl: 'http://127.0.0.1:1',
  githubApiUrl: 'http://127.0.0.1:2/api/v3',
  githubToken: 'local-token',
  appwriteEndpoint: 'http://127.0.0.1:3/v1',
  appwriteProjectId: 'local',
  appwriteApiKey: 'local-key',
};

describe('settings', () => {
  let dir: string;
  const source = (env: Record<string, string> = {}, flags = {}) => ({
    env: { ORCHESTRATOR_HOME: join(dir, 'state'), ...env },
    workspaceDir: dir,
    flags,
  });
  const refusal = (env: Record<string, string>, flags = {}): string => {
    try {
      loadSettings(source(env, flags));
    } catch (thrown) {
      assert.ok(thrown instanceof AppError);
      assert.equal(thrown.code, 'configuration');
      return thrown.userMessage;
    }
    return assert.fail('nothing was refused');
  };
  const writeConfig = (text: string) => writeFileSync(join(dir, 'orchestrator.config.json'), text);
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'orchestrator-config-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('have defaults for everything but keys', () => {
    const settings = loadSettings(source());
    assert.equal(settings.models.lead.model, 'grok-4.7');
    assert.equal(settings.models.agent.model, 'claude-sonnet-5-5');
    assert.equal(settings.budgetUsd, 10);
    assert.equal(settings.reviewRounds, 3);
    assert.equal(settings.registryUrl, null);
    assert.equal(settings.configFile, null);
    assert.equal(settings.stateDir, join(dir, 'state'));
    assert.ok(statSync(settings.stateDir).isDirectory());
    assert.ok(settings.checks.allow.includes('npm test'));
  });

  it('keep the shared database apart from that of deployments', () => {
    const product = { projectId: '68a4e3da0022f3e129d0', databaseId: 'orchestrator', siteId: '68a4ed30000cba9224d2' };
    const none = { ...product, enabled: true, functionId: null, key: null, endpoint: 'https://cloud.appwrite.io/v1' };
    assert.deepEqual(loadSettings(source({ APPWRITE_API_KEY: 'deploy-key' })).records, none);
    const env = { APPWRITE_ENDPOINT: 'https://aw.example/v1', ORCHESTRATOR_RECORDS_KEY: 'k' };
    assert.deepEqual(loadSettings(source(env)).records, { ...none, endpoint: 'https://aw.example/v1', key: 'k' });
    writeConfig('{"records": {"databaseId": "crew", "functionId": "fn"}}');
    const own = loadSettings(source({ ...env, ORCHESTRATOR_RECORDS_ENDPOINT: 'https://team.example/v1' })).records;
    assert.deepEqual([own.endpoint, own.databaseId, own.functionId], ['https://team.example/v1', 'crew', 'fn']);
    assert.equal(applyLocalCloud(loadSettings(source(env)), CLOUD).records.endpoint, 'https://aw.example/v1');
    assert.match(
      refusal({ ORCHESTRATOR_RECORDS_ENDPOINT: 'https://team.example' }),
      /RECORDS_ENDPOINT .* ends in \/v1/,
    );
    assert.doesNotMatch(refusal({ ORCHESTRATOR_RECORDS_KEY: 'two words' }), /two words/);
    writeConfig('{"records": {"endpoint": "https://evil.example/v1"}}');
    assert.match(refusal({}), /endpoint/);
  });

  it('read where another workspace shares its runs from its file, and share none while that is broken', () => {
    const { records } = loadSettings(source({ ORCHESTRATOR_RECORDS_KEY: 'k' }));
    writeConfig('{"records": {"databaseId": "crew"}}');
    assert.deepEqual(recordSettingsIn(dir, records), { ...records, databaseId: 'crew' });
    writeConfig('{"records": {"databaseId": ');
    assert.equal(recordSettingsIn(dir, records).enabled, false);
    assert.deepEqual(recordSettingsIn(join(dir, 'gone'), records), records);
  });

  it('take what a client keeps of its own before built-in defaults and after the file', () => {
    writeConfig(
      '{"concurrency": 2, "models": {"lead": {"effort": "low"}}, "checks": {"allow": ["make"], "setup": []}}',
    );
    const settings = loadSettings({
      ...source(),
      defaults: {
        concurrency: 8,
        budgetUsd: 3,
        models: { lead: { model: 'grok-x', effort: 'max' }, agent: { effort: 'high' } },
        checks: { allow: ['just'], deny: ['npm publish'], setup: ['npm ci'], idleMs: 5_000 },
        sandbox: { mode: 'required' },
      },
    });
    assert.deepEqual([settings.concurrency, settings.budgetUsd, settings.reviewRounds], [2, 3, 3]);
    assert.deepEqual([settings.models.lead.model, settings.models.lead.effort], ['grok-x', 'low']);
    assert.equal(settings.models.agent.effort, 'high');
    assert.deepEqual(settings.checks.allow.slice(-3), ['cat', 'just', 'make']);
    assert.deepEqual(
      [settings.checks.deny, settings.checks.setup, settings.checks.idleMs],
      [['npm publish'], [], 5_000],
    );
    assert.equal(settings.sandbox.mode, 'required');
    const stricter = { ...source(), defaults: { checks: { deny: ['make'] } } };
    writeConfig('{"checks": {"deny": ["curl"]}}');
    assert.deepEqual(loadSettings(stricter).checks.deny, ['make', 'curl']);
  });

  it('name the bad values that a client keeps of its own, and go on without them', () => {
    const defaults = JSON.parse('{"concurrency": 99, "sandbox": {"mod": "off"}}');
    assert.throws(
      () => loadSettings({ ...source(), defaults }),
      (thrown: unknown) => {
        assert.ok(thrown instanceof AppError);
        assert.match(thrown.userMessage, /settings: concurrency is 99; allowed: at most 32/);
        assert.match(thrown.userMessage, /settings: sandbox\.mod is not a known field; did you mean "mode"\?/);
        return true;
      },
    );
    const { settings, problems } = readSettings({ ...source(), defaults });
    assert.equal(settings.concurrency, 4);
    assert.ok(problems.every((problem) => problem.source === 'settings'));
  });

  it('know the home folder by its short name, and the Node of commands by its path', () => {
    const settings = loadSettings({
      env: { HOME: dir, ORCHESTRATOR_HOME: '~/state here' },
      workspaceDir: dir,
      nodePath: '/opt/node/bin/node',
    });
    assert.equal(settings.stateDir, join(dir, 'state here'));
    assert.equal(settings.nodePath, '/opt/node/bin/node');
    assert.equal(loadSettings(source()).nodePath, null);
    assert.equal(expandHome('~', { HOME: dir }), dir);
    for (const path of ['~other/x', 'a/~/b', '.', '']) assert.equal(expandHome(path, { HOME: dir }), path);
  });

  it('take flags before the file, and the file before defaults', () => {
    writeConfig(
      '{"budgetUsd": 3, "concurrency": 2, "models": {"agent": {"effort": "low"}}, "checks": {"allow": ["make"]}}',
    );
    const settings = loadSettings(source({}, { budget: '7.5' }));
    assert.equal(settings.budgetUsd, 7.5);
    assert.equal(settings.concurrency, 2);
    assert.deepEqual(settings.models.agent.effort, 'low');
    assert.equal(settings.checks.allow.at(-1), 'make');
    assert.ok(settings.checks.allow.includes('npm test'));
  });

  it('name every bad variable and flag at once, and never repeat a key', () => {
    const message = refusal(
      {
        XAI_BASE_URL: 'ftp://x',
        APPWRITE_ENDPOINT: 'https://a.example',
        XAI_API_KEY: 'secret value',
        GITHUB_API_URL: 'https://me:pw@x',
      },
      { concurrency: '0', budget: '' },
    );
    for (const part of [
      'XAI_BASE_URL is "ftp://x"; allowed: an address beginning with http:// or https://',
      'APPWRITE_ENDPOINT is "https://a.example"; allowed: an address that ends in /v1',
      'XAI_API_KEY has a value that cannot be a key',
      '--concurrency is "0"; allowed: a whole number, 1 to 32',
      '--budget is ""',
      '6 bad values',
    ]) {
      assert.ok(message.includes(part), `${part} in ${message}`);
    }
    assert.doesNotMatch(message, /secret value|pw@/);
  });

  it('name file, line and field of bad values in the file, with the nearest known name', () => {
    writeConfig(
      '{\n  "models": {\n    "lead": {\n      "efort": "high",\n      "api": "soap"\n    }\n  },\n  "concurrency": 99,\n  "banana": 1\n}\n',
    );
    const message = refusal({});
    const path = join(dir, 'orchestrator.config.json');
    for (const part of [
      `${path}:4: models.lead.efort is not a known field; did you mean "effort"?`,
      `${path}:5: models.lead.api is "soap"; allowed: responses, chat`,
      `${path}:8: concurrency is 99; allowed: at most 32`,
      `${path}:9: banana is not a known field; known fields: `,
    ]) {
      assert.ok(message.includes(part), `${part} in ${message}`);
    }
  });

  it('name the line of a syntax error, and take no comments or trailing commas', () => {
    writeConfig('{\n  "concurrency": 2\n  "budgetUsd": 3\n}\n');
    assert.match(refusal({}), /orchestrator\.config\.json:[23]: is not valid JSON/);
    writeConfig('{\n  "concurrency": 2,\n}\n');
    assert.match(refusal({}), /is not valid JSON/);
    writeConfig('{\n  "concurrency": 2 # two\n}\n');
    assert.match(refusal({}), /is not valid JSON/);
    writeConfig('[]');
    assert.match(refusal({}), /orchestrator\.config\.json:1: is \[\]; allowed: a group of fields/);
  });

  it('hold the branch prefix against the names that git takes', () => {
    for (const prefix of ['a..b/', '.a/', 'a/.b/', 'a.lock/', 'a./', '-a/', 'a b/', 'a~/']) {
      writeConfig(`{\n  "remote": {"branchPrefix": "${prefix}"}\n}`);
      assert.match(refusal({}), /config\.json:2: remote\.branchPrefix is /, prefix);
    }
    writeConfig('{"remote": {"branchPrefix": "team/a.b-"}}');
    assert.equal(loadSettings(source()).remote.branchPrefix, 'team/a.b-');
  });

  it('say how pull requests are opened, and what happens to them', () => {
    const { remote } = loadSettings(source());
    assert.deepEqual(remote.pullRequest, { draft: false, labels: [], reviewers: [], teamReviewers: [] });
    assert.deepEqual([remote.revisionRounds, remote.ciWorkflow, remote.workflow], [2, true, null]);
    writeConfig(
      '{"remote": {"pullRequest": {"draft": true, "labels": ["by agents"], "reviewers": ["ada"]}, "revisionRounds": 0, "workflow": "deploy.yml"}}',
    );
    const given = loadSettings({ ...source(), defaults: { remote: { ciWorkflow: false, workflow: 'other.yaml' } } });
    const opened = { draft: true, labels: ['by agents'], reviewers: ['ada'], teamReviewers: [] };
    assert.deepEqual(given.remote.pullRequest, opened);
    const { revisionRounds, ciWorkflow, workflow } = given.remote;
    assert.deepEqual([revisionRounds, ciWorkflow, workflow], [0, false, 'deploy.yml']);
  });

  it('refuse what cannot be asked of GitHub', () => {
    for (const [remote, field] of [
      ['{"revisionRounds": 11}', 'revisionRounds'],
      ['{"workflow": "../deploy.yml"}', 'workflow'],
      ['{"workflow": "deploy"}', 'workflow'],
      ['{"pullRequest": {"reviewers": ["a/b"]}}', 'pullRequest\\.reviewers'],
      ['{"pullRequest": {"labels": [""]}}', 'pullRequest\\.labels'],
    ]) {
      writeConfig(`{"remote": ${remote}}`);
      assert.match(refusal({}), new RegExp(`remote\\.${field}`), remote);
    }
  });

  it('refuse keys and addresses in the file', () => {
    writeConfig('{"models": {"lead": {"baseUrl": "https://elsewhere.example"}}}');
    assert.match(refusal({}), /models\.lead\.baseUrl is not a known field/);
  });

  it('refuse a state folder that cannot be made', () => {
    writeFileSync(join(dir, 'file'), '');
    assert.match(refusal({ ORCHESTRATOR_HOME: join(dir, 'file', 'state') }), /ORCHESTRATOR_HOME is .* no folder/);
  });

  it('can be read with bad values replaced, for diagnosis', () => {
    const { settings, problems } = readSettings(source({ XAI_BASE_URL: 'nonsense' }));
    assert.equal(settings.models.lead.baseUrl, 'https://api.x.ai/v1');
    assert.deepEqual(
      problems.map(({ problem }) => problem.field),
      ['XAI_BASE_URL'],
    );
  });

  it('say what a run needs as far as it goes', () => {
    const nothing = loadSettings(source());
    assert.deepEqual(missingConfiguration(nothing, 'plan'), ['XAI_API_KEY']);
    assert.deepEqual(missingConfiguration(nothing, 'review'), ['XAI_API_KEY', 'ANTHROPIC_API_KEY']);
    assert.deepEqual(missingConfiguration(nothing, 'commit').at(-1), 'GITHUB_TOKEN');
    assert.equal(missingConfiguration(nothing, 'deploy').length, 5);
  });

  it('take from the local cloud only what has no configuration', () => {
    const own = loadSettings(source({ XAI_API_KEY: 'mine', XAI_BASE_URL: 'https://models.example/v1/' }));
    const filled = applyLocalCloud(own, CLOUD);
    assert.deepEqual(filled.models.lead, own.models.lead);
    assert.equal(filled.models.lead.baseUrl, 'https://models.example/v1');
    assert.equal(filled.models.agent.baseUrl, CLOUD.anthropicBaseUrl);
    assert.deepEqual(filled.github, { apiUrl: CLOUD.githubApiUrl, token: 'local-token' });
    assert.equal(filled.appwrite.projectId, 'local');
    assert.equal(filled.appwrite.domainTarget, null);
    assert.deepEqual(missingConfiguration(filled, 'done'), []);
  });

  it('know where own domains have to point to only when somebody says so', () => {
    assert.equal(loadSettings(source({})).appwrite.domainTarget, null);
    writeConfig('{"appwrite": {"domainTarget": "edge.example.org"}}');
    assert.equal(loadSettings(source({})).appwrite.domainTarget, 'edge.example.org');
    for (const wrong of ['https://edge.example.org', 'edge.example.org/x', 'a b', '']) {
      writeConfig(JSON.stringify({ appwrite: { domainTarget: wrong } }));
      assert.throws(() => loadSettings(source({})), /appwrite\.domainTarget is .*allowed: a host name/, wrong);
    }
  });

  it('ask no keys for models of the editor, and want their ids', () => {
    const agent = (model: string) => `"agent": {"provider": "editor"${model}}`;
    const lead = '"lead": {"provider": "editor", "model": "copilot/a"}';
    writeConfig(`{"models": {${lead}, ${agent('')}}}`);
    assert.match(refusal({}), /models\.agent\.model .*is needed with provider "editor"/);
    writeConfig(`{"models": {${lead}, ${agent(', "model": "copilot/b"')}}}`);
    const settings = loadSettings(source());
    assert.equal(settings.models.escalation.model, 'copilot/b');
    assert.deepEqual(missingConfiguration(settings, 'build'), []);
  });

  it('want no key for a model server on this machine', () => {
    const settings = loadSettings(source({ XAI_BASE_URL: 'http://localhost:11434/v1' }));
    assert.equal(settings.models.lead.apiKey, 'none');
    assert.equal(settings.models.agent.apiKey, null);
  });

  it('use the folder for data that each platform has', () => {
    assert.equal(
      defaultStateDir({ HOME: '/h' }, 'darwin'),
      '/h/Library/Application Support/ai-development-orchestrator',
    );
    assert.equal(defaultStateDir({ HOME: '/h' }, 'linux'), '/h/.local/share/ai-development-orchestrator');
    assert.equal(defaultStateDir({ HOME: '/h', XDG_DATA_HOME: '/d' }, 'linux'), '/d/ai-development-orchestrator');
    assert.equal(defaultStateDir({ APPDATA: '/a' }, 'win32'), '/a/ai-development-orchestrator');
  });
});

describe('the nearest known name', () => {
  it('is the one that a typo most likely meant, or none', () => {
    assert.equal(nearest('requirments', ['requirements', 'constraints']), 'requirements');
    assert.equal(nearest('Name', ['name', 'type']), 'name');
    assert.equal(nearest('banana', ['name', 'type']), null);
  });
});
