import { AppError } from '../../protocol/errors.ts';
import { refusal } from './failures.ts';
import type { ResourceKind, Settings } from './resource.ts';
import type { Caller, Sdk } from './sdk.ts';

/** Runs `work`; when the server refuses it for a name that it does not know, the error lists those that it does. */
export async function explained(
  caller: Caller,
  kind: ResourceKind,
  settings: Settings,
  work: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (refusal(error)?.status !== 400) throw error;
    throw (await unknownChoice(caller, kind, settings, signal)) ?? error;
  }
}

/** The first setting whose value the server does not offer; null when it offers all. */
async function unknownChoice(
  caller: Caller,
  kind: ResourceKind,
  settings: Settings,
  signal: AbortSignal,
): Promise<AppError | null> {
  const text = (name: string) => (typeof settings[name] === 'string' ? settings[name] : '');
  const choices = [
    ...(await specificationChoices(caller, kind, text, signal)),
    ...(kind === 'function' ? await runtimeChoices(caller, text, signal) : await siteChoices(caller, text, signal)),
  ];
  for (const { what, value, offered, remedy } of choices) {
    if (value === '' || offered.includes(value)) continue;
    return new AppError({
      code: 'deployment_failed',
      message: `unknown ${what} ${value}`,
      userMessage: `Appwrite has no ${what} "${value}" for ${kind} "${text('name')}". It has: ${offered.join(', ') || 'none'}. ${remedy}`,
      details: { what, value, offered },
    });
  }
  return null;
}

interface Choice {
  what: string;
  value: string;
  offered: string[];
  remedy: string;
}

type Text = (name: string) => string;

async function specificationChoices(
  caller: Caller,
  kind: ResourceKind,
  text: Text,
  signal: AbortSignal,
): Promise<Choice[]> {
  if (text('buildSpecification') === '' && text('runtimeSpecification') === '') return [];
  const list = async (type: string): Promise<string[]> => {
    const work = ({ functions, sites }: Sdk) =>
      kind === 'function' ? functions.listSpecifications({ type }) : sites.listSpecifications({ type });
    const { specifications } = await caller.call('listing the specifications', work, signal);
    return specifications.filter(({ enabled }) => enabled).map(({ slug }) => slug);
  };
  const remedy = 'Change "specification" in the plan, or leave it out.';
  return [
    { what: 'build specification', value: text('buildSpecification'), offered: await list('builds'), remedy },
    { what: 'runtime specification', value: text('runtimeSpecification'), offered: await list('runtimes'), remedy },
  ];
}

async function runtimeChoices(caller: Caller, text: Text, signal: AbortSignal): Promise<Choice[]> {
  const { runtimes } = await caller.call('listing the runtimes', (sdk) => sdk.functions.listRuntimes(), signal);
  const offered = runtimes.map(({ $id }) => $id);
  return [{ what: 'runtime', value: text('runtime'), offered, remedy: 'Change "runtime" in the plan.' }];
}

async function siteChoices(caller: Caller, text: Text, signal: AbortSignal): Promise<Choice[]> {
  const { frameworks } = await caller.call('listing the frameworks', (sdk) => sdk.sites.listFrameworks(), signal);
  const keys = frameworks.map(({ key }) => key);
  const framework = frameworks.find(({ key }) => key === text('framework'));
  const adapters = framework?.adapters.map(({ key }) => key) ?? [];
  return [
    { what: 'framework', value: text('framework'), offered: keys, remedy: 'Change "framework" in the plan.' },
    {
      what: `adapter of framework "${text('framework')}"`,
      value: text('adapter'),
      offered: adapters,
      remedy: 'Change "adapter" in the plan, or leave it out.',
    },
    {
      what: 'build runtime',
      value: text('buildRuntime'),
      offered: framework?.runtimes ?? [],
      remedy: 'Change "buildRuntime" in the plan, or leave it out.',
    },
  ];
}
