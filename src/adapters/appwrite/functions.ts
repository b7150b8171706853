import type { Models } from 'node-appwrite';
import type { FunctionNeed } from '../../protocol/deployment-needs.ts';
import { isMissing } from './failures.ts';
import { candidates } from './places.ts';
import { keptProvider, type ResourceOps, type Settings, specificationSettings } from './resource.ts';
import type { Caller, Sdk } from './sdk.ts';
import { explained } from './unknown-choice.ts';

type FunctionCreation = Extract<Parameters<Sdk['functions']['create']>[0], object>;
type FunctionUpdate = Extract<Parameters<Sdk['functions']['update']>[0], object>;

/** What the plan says about the settings; `databaseId` is the real one. */
export function functionSettings(need: FunctionNeed, databaseId: string | null): Settings {
  return {
    name: need.name,
    runtime: need.runtime,
    entrypoint: need.entrypoint,
    commands: need.commands ?? '',
    execute: need.execute,
    scopes: need.scopes,
    events: need.events.map((pattern) => placeEvent(pattern, databaseId)),
    schedule: need.schedule ?? '',
    ...(need.timeoutSeconds === null ? {} : { timeout: need.timeoutSeconds }),
    ...specificationSettings(need.specification),
  };
}

/** A plan names its database by the id that it would like; tables have their own ids inside it. */
function placeEvent(pattern: string, databaseId: string | null): string {
  const [, planId, rest = ''] = /^databases\.([^.*]+)(\..*)?$/.exec(pattern) ?? [];
  if (planId === undefined || databaseId === null || !candidates(planId).includes(databaseId)) return pattern;
  return `databases.${databaseId}${rest}`;
}

export function functionOps(caller: Caller): ResourceOps {
  const read: ResourceOps['read'] = async (functionId, signal) => {
    const value = await caller.find(
      `reading function ${functionId}`,
      (sdk) => sdk.functions.get({ functionId }),
      signal,
    );
    return value === null ? null : { settings: readable(value), deploymentId: value.deploymentId };
  };
  return {
    kind: 'function',
    buildSettings: new Set(['runtime', 'entrypoint', 'commands', 'buildSpecification']),
    read,
    create: async (functionId, settings, signal) => {
      // Nothing starts it before it has been deployed.
      const wanted = { ...settings, events: [], schedule: '' };
      // The library's enums are these strings; the server says which ones it knows.
      const make = (sdk: Sdk) => sdk.functions.create({ functionId, ...wanted } as unknown as FunctionCreation);
      // Somebody else may have taken the id meanwhile, with a name of their own.
      const isDone = async () => (await read(functionId, signal))?.settings.name === settings.name;
      const change = { what: `creating function ${functionId}`, make, isDone, signal };
      await explained(caller, 'function', settings, () => caller.change(change), signal);
    },
    update: async (functionId, settings, signal) => {
      const what = `changing function ${functionId}`;
      const value = await caller.call(
        `reading function ${functionId}`,
        (sdk) => sdk.functions.get({ functionId }),
        signal,
      );
      const merged = { functionId, ...kept(value), ...settings } as FunctionUpdate;
      const make = (sdk: Sdk) => sdk.functions.update(merged);
      const change = { what, make, isDone: async () => false, signal };
      await explained(caller, 'function', settings, () => caller.change(change), signal);
    },
    remove: async (functionId, signal) => {
      const make = (sdk: Sdk) => sdk.functions.delete({ functionId });
      const isDone = async () => (await read(functionId, signal)) === null;
      await caller.change({ what: `deleting function ${functionId}`, make, isDone, signal }).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
    },
  };
}

function readable(value: Models.Function): Settings {
  const { name, runtime, entrypoint, commands, execute, scopes, events, schedule, timeout } = value;
  const { buildSpecification, runtimeSpecification } = value;
  const settings = { name, runtime, entrypoint, commands, execute, scopes, events, schedule, timeout };
  return { ...settings, buildSpecification, runtimeSpecification };
}

/** The update call replaces what it does not name. */
function kept(value: Models.Function) {
  const { name, commands, execute, scopes, events, schedule, timeout, enabled, logging } = value;
  return { name, commands, execute, scopes, events, schedule, timeout, enabled, logging, ...keptProvider(value) };
}
