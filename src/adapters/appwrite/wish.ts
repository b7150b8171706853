import type { Models } from 'node-appwrite';
import type { FunctionNeed, SiteNeed } from '../../protocol/deployment-needs.ts';
import type { DeploymentChange } from '../../protocol/work.ts';
import { change } from './changes.ts';
import { type DomainSettings, findRule, listRules, missingDomains, type Rule } from './domains.ts';
import { functionSettings } from './functions.ts';
import { diffSettings, type ResourceOps, type ResourceState, type Settings } from './resource.ts';
import type { Caller } from './sdk.ts';
import { siteSettings } from './sites.ts';
import { diffVariables, type Holder, listVariables } from './variables.ts';

/** What a function or site has to be like. */
export interface Wish {
  holder: Holder;
  settings: Settings;
  variables: Record<string, string>;
  /** Own domains. */
  domains: string[];
}

/** `given` are the variables that the deployment itself knows, such as the id of the database. */
export function functionWish(need: FunctionNeed, id: string, given: Record<string, string>): Wish {
  return {
    holder: { kind: 'function', id },
    settings: functionSettings(need, given.APPWRITE_DATABASE_ID ?? null),
    variables: { ...toRecord(need.variables), ...given },
    domains: need.domains,
  };
}

export function siteWish(need: SiteNeed, id: string): Wish {
  const variables = toRecord(need.variables);
  return { holder: { kind: 'site', id }, settings: siteSettings(need), variables, domains: need.domains };
}

function toRecord(variables: FunctionNeed['variables']): Record<string, string> {
  return Object.fromEntries(variables.map(({ key, value }) => [key, value]));
}

/** A function or site as it is. */
export interface Present {
  state: ResourceState;
  variables: Models.Variable[];
  /** Its own, and whoever has the domains that are wished for. */
  rules: Rule[];
}

/** Null when there is none. */
export async function readPresent(
  caller: Caller,
  ops: ResourceOps,
  wish: Wish,
  signal: AbortSignal,
): Promise<Present | null> {
  const state = await ops.read(wish.holder.id, signal);
  if (state === null) return null;
  const rules = await listRules(caller, wish.holder, signal);
  const others = await domainHolders(caller, wish, rules, signal);
  return { state, variables: await listVariables(caller, wish.holder, signal), rules: [...rules, ...others] };
}

/** Those who have the domains that are wished for and not among `rules`. */
export async function domainHolders(
  caller: Caller,
  wish: Wish,
  rules: readonly Rule[],
  signal: AbortSignal,
): Promise<Rule[]> {
  const found: Rule[] = [];
  for (const name of wish.domains) {
    const domain = name.toLowerCase();
    if (rules.some((rule) => rule.domain === domain)) continue;
    const rule = await findRule(caller, domain, signal);
    if (rule !== null) found.push(rule);
  }
  return found;
}

export interface ResourceDiff {
  /** Nothing has been live there yet, so that all of its settings belong to its creation. */
  isNew: boolean;
  settings: DeploymentChange[];
  /** Some setting is not as it is wished for. */
  isDiffering: boolean;
  variables: DeploymentChange[];
  domains: DeploymentChange[];
  /** Names of wanted variables that are secret there, and stay as they are. */
  secret: string[];
  /** Something takes effect only with a new build, whatever the files are. */
  needsBuild: boolean;
}

/**
 * The one comparison, for the preview and for what is done. It knows no files: whether changed ones will be uploaded is not
 * for it to say.
 */
export function diffResource(
  wish: Wish,
  present: Present | null,
  isNew: boolean,
  ops: ResourceOps,
  domains: DomainSettings,
): ResourceDiff {
  const { holder } = wish;
  const differing = present === null ? [] : diffSettings(holder.kind, holder.id, present.state.settings, wish.settings);
  const { changes: variables, secret } = diffVariables(holder, present?.variables ?? [], wish.variables);
  const missing = missingDomains(domains, holder, present?.rules ?? [], wish.domains);
  const builds = differing.some(({ detail }) => ops.buildSettings.has(detail.split(':')[0] ?? ''));
  return {
    isNew,
    settings: isNew ? [change('create', holder.kind, holder.id)] : differing,
    isDiffering: differing.length > 0,
    variables,
    domains: [...missing.given.slice(0, 1), ...missing.own].map((domain) => domainChange(holder, domain)),
    secret,
    needsBuild: isNew || builds || variables.length > 0,
  };
}

export function domainChange({ id }: Holder, domain: string): DeploymentChange {
  return change('create', 'domain', `${id}/${domain}`);
}

export function uploadChange({ id }: Holder): DeploymentChange {
  return change('create', 'deployment', id, 'uploaded, built and activated');
}

/** In the order in which they are made. */
export function changesOf(diff: ResourceDiff, holder: Holder): DeploymentChange[] {
  const upload = diff.needsBuild ? [uploadChange(holder)] : [];
  return [...diff.settings, ...diff.variables, ...diff.domains, ...upload];
}
