import { newId, wireNow } from '../http/wire.ts';
import type { Store } from '../store.ts';
import { kind } from '../store.ts';
import type { ResourceType } from './records.ts';

export const SITES_DOMAIN = 'sites.localhost';
export const FUNCTIONS_DOMAIN = 'functions.localhost';

export interface Rule {
  domain: string;
  type: 'api' | 'deployment' | 'redirect';
  trigger: 'manual' | 'deployment';
  redirectUrl: string;
  redirectStatusCode: number;
  deploymentId: string;
  deploymentResourceType: '' | 'function' | 'site';
  deploymentResourceId: string;
  deploymentVcsProviderBranch: string;
  status: 'unverified' | 'verifying' | 'verified';
  logs: string;
  createdAt: string;
  updatedAt: string;
}

/** How long a certificate takes; a real one takes seconds. */
const CERTIFICATE_MS = 60;

export const ruleKind = kind<Rule>('rule');

export function presentRule(id: string, rule: Rule): Record<string, unknown> {
  const { createdAt, updatedAt, ...fields } = rule;
  return { $id: id, $createdAt: createdAt, $updatedAt: updatedAt, ...fields, renewAt: '' };
}

/** Names that lead to this machine without any DNS record. */
function isOwnDomain(domain: string): boolean {
  return domain.endsWith('.localhost');
}

/** `hasDns` says whether a domain of somebody else points to this server; it is never looked up. */
export function makeRule(domain: string, hasDns: boolean, change: Partial<Rule>): Rule {
  const own = isOwnDomain(domain);
  const status = own ? 'verified' : hasDns ? 'verifying' : 'unverified';
  return {
    domain,
    type: 'deployment',
    trigger: 'manual',
    redirectUrl: '',
    redirectStatusCode: 0,
    deploymentId: '',
    deploymentResourceType: '',
    deploymentResourceId: '',
    deploymentVcsProviderBranch: '',
    status,
    logs: status === 'unverified' ? missingRecord(domain) : '',
    createdAt: wireNow(),
    updatedAt: wireNow(),
    ...change,
  };
}

export function missingRecord(domain: string): string {
  return `DNS verification failed: no CNAME, A or AAAA record of ${domain} points to this server.`;
}

/** The rule as it stands now: its certificate arrives a moment after the DNS record was seen. */
export function settled(store: Store, id: string, rule: Rule): Rule {
  if (rule.status !== 'verifying' || Date.now() < Date.parse(rule.updatedAt) + CERTIFICATE_MS) return rule;
  const verified: Rule = { ...rule, status: 'verified', updatedAt: wireNow() };
  store.put(ruleKind, '', id, verified);
  return verified;
}

const resourceWord = (type: ResourceType) => (type === 'functions' ? 'function' : 'site');

/** A function's first domain, made with the function. */
export function addFunctionDomain(store: Store, functionId: string): void {
  const domain = `${newId()}.${FUNCTIONS_DOMAIN}`;
  const rule = makeRule(domain, false, { deploymentResourceType: 'function', deploymentResourceId: functionId });
  store.insert(ruleKind, '', newId(), rule);
}

/** The preview domain of one deployment. */
export function addPreviewRule(store: Store, type: ResourceType, resourceId: string, deploymentId: string): void {
  const domain = `${newId()}.${type === 'functions' ? FUNCTIONS_DOMAIN : SITES_DOMAIN}`;
  const rule = makeRule(domain, false, {
    trigger: 'deployment',
    deploymentId,
    deploymentResourceType: resourceWord(type),
    deploymentResourceId: resourceId,
  });
  store.insert(ruleKind, '', newId(), rule);
}

/** Manual rules follow the active deployment. */
export function followActive(store: Store, type: ResourceType, resourceId: string, deploymentId: string): void {
  for (const { id, value } of store.list(ruleKind, '')) {
    if (value.deploymentResourceType !== resourceWord(type) || value.deploymentResourceId !== resourceId) continue;
    const follows = value.trigger === 'manual' && value.type === 'deployment';
    if (follows && value.deploymentVcsProviderBranch === '') {
      store.put(ruleKind, '', id, { ...value, deploymentId, updatedAt: wireNow() });
    }
  }
}

/** Rules of a resource, or only those of one of its deployments. */
export function removeRules(store: Store, type: ResourceType, resourceId: string, deploymentId?: string): void {
  for (const { id, value } of store.list(ruleKind, '')) {
    if (value.deploymentResourceType !== resourceWord(type) || value.deploymentResourceId !== resourceId) continue;
    if (deploymentId !== undefined && (value.trigger !== 'deployment' || value.deploymentId !== deploymentId)) continue;
    store.remove(ruleKind, '', id);
  }
}

export function findRule(store: Store, domain: string): Rule | null {
  const found = store.list(ruleKind, '').find(({ value }) => value.domain === domain);
  return found === undefined ? null : settled(store, found.id, found.value);
}
