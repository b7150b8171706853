import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { CHAT_PARTICIPANT, COMMANDS, CONTAINER, CONTEXT, commandId, EXTENSION_ID, VIEWS, WALKTHROUGH } from './ids.ts';

const Setting = z.looseObject({
  scope: z.string().optional(),
  markdownDescription: z.string().optional(),
  description: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  enumDescriptions: z.array(z.string()).optional(),
  markdownEnumDescriptions: z.array(z.string()).optional(),
});
const Item = z.looseObject({ command: z.string(), when: z.string().optional() });
const Command = z.looseObject({
  command: z.string(),
  title: z.string(),
  category: z.string(),
  enablement: z.string().optional(),
});
const Manifest = z.looseObject({
  name: z.string(),
  publisher: z.string(),
  capabilities: z.looseObject({
    untrustedWorkspaces: z.looseObject({ restrictedConfigurations: z.array(z.string()) }),
  }),
  contributes: z.looseObject({
    commands: z.array(Command),
    configuration: z.array(z.looseObject({ properties: z.record(z.string(), Setting) })),
    menus: z.record(z.string(), z.array(Item)),
    keybindings: z.array(Item),
    viewsContainers: z.record(z.string(), z.array(z.looseObject({ id: z.string() }))),
    views: z.record(z.string(), z.array(z.looseObject({ id: z.string() }))),
    viewsWelcome: z.array(z.looseObject({ view: z.string(), contents: z.string() })),
    walkthroughs: z.array(z.looseObject({ id: z.string() })),
    chatParticipants: z.array(z.looseObject({ id: z.string() })),
  }),
});

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const text = read('package.json');
const manifest = Manifest.parse(JSON.parse(text));
const { contributes } = manifest;
const texts = (name: string) => z.record(z.string(), z.string()).parse(JSON.parse(read(name)));
const english = texts('package.nls.json');
const german = texts('package.nls.de.json');
const ids = COMMANDS.map(commandId);
const settings = Object.assign({}, ...contributes.configuration.map(({ properties }) => properties)) as Record<
  string,
  z.infer<typeof Setting>
>;

/** They need a row that they are about, or belong to a view. */
const HIDDEN = [
  'openDiff',
  'openEvidence',
  'openWorktree',
  'decideSubtask',
  'refresh',
  'review.addComment',
  'review.cancelComment',
  'review.deleteComment',
  'review.editComment',
  'review.saveComment',
] as const;

const sorted = (names: Iterable<string>) => [...names].sort();

describe('the manifest of the extension', () => {
  it('declares exactly the commands that the host registers', () => {
    assert.deepEqual(sorted(contributes.commands.map(({ command }) => command)), sorted(ids));
  });

  it('puts every command into one category and keeps from the palette what cannot be used there', () => {
    for (const { command, category } of contributes.commands) assert.equal(category, '%category%', command);
    const hidden = (contributes.menus.commandPalette ?? []).filter(({ when }) => when === 'false');
    assert.deepEqual(sorted(hidden.map(({ command }) => command)), sorted(HIDDEN.map(commandId)));
  });

  it('gives every command of the palette an enablement clause of keys that somebody sets', () => {
    const known = new Set<string>(['isWorkspaceTrusted', 'true', ...Object.values(CONTEXT)]);
    const hidden = new Set<string>(HIDDEN.map(commandId));
    for (const { command, enablement } of contributes.commands) {
      if (hidden.has(command)) continue;
      assert.ok(enablement, `${command} has no enablement clause`);
      for (const key of enablement.match(/[\w.]+/g) ?? []) assert.ok(known.has(key), `${command}: ${key}`);
    }
  });

  it('names declared commands and views in menus, key bindings and welcome texts', () => {
    const views = new Set<string>(Object.values(VIEWS));
    for (const { command, when } of [...Object.values(contributes.menus).flat(), ...contributes.keybindings]) {
      assert.ok(ids.includes(command), command);
      for (const [, view = ''] of (when ?? '').matchAll(/\bview == ([\w.]+)/g)) assert.ok(views.has(view), view);
    }
    for (const { view } of contributes.viewsWelcome) assert.ok(views.has(view), view);
    for (const [key, value] of Object.entries(english)) {
      for (const [, command = ''] of value.matchAll(/\(command:(orchestrator\.[\w.]+)\)/g)) {
        assert.ok(ids.includes(command), `${key}: ${command}`);
      }
    }
  });

  it('declares the container, the views, the walkthrough and the participant under the ids that the host uses', () => {
    assert.equal(`${manifest.publisher}.${manifest.name}`, EXTENSION_ID);
    assert.deepEqual(
      contributes.viewsContainers.activitybar?.map(({ id }) => id),
      [CONTAINER],
    );
    assert.deepEqual(sorted(contributes.views[CONTAINER]?.map(({ id }) => id) ?? []), sorted(Object.values(VIEWS)));
    assert.deepEqual(
      contributes.walkthroughs.map(({ id }) => id),
      [WALKTHROUGH],
    );
    assert.deepEqual(
      contributes.chatParticipants.map(({ id }) => id),
      [CHAT_PARTICIPANT],
    );
  });

  it('has each of its texts in English and in German, and no text that nothing shows', () => {
    const used = new Set([...text.matchAll(/"%([^%"\s]+)%"/g)].map(([, key = '']) => key));
    assert.deepEqual(sorted(Object.keys(english)), sorted(used));
    assert.deepEqual(sorted(Object.keys(german)), sorted(used));
  });

  it('leads to the same commands in both languages', () => {
    const commands = (value: string) => [...value.matchAll(/\(command:[^)]+\)/g)].map(([link]) => link);
    for (const [key, value] of Object.entries(english))
      assert.deepEqual(commands(german[key] ?? ''), commands(value), key);
  });

  it('describes every setting and each of its values, and says where it may be set', () => {
    const scopes = ['application', 'machine', 'machine-overridable', 'window', 'resource'];
    for (const [name, setting] of Object.entries(settings)) {
      assert.match(name, /^orchestrator\./);
      assert.match(setting.markdownDescription ?? setting.description ?? '', /^%settings\..+%$/, name);
      assert.ok(scopes.includes(setting.scope ?? ''), `${name} has no scope`);
      const described = setting.enumDescriptions ?? setting.markdownEnumDescriptions;
      if (described !== undefined) assert.equal(described.length, setting.enum?.length, name);
    }
  });

  it('lets no folder that is not trusted decide where keys go, what runs, and what it may cost', () => {
    const restricted = new Set(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations);
    for (const name of restricted) assert.ok(settings[name], `${name} is no setting`);
    const sensitive =
      /\.(checks|sandbox|remote)\.|\.models\.(lead|agent)\.(provider|model)$|\.(budgetUsd|concurrency)$/;
    for (const name of Object.keys(settings)) if (sensitive.test(name)) assert.ok(restricted.has(name), name);
    const places = /(baseUrl|apiUrl|endpoint|projectId|stateDirectory)$/;
    for (const [name, { scope }] of Object.entries(settings)) {
      if (places.test(name)) assert.equal(scope, 'machine', name);
    }
  });
});
