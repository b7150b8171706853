import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Caller, Sdk } from './sdk.ts';
import { isConflict } from './sdk.ts';

export interface DomainSettings {
  endpoint: string;
  projectId: string;
  /** Domain under which the server serves functions; null when it is not known. */
  functionsDomain: string | null;
  sitesDomain: string | null;
}

export type ResourceKind = 'function' | 'site';

const Rule = z.object({
  domain: z.string(),
  trigger: z.string(),
  status: z.string(),
  deploymentId: z.string(),
  deploymentResourceId: z.string(),
  deploymentVcsProviderBranch: z.string().default(''),
});
type Rule = z.infer<typeof Rule>;

/**
 * Public URL of a function or site, without a trailing slash: its own domain under the configured one (found or
 * created), else the domain the server gave the function, or the preview domain of the site's deployment. Null when
 * there is none.
 */
export async function publicUrl(
  caller: Caller,
  settings: DomainSettings,
  kind: ResourceKind,
  id: string,
  deploymentId: string | null,
  signal: AbortSignal,
): Promise<string | null> {
  const parent = kind === 'function' ? settings.functionsDomain : settings.sitesDomain;
  if (parent !== null) {
    for (const label of labels(id, settings.projectId)) {
      const domain = await claimDomain(caller, kind, id, `${label}.${parent}`, signal);
      if (domain !== null) return toUrl(domain, settings.endpoint);
    }
  }
  const rules = await listRules(caller, kind, id, signal);
  const usable = rules.filter((rule) => rule.status === 'verified' && rule.deploymentVcsProviderBranch === '');
  const manual = usable.find((rule) => rule.trigger === 'manual');
  const preview = usable.find((rule) => rule.trigger === 'deployment' && rule.deploymentId === deploymentId);
  const rule = manual ?? preview;
  return rule === undefined ? null : toUrl(rule.domain, settings.endpoint);
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

/** The domain when it is, or has become, this resource's; null when somebody else has it. */
async function claimDomain(
  caller: Caller,
  kind: ResourceKind,
  id: string,
  domain: string,
  signal: AbortSignal,
): Promise<string | null> {
  const rules = await listRules(caller, kind, id, signal);
  if (rules.some((rule) => rule.domain === domain)) return domain;
  const create = async (sdk: Sdk): Promise<void> => {
    if (kind === 'function') await sdk.proxy.createFunctionRule({ domain, functionId: id });
    else await sdk.proxy.createSiteRule({ domain, siteId: id });
  };
  try {
    await caller.call(`creating the domain ${domain}`, create, signal);
    return domain;
  } catch (error) {
    if (!isConflict(error)) throw error;
    const again = await listRules(caller, kind, id, signal);
    return again.some((rule) => rule.domain === domain) ? domain : null;
  }
}

async function listRules(caller: Caller, kind: ResourceKind, id: string, signal: AbortSignal): Promise<Rule[]> {
  const work = ({ proxy, Query }: Sdk) =>
    proxy.listRules({
      queries: [
        Query.equal('type', 'deployment'),
        Query.equal('deploymentResourceType', kind),
        Query.equal('deploymentResourceId', id),
        Query.limit(500),
      ],
    });
  const answer = await caller.call(`listing the domains of ${kind} ${id}`, work, signal);
  return z.array(Rule).parse(answer.rules);
}

/** A name under `.localhost` is served by the endpoint's own port; everything else by HTTPS. */
function toUrl(domain: string, endpoint: string): string {
  if (!domain.endsWith('.localhost')) return `https://${domain}`;
  const url = new URL(endpoint);
  return `${url.protocol}//${domain}${url.port === '' ? '' : `:${url.port}`}`;
}
