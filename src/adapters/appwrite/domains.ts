import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { DomainState } from '../../protocol/work.ts';
import { isConflict, isMissing, refusal } from './failures.ts';
import type { Caller, Sdk } from './sdk.ts';
import type { Holder } from './variables.ts';

export interface DomainSettings {
  endpoint: string;
  projectId: string;
  /** Domain under which the server serves functions; null when it is not known. */
  functionsDomain: string | null;
  sitesDomain: string | null;
  /** What the CNAME record of an own domain has to point to; null when it is not known. */
  domainTarget: string | null;
}

const Rule = z.object({
  $id: z.string(),
  domain: z.string(),
  trigger: z.string(),
  status: z.string(),
  logs: z.string().default(''),
  deploymentId: z.string(),
  deploymentResourceType: z.string().nullish(),
  deploymentResourceId: z.string(),
  deploymentVcsProviderBranch: z.string().default(''),
});
export type Rule = z.infer<typeof Rule>;

type Filter = Record<string, string>;

async function findRules(caller: Caller, what: string, filter: Filter, signal: AbortSignal): Promise<Rule[]> {
  const work = ({ proxy, Query }: Sdk) =>
    proxy.listRules({
      queries: [...Object.entries(filter).map(([name, value]) => Query.equal(name, value)), Query.limit(500)],
    });
  return z.array(Rule).parse((await caller.call(what, work, signal)).rules);
}

/** All domains of a function or site. */
export function listRules(caller: Caller, { kind, id }: Holder, signal: AbortSignal): Promise<Rule[]> {
  const filter = { type: 'deployment', deploymentResourceType: kind, deploymentResourceId: id };
  return findRules(caller, `listing the domains of ${kind} ${id}`, filter, signal);
}

/** Whoever in this project has the domain; null also when another project has it. */
export async function findRule(caller: Caller, domain: string, signal: AbortSignal): Promise<Rule | null> {
  return (await findRules(caller, `looking for the domain ${domain}`, { domain }, signal))[0] ?? null;
}

function isRuleOf({ kind, id }: Holder, rule: Rule): boolean {
  return rule.deploymentResourceType === kind && rule.deploymentResourceId === id;
}

/** Domains under the server's own that the resource could have, the preferred one first; none when that is not known. */
function publicDomains(settings: DomainSettings, { kind, id }: Holder): string[] {
  const parent = kind === 'function' ? settings.functionsDomain : settings.sitesDomain;
  return parent === null ? [] : labels(id, settings.projectId).map((label) => `${label}.${parent}`);
}

/** The id as a domain label; the second is for when another project has the first. */
function labels(id: string, projectId: string): string[] {
  const label = id
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  const suffix = createHash('sha256').update(projectId).digest('hex').slice(0, 8);
  return [label, `${label}-${suffix}`];
}

/** Domains that have to be made, in order: of the server's own the first one that is free, then those of the plan. */
export function missingDomains(
  settings: DomainSettings,
  holder: Holder,
  rules: readonly Rule[],
  wanted: readonly string[],
): { given: string[]; own: string[] } {
  const has = (domain: string) => rules.some((rule) => rule.domain === domain && isRuleOf(holder, rule));
  const given = publicDomains(settings, holder);
  return {
    given: given.some(has) ? [] : given,
    own: wanted.map(lower).filter((domain) => !rules.some((rule) => rule.domain === domain)),
  };
}

const lower = (domain: string) => domain.toLowerCase();

/** True when the domain is, or has become, this resource's; false when somebody else has it. */
export async function claimDomain(
  caller: Caller,
  holder: Holder,
  domain: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { kind, id } = holder;
  const isOurs = async () => (await listRules(caller, holder, signal)).some((rule) => rule.domain === domain);
  const make = ({ proxy }: Sdk): Promise<unknown> =>
    kind === 'function'
      ? proxy.createFunctionRule({ domain, functionId: id })
      : proxy.createSiteRule({ domain, siteId: id });
  try {
    await caller.change({ what: `creating the domain ${domain}`, make, isDone: isOurs, signal });
    return true;
  } catch (error) {
    if (!isConflict(error)) throw error;
    return isOurs();
  }
}

