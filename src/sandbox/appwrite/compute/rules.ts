import * as z from 'zod';
import { ApiError, invalidArgument, notFound } from '../http/api-error.ts';
import * as p from '../http/params.ts';
import type { Reply, Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { newId, wireNow } from '../http/wire.ts';
import { applyQueries } from '../query.ts';
import type { Store } from '../store.ts';
import { kind } from '../store.ts';
import type { ResourceType } from './records.ts';
import { functionKind, siteKind } from './records.ts';

const SITES_DOMAIN = 'sites.localhost';
const FUNCTIONS_DOMAIN = 'functions.localhost';

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

const ruleKind = kind<Rule>('rule');

function presentRule(id: string, rule: Rule): Record<string, unknown> {
  const { createdAt, updatedAt, ...fields } = rule;
  return { $id: id, $createdAt: createdAt, $updatedAt: updatedAt, ...fields, renewAt: '' };
}

function makeRule(domain: string, change: Partial<Rule>): Rule {
  const own = domain.endsWith(`.${SITES_DOMAIN}`) || domain.endsWith(`.${FUNCTIONS_DOMAIN}`);
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
    status: own ? 'verified' : 'unverified',
    logs: own ? '' : `DNS verification failed: no record for ${domain} points to this server.`,
    createdAt: wireNow(),
    updatedAt: wireNow(),
    ...change,
  };
}

const resourceWord = (type: ResourceType) => (type === 'functions' ? 'function' : 'site');

/** A function's first domain, made with the function. */
export function addFunctionDomain(store: Store, functionId: string): void {
  const domain = `${newId()}.${FUNCTIONS_DOMAIN}`;
  const rule = makeRule(domain, { deploymentResourceType: 'function', deploymentResourceId: functionId });
  store.insert(ruleKind, '', newId(), rule);
}

/** The preview domain of one deployment. */
export function addPreviewRule(store: Store, type: ResourceType, resourceId: string, deploymentId: string): void {
  const domain = `${newId()}.${type === 'functions' ? FUNCTIONS_DOMAIN : SITES_DOMAIN}`;
  const rule = makeRule(domain, {
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
    if (value.trigger === 'manual' && value.type === 'deployment') {
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
  return store.list(ruleKind, '').find(({ value }) => value.domain === domain)?.value ?? null;
}

const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,62}$/i;
const domainParam = z.string().regex(DOMAIN, 'Value must be a valid domain');

function checkDomain(domain: string): string {
  const lower = domain.toLowerCase();
  if ([SITES_DOMAIN, FUNCTIONS_DOMAIN, 'localhost'].includes(lower)) {
    throw invalidArgument('This domain name is not allowed. Please use a different domain.');
  }
  for (const parent of [SITES_DOMAIN, FUNCTIONS_DOMAIN]) {
    if (!lower.endsWith(`.${parent}`)) continue;
    const label = lower.slice(0, -parent.length - 1);
    if (label.includes('.') || label.startsWith('commit-') || label.startsWith('branch-')) {
      throw invalidArgument('This domain name is not allowed. Please use a single label that is not reserved.');
    }
  }
  return lower;
}

function insertRule(store: Store, rule: Rule): Reply {
  if (findRule(store, rule.domain) !== null) {
    throw new ApiError(409, 'rule_already_exists', 'Domain is already used. Please try again with a different domain.');
  }
  const id = newId();
  store.insert(ruleKind, '', id, rule);
  return { status: 201, body: presentRule(id, rule) };
}

function requireRule(store: Store, id: string): Rule {
  const rule = store.get(ruleKind, '', id);
  if (rule === null) throw notFound('rule', id);
  return rule;
}

function missingResource(): ApiError {
  return new ApiError(
    404,
    'rule_resource_not_found',
    'Resource could not be found. Please check the ID of the function or site.',
  );
}

const FILTERS = new Set([
  ...['domain', 'type', 'trigger', 'deploymentId', 'deploymentResourceType', 'deploymentResourceId'],
  'deploymentVcsProviderBranch',
]);
const WRITE = ['rules.write'];
const READ = ['rules.read'];

function createRoutes(store: Store): Route[] {
  const branch = p.orElse(z.string(), '');
  return [
    route('POST /proxy/rules/site', {
      scopes: WRITE,
      params: { domain: domainParam, siteId: p.idParam, branch },
      handler: ({ params }) => {
        const domain = checkDomain(params.domain);
        const site = store.get(siteKind, '', params.siteId);
        if (site === null) throw missingResource();
        const owner = { deploymentResourceType: 'site', deploymentResourceId: params.siteId } as const;
        const rest = { deploymentId: site.deploymentId, deploymentVcsProviderBranch: params.branch };
        return insertRule(store, makeRule(domain, { ...owner, ...rest }));
      },
    }),
    route('POST /proxy/rules/function', {
      scopes: WRITE,
      params: { domain: domainParam, functionId: p.idParam, branch },
      handler: ({ params }) => {
        const domain = checkDomain(params.domain);
        const found = store.get(functionKind, '', params.functionId);
        if (found === null) throw missingResource();
        const owner = { deploymentResourceType: 'function', deploymentResourceId: params.functionId } as const;
        const rest = { deploymentId: found.deploymentId, deploymentVcsProviderBranch: params.branch };
        return insertRule(store, makeRule(domain, { ...owner, ...rest }));
      },
    }),
  ];
}

export function ruleRoutes(store: Store): Route[] {
  return [
    ...createRoutes(store),
    route('GET /proxy/rules', {
      scopes: READ,
      params: { queries: p.queriesParam, total: p.totalParam },
      handler: ({ params }) => {
        const all = store.list(ruleKind, '').map(({ id, value }) => presentRule(id, value));
        const page = applyQueries(all, params.queries, { attributes: FILTERS }, params.total);
        return { status: 200, body: { total: page.total, rules: page.items } };
      },
    }),
    route('GET /proxy/rules/:ruleId', {
      scopes: READ,
      params: { ruleId: p.idParam },
      handler: ({ params }) => ({ status: 200, body: presentRule(params.ruleId, requireRule(store, params.ruleId)) }),
    }),
    route('DELETE /proxy/rules/:ruleId', {
      scopes: WRITE,
      params: { ruleId: p.idParam },
      handler: ({ params }) => {
        requireRule(store, params.ruleId);
        store.remove(ruleKind, '', params.ruleId);
        return { status: 204 };
      },
    }),
  ];
}
