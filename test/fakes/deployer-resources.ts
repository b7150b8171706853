import type { Models } from 'node-appwrite';
import { change, readSetting } from '../../src/adapters/appwrite/changes.ts';
import type { DomainSettings, Rule } from '../../src/adapters/appwrite/domains.ts';
import { packSource } from '../../src/adapters/appwrite/pack.ts';
import type { ResourceKind, Setting, Settings } from '../../src/adapters/appwrite/resource.ts';
import { changesOf, diffResource, uploadChange, type Wish } from '../../src/adapters/appwrite/wish.ts';
import type { DeploymentJournal } from '../../src/core/ports.ts';
import { AppError } from '../../src/protocol/errors.ts';
import type { Deployment, DeploymentChange } from '../../src/protocol/work.ts';

/** What takes effect with a build only, of either kind. */
const BUILD_SETTINGS: ReadonlySet<string> = new Set(['runtime', 'entrypoint', 'commands', 'framework', 'buildCommand']);
const DOMAINS: DomainSettings = {
  ...{ endpoint: 'http://127.0.0.1/v1', projectId: 'fake', domainTarget: null },
  ...{ functionsDomain: 'functions.localhost', sitesDomain: 'sites.localhost' },
};

interface FakeResource {
  settings: Settings;
  variables: Record<string, string>;
  domains: string[];
  deployments: { id: string; status: 'ready' | 'failed'; made: string }[];
  active: string;
}

/** Functions and sites in memory. */
export interface FakeResources {
  preview(wish: Wish): DeploymentChange[];
  deploy(
    wish: Wish,
    mark: string,
    source: { sourceDir: string; known: readonly string[] },
    journal: DeploymentJournal,
  ): Promise<Deployment>;
  known(kind: ResourceKind, id: string): string[];
  failBuild(id: string, logTail: string): void;
  undo(deployment: Deployment): { changes: DeploymentChange[]; irreversible: string[] };
  revert(kind: ResourceKind, id: string, change: DeploymentChange): void;
}