/** Takes an own domain and says how it stands. Nothing about a domain fails a deployment but a key that may not set it. */
export async function ensureOwnDomain(
  caller: Caller,
  settings: DomainSettings,
  holder: Holder,
  name: string,
  signal: AbortSignal,
): Promise<{ state: DomainState; isNew: boolean }> {
  const domain = lower(name);
  const before = await findRule(caller, domain, signal);
  if (before === null) {
    const refused = await takeDomain(caller, holder, domain, signal);
    if (refused !== null) return { state: { domain, state: 'unverified', remedy: refused }, isNew: false };
  }
  const rule = await findRule(caller, domain, signal);
  if (rule === null || !isRuleOf(holder, rule)) {
    return { state: { domain, state: 'unverified', remedy: takenRemedy(domain, rule) }, isNew: false };
  }
  const isNew = before === null;
  if (rule.status !== 'unverified') return { state: stateOf(settings, rule, ''), isNew };
  const reason = await verify(caller, rule, signal);
  const after = (await findRule(caller, domain, signal)) ?? rule;
  return { state: stateOf(settings, after, reason), isNew };
}

/** Null when it is ours now, else the remedy. */
async function takeDomain(caller: Caller, holder: Holder, domain: string, signal: AbortSignal): Promise<string | null> {
  try {
    return (await claimDomain(caller, holder, domain, signal)) ? null : takenRemedy(domain, null);
  } catch (error) {
    const said = refusal(error);
    if (said?.status !== 400) throw error;
    return `Appwrite does not take ${domain}: ${said.message} Correct it in the plan.`;
  }
}

function takenRemedy(domain: string, rule: Rule | null): string {
  const who =
    rule === null
      ? 'another project on this Appwrite server'
      : `${rule.deploymentResourceType ?? 'something else'} "${rule.deploymentResourceId}" of this project`;
  return `${domain} belongs to ${who}. Remove it there, or use another domain in the plan.`;
}

/** Asks the server once to look at the DNS again; the reason when it does not find what it needs. */
async function verify(caller: Caller, rule: Rule, signal: AbortSignal): Promise<string> {
  try {
    const work = ({ proxy }: Sdk) => proxy.updateRuleStatus({ ruleId: rule.$id });
    await caller.call(`verifying the domain ${rule.domain}`, work, signal);
    return '';
  } catch (error) {
    const said = refusal(error);
    if (said?.status !== 400 && said?.status !== 404) throw error;
    return said.message;
  }
}

function stateOf({ domainTarget }: DomainSettings, rule: Rule, reason: string): DomainState {
  const { domain, status, logs } = rule;
  if (status === 'verified') return { domain, state: 'verified', remedy: '' };
  const why = [...new Set([logs.trim(), reason.trim()])].filter((text) => text !== '').join(' ');
  if (status === 'verifying') {
    const remedy = `Its certificate is being issued; there is nothing to do.${why === '' ? '' : ` Appwrite says: ${why}`}`;
    return { domain, state: 'verifying', remedy };
  }
  const target = domainTarget === null ? 'ask your Appwrite administrator for the CNAME target' : domainTarget;
  const record = `Set a DNS record: ${domain} CNAME ${target}`;
  const remedy = `${domainTarget === null ? `Set a CNAME record for ${domain}: ${target}` : record}. Then deploy again.`;
  return { domain, state: 'unverified', remedy: why === '' ? remedy : `${remedy} Appwrite says: ${why}` };
}

export async function deleteRule(caller: Caller, rule: Rule, signal: AbortSignal): Promise<void> {
  const make = ({ proxy }: Sdk) => proxy.deleteRule({ ruleId: rule.$id });
  const isDone = async () => (await findRule(caller, rule.domain, signal)) === null;
  await caller.change({ what: `deleting the domain ${rule.domain}`, make, isDone, signal }).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

/**
 * Public URL of a function or site, without a trailing slash: its domain under the configured one, else the domain the server
 * gave the function, or the preview domain of the site's deployment. Null when there is none.
 */
export function publicUrl(
  settings: DomainSettings,
  holder: Holder,
  rules: readonly Rule[],
  deploymentId: string | null,
): string | null {
  const preferred = publicDomains(settings, holder).find((domain) => rules.some((rule) => rule.domain === domain));
  if (preferred !== undefined) return toUrl(preferred, settings.endpoint);
  const usable = rules.filter((rule) => rule.status === 'verified' && rule.deploymentVcsProviderBranch === '');
  const manual = usable.find((rule) => rule.trigger === 'manual');
  const preview = usable.find((rule) => rule.trigger === 'deployment' && rule.deploymentId === deploymentId);
  const rule = manual ?? preview;
  return rule === undefined ? null : toUrl(rule.domain, settings.endpoint);
}

/** A name under `.localhost` is served by the endpoint's own port; everything else by HTTPS. */
function toUrl(domain: string, endpoint: string): string {
  if (!domain.endsWith('.localhost')) return `https://${domain}`;
  const url = new URL(endpoint);
  return `${url.protocol}//${domain}${url.port === '' ? '' : `:${url.port}`}`;
}
