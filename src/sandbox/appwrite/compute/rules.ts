import * as z from 'zod';
import { ApiError, invalidArgument, notFound } from '../http/api-error.ts';
import * as p from '../http/params.ts';
import type { Reply, Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { newId, wireNow } from '../http/wire.ts';
import { applyQueries, selectFields } from '../query.ts';
import type { Store } from '../store.ts';
import { functionKind, siteKind } from './records.ts';
import type { Rule } from './rule-records.ts';
import {
  FUNCTIONS_DOMAIN,
  findRule,
  makeRule,
  missingRecord,
  presentRule,
  ruleKind,
  SITES_DOMAIN,
  settled,
} from './rule-records.ts';

export interface RuleServices {
  store: Store;
  /** True when a rule of another project has the domain. */
  takenElsewhere(domain: string): boolean;
  /** True when a domain that is not the server's own points here. */
  hasDns(domain: string): boolean;
}

const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,62}$/i;
const domainParam = z.string().regex(DOMAIN, 'Value must be a valid domain');
const NOT_ALLOWED = 'This domain name is not allowed. Please use a different domain.';

function checkDomain(domain: string): string {
  const lower = domain.toLowerCase();
  if ([SITES_DOMAIN, FUNCTIONS_DOMAIN].includes(lower)) throw invalidArgument(NOT_ALLOWED);
  for (const parent of [SITES_DOMAIN, FUNCTIONS_DOMAIN]) {
    if (!lower.endsWith(`.${parent}`)) continue;
    const label = lower.slice(0, -parent.length - 1);
    const reserved = parent === SITES_DOMAIN && /^(commit|branch)-/.test(label);
    if (label.includes('.') || reserved) throw invalidArgument(NOT_ALLOWED);
  }
  return lower;
}

function addRule({ store, takenElsewhere, hasDns }: RuleServices, domain: string, change: Partial<Rule>): Reply {
  if (findRule(store, domain) !== null || takenElsewhere(domain)) {
    throw new ApiError(409, 'rule_already_exists', 'Domain is already used. Please try again with a different domain.');
  }
  const id = newId();
  const rule = makeRule(domain, hasDns(domain), change);
  store.insert(ruleKind, '', id, rule);
  return { status: 201, body: presentRule(id, rule) };
}

function requireRule(store: Store, id: string): Rule {
  const rule = store.get(ruleKind, '', id);
  if (rule === null) throw notFound('rule', id);
  return settled(store, id, rule);
}

/** Fields of a rule that belongs to a site or a function; `rule_resource_not_found` when there is none. */
function ownedBy(store: Store, type: 'site' | 'function', id: string) {
  const found = type === 'site' ? store.get(siteKind, '', id) : store.get(functionKind, '', id);
  if (found !== null)
    return { deploymentId: found.deploymentId, deploymentResourceType: type, deploymentResourceId: id };
  throw new ApiError(
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
const REDIRECT_CODES = [301, 302, 307, 308];
const redirectCodeParam = z.preprocess(
  (value) => (typeof value === 'string' ? Number(value) : value),
  z.number().refine((code) => REDIRECT_CODES.includes(code), `Value must be one of (${REDIRECT_CODES.join(', ')})`),
);

function createRoutes(services: RuleServices): Route[] {
  const { store } = services;
  const branch = p.orElse(z.string(), '');
  const deploymentRule = (domain: string, type: 'site' | 'function', id: string, branchName: string): Reply => {
    const checked = checkDomain(domain);
    const owned = ownedBy(store, type, id);
    // No deployment comes from a branch here.
    const ofBranch = branchName === '' ? {} : { deploymentId: '', deploymentVcsProviderBranch: branchName };
    return addRule(services, checked, { ...owned, ...ofBranch });
  };
  return [
    route('POST /proxy/rules/site', {
      scopes: WRITE,
      params: { domain: domainParam, siteId: p.idParam, branch },
      handler: ({ params }) => deploymentRule(params.domain, 'site', params.siteId, params.branch),
    }),
    route('POST /proxy/rules/function', {
      scopes: WRITE,
      params: { domain: domainParam, functionId: p.idParam, branch },
      handler: ({ params }) => deploymentRule(params.domain, 'function', params.functionId, params.branch),
    }),
    route('POST /proxy/rules/api', {
      scopes: WRITE,
      params: { domain: domainParam },
      handler: ({ params }) => addRule(services, checkDomain(params.domain), { type: 'api' }),
    }),
    route('POST /proxy/rules/redirect', {
      scopes: WRITE,
      params: {
        domain: domainParam,
        url: z.url('Value must be a valid URL'),
        statusCode: redirectCodeParam,
        resourceId: p.idParam,
        resourceType: z.enum(['site', 'function'], 'Value must be one of (site, function)'),
      },
      handler: ({ params }) => {
        const domain = checkDomain(params.domain);
        const owned = ownedBy(store, params.resourceType, params.resourceId);
        const target = { redirectUrl: params.url, redirectStatusCode: params.statusCode };
        return addRule(services, domain, { type: 'redirect', ...owned, deploymentId: '', ...target });
      },
    }),
  ];
}

/** Looks again whether the domain points here. */
function updateStatus({ store, hasDns }: RuleServices): Route {
  return route('PATCH /proxy/rules/:ruleId/status', {
    scopes: WRITE,
    params: { ruleId: p.idParam },
    handler: ({ params: { ruleId } }) => {
      const rule = requireRule(store, ruleId);
      if (rule.status !== 'unverified') return { status: 200, body: presentRule(ruleId, rule) };
      if (!hasDns(rule.domain)) {
        store.put(ruleKind, '', ruleId, { ...rule, updatedAt: wireNow() });
        throw new ApiError(400, 'rule_verification_failed', missingRecord(rule.domain));
      }
      const verifying: Rule = { ...rule, status: 'verifying', logs: '', updatedAt: wireNow() };
      store.put(ruleKind, '', ruleId, verifying);
      return { status: 200, body: presentRule(ruleId, verifying) };
    },
  });
}

export function ruleRoutes(services: RuleServices): Route[] {
  const { store } = services;
  return [
    ...createRoutes(services),
    updateStatus(services),
    route('GET /proxy/rules', {
      scopes: READ,
      params: { queries: p.queriesParam, search: p.orElse(z.string(), ''), total: p.totalParam },
      handler: ({ params }) => {
        const all = store.list(ruleKind, '').map(({ id, value }) => presentRule(id, settled(store, id, value)));
        const found = all.filter((rule) => `${String(rule.$id)} ${String(rule.domain)}`.includes(params.search));
        const page = applyQueries(found, params.queries, { attributes: FILTERS }, params.total);
        const rules = page.items.map((rule) => selectFields(rule, page.select));
        return { status: 200, body: { total: page.total, rules } };
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