export function createFakeResources(note: (action: string) => void): FakeResources {
  const resources = new Map<string, FakeResource>();
  const failures = new Map<string, string>();
  let uploads = 0;
  const keyOf = ({ kind, id }: { kind: string; id: string }) => `${kind} ${id}`;
  const compare = ({ holder, ...wish }: Wish, known: readonly string[] | null) => {
    const found = resources.get(keyOf(holder));
    const isNew = found === undefined || found.active === '' || known?.length === 0;
    const ops = { kind: holder.kind, buildSettings: BUILD_SETTINGS } as Parameters<typeof diffResource>[3];
    const present =
      found === undefined
        ? null
        : {
            state: { settings: found.settings, deploymentId: found.active },
            variables: Object.entries(found.variables).map(([key, value]) => variable(key, value)),
            rules: found.domains.map((domain) => rule(holder.kind, holder.id, domain)),
          };
    return diffResource({ holder, ...wish }, present, isNew, ops, DOMAINS);
  };
  return {
    preview: (wish) => changesOf(compare(wish, null), wish.holder),
    known: (kind, id) => {
      const { active = '', deployments = [] } = resources.get(`${kind} ${id}`) ?? {};
      const ids = deployments.map((one) => one.id).reverse();
      return ids.includes(active) ? [active, ...ids.filter((one) => one !== active)] : ids;
    },
    failBuild: (id, logTail) => void failures.set(id, logTail),
    deploy: async (wish, mark, { sourceDir, known }, journal) => {
      const { holder } = wish;
      const key = keyOf(holder);
      const digest = await packSource(sourceDir).then((packed) => packed.digest);
      const diff = compare(wish, known);
      const old = resources.get(key);
      const changes = [...diff.settings, ...diff.variables, ...diff.domains];
      if (changes.length > 0) journal.begin(changes);
      const resource: FakeResource = {
        settings: { ...old?.settings, ...wish.settings },
        variables: { ...old?.variables, ...wish.variables },
        domains: [...(old?.domains ?? []), ...diff.domains.map(({ id }) => id.slice(holder.id.length + 1))],
        ...{ deployments: old?.deployments ?? [], active: old?.active ?? '' },
      };
      resources.set(key, resource);
      const built = Object.entries(resource.settings).filter(([name]) => BUILD_SETTINGS.has(name));
      const made = JSON.stringify([digest, built, resource.variables]);
      const base = {
        ...{ kind: holder.kind, id: holder.id, status: 'ready' as const, durationMs: 0, mark },
        url: `http://${holder.id}.${holder.kind}s.localhost`,
        domains: wish.domains.map((domain) => ({
          ...{ domain, state: 'unverified' as const },
          remedy: `Set a CNAME record for ${domain}`,
        })),
      };
      const same = resource.deployments.filter((one) => one.made === made && one.status === 'ready');
      const earlier = same.find((one) => !known.includes(one.id));
      if (earlier === undefined && same.some(({ id }) => id === resource.active)) {
        return { ...base, changes, deploymentId: resource.active, previousDeploymentId: null, logTail: 'unchanged' };
      }
      const before = resource.active === earlier?.id ? lastActive(resource, known) : resource.active;
      const previousDeploymentId = before === '' ? null : before;
      journal.begin([uploadChange(holder)]);
      journal.upload(null, previousDeploymentId);
      const deployment = earlier ?? { id: `fake-${++uploads}`, status: 'ready' as const, made };
      const logTail = failures.get(holder.id);
      if (earlier === undefined) {
        note(`upload ${key} ${deployment.id}`);
        resource.deployments.push(logTail === undefined ? deployment : { ...deployment, status: 'failed' });
      }
      if (logTail !== undefined) {
        failures.delete(holder.id);
        throw buildFailed(key, deployment.id, logTail);
      }
      journal.upload(deployment.id, previousDeploymentId);
      resource.active = deployment.id;
      changes.push(uploadChange(holder));
      return { ...base, changes, deploymentId: deployment.id, previousDeploymentId, logTail: 'built' };
    },
    undo: ({ kind, id, deploymentId, previousDeploymentId, changes }) => {
      const resource = resources.get(`${kind} ${id}`);
      if (resource === undefined || kind === 'database') return { changes: [], irreversible: [] };
      if (changes.some((one) => one.action === 'create' && one.kind === kind)) {
        return { changes: [change('delete', kind, id, 'made by this deployment', true)], irreversible: [] };
      }
      const undone: DeploymentChange[] = [];
      const irreversible: string[] = [];
      for (const one of [...changes].reverse()) {
        const setting = readSetting(one.detail);
        if (one.kind === kind && setting !== null) {
          const { name, from, to } = setting;
          const isAsMade = JSON.stringify(resource.settings[name]) === JSON.stringify(to);
          if (isAsMade) undone.push(change('change', kind, id, settingText(name, to, from)));
        }
      }
      for (const { kind: what, action, id: path } of changes) {
        const name = path.slice(id.length + 1);
        if (what === 'variable' && action === 'change') irreversible.push(`variable ${path} keeps its value`);
        if (what === 'variable' && action === 'create' && name in resource.variables) {
          undone.push(change('delete', 'variable', path));
        }
      }
      if (changes.some((one) => one.kind === 'deployment') && resource.active === deploymentId) {
        undone.push(change('change', 'deployment', `${id}/${previousDeploymentId}`, 'activated again'));
      }
      for (const { kind: what, id: path } of changes) {
        const isThere = resource.domains.includes(path.slice(id.length + 1));
        if (what === 'domain' && isThere) undone.push(change('delete', 'domain', path));
      }
      return { changes: undone, irreversible };
    },
    revert: (kind, id, one) => {
      const resource = resources.get(`${kind} ${id}`);
      const name = one.id.slice(id.length + 1);
      if (one.kind === kind && one.action === 'delete') resources.delete(`${kind} ${id}`);
      if (resource === undefined) return;
      const setting = readSetting(one.detail);
      if (one.kind === kind && setting !== null) resource.settings[setting.name] = setting.to as Setting;
      if (one.kind === 'variable') delete resource.variables[name];
      if (one.kind === 'deployment') resource.active = name;
      if (one.kind === 'domain') resource.domains = resource.domains.filter((domain) => domain !== name);
    },
  };
}

function lastActive(resource: FakeResource, known: readonly string[]): string {
  return known.find((id) => resource.deployments.some((one) => one.id === id && one.status === 'ready')) ?? '';
}

function settingText(name: string, from: unknown, to: unknown): string {
  return `${name}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`;
}

function variable(key: string, value: string): Models.Variable {
  const at = { $id: key, $createdAt: '', $updatedAt: '' };
  return { ...at, key, value, secret: false, resourceType: '', resourceId: '' };
}

function rule(kind: ResourceKind, id: string, domain: string): Rule {
  const owner = { deploymentResourceType: kind, deploymentResourceId: id, deploymentId: '' };
  const rest = { $id: domain, trigger: 'manual', status: 'verified', logs: '', deploymentVcsProviderBranch: '' };
  return { ...owner, ...rest, domain };
}

function buildFailed(key: string, deploymentId: string, logTail: string): AppError {
  return new AppError({
    code: 'deployment_failed',
    message: `build ${deploymentId} failed`,
    userMessage: `The build of ${key} failed. End of its log:\n${logTail}`,
  });
}
