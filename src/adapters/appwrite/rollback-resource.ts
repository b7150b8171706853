import type { Deployment } from '../../protocol/work.ts';
import { change, readSetting, sameValue, settingChange } from './changes.ts';
import { activateDeployment, findDeployment, isUnderWay, stopBuild } from './deployments.ts';
import { deleteRule, listRules } from './domains.ts';
import type { ResourceOps, Setting, Settings } from './resource.ts';
import type { RollbackPlan, Undo } from './rollback-plan.ts';
import type { Caller } from './sdk.ts';
import { deleteVariable, type Holder, listVariables } from './variables.ts';

export interface ResourceRollback {
  caller: Caller;
  ops: ResourceOps;
  signal: AbortSignal;
}

/** Of a function or site that is there and ours. */
export async function rollbackOfResource(context: ResourceRollback, deployment: Deployment): Promise<RollbackPlan> {
  const { ops, signal } = context;
  const holder: Holder = { kind: ops.kind, id: deployment.id };
  const later = laterThan(deployment, (await ops.read(holder.id, signal))?.deploymentId ?? '');
  const made = deployment.changes.some(({ action, kind }) => action === 'create' && kind === ops.kind);
  if (made && deployment.previousDeploymentId === null) {
    const detail = 'made by this deployment, with its variables, domains and all deployments';
    const undo = change('delete', ops.kind, holder.id, later === null ? detail : `${detail}; ${later}`, true);
    const run = async () => {
      await ops.remove(holder.id, signal);
      return null;
    };
    return { undos: [{ change: undo, run }], irreversible: [] };
  }
  const plan: RollbackPlan = { undos: [], irreversible: [] };
  await undoSettings(context, holder, deployment, plan);
  await undoVariables(context, holder, deployment, plan);
  const stays = await undoUpload(context, holder, deployment, plan);
  await undoDomains(context, holder, deployment, plan);
  const why = later ?? (stays ? 'the code of this deployment stays, and may need it' : null);
  return why === null ? plan : { ...plan, undos: plan.undos.map((undo) => onlyApproved(undo, why)) };
}

/** In words: what is active now is neither this deployment nor the one before; null when that is not so. */
function laterThan({ deploymentId, previousDeploymentId, changes }: Deployment, active: string): string | null {
  const isLater = active !== '' && active !== deploymentId && active !== previousDeploymentId;
  if (!isLater) return null;
  if (deploymentId === null && !changes.some(({ kind }) => kind === 'deployment'))
    return `it was cut off before its upload, so that what is active (${active}) may be later and need it`;
  return isCutUpload({ deploymentId, changes })
    ? `the upload was cut off, so that the active deployment (${active}) may be this one or a later one that needs it`
    : `a later deployment (${active}) is active and may need it`;
}

/** Begun, and no answer came that names it. */
function isCutUpload({ deploymentId, changes }: Pick<Deployment, 'deploymentId' | 'changes'>): boolean {
  return deploymentId === null && changes.some(({ kind }) => kind === 'deployment');
}

function onlyApproved(undo: Undo, why: string): Undo {
  const { action, kind, id, detail } = undo.change;
  return { ...undo, change: change(action, kind, id, detail === '' ? why : `${detail}; ${why}`, true) };
}

/** True when what was uploaded stays the active one. */
async function undoUpload(
  { caller, ops, signal }: ResourceRollback,
  holder: Holder,
  deployment: Deployment,
  plan: RollbackPlan,
): Promise<boolean> {
  const { deploymentId, previousDeploymentId: previous, changes } = deployment;
  if (!changes.some(({ kind }) => kind === 'deployment')) return false;
  const name = `${holder.kind} ${holder.id}`;
  const active = (await ops.read(holder.id, signal))?.deploymentId ?? '';
  const own =
    deploymentId === null || active === deploymentId
      ? null
      : await findDeployment(caller, holder, deploymentId, signal);
  if (own !== null && isUnderWay(own)) {
    plan.undos.push({
      change: change('delete', 'deployment', `${holder.id}/${own.$id}`, 'its build is stopped'),
      run: async () => {
        if (await stopBuild(caller, holder, own.$id, signal)) return null;
        return `deployment ${own.$id} of ${name} was built meanwhile: roll back once more to take it out.`;
      },
    });
    return false;
  }
  if ((active === '' ? null : active) === previous) return false;
  if (previous === null) {
    plan.irreversible.push(`${name} had no deployment before this one.`);
    return true;
  }
  if (active !== deploymentId && active !== '' && !isCutUpload(deployment)) {
    plan.irreversible.push(`${name} runs a later deployment (${active}) by now, which is left as it is.`);
    return true;
  }
  const found = await findDeployment(caller, holder, previous, signal);
  if (found?.status !== 'ready') {
    const state = found === null ? 'does not exist any more' : `is ${found.status}`;
    plan.irreversible.push(`The deployment of ${name} before this one (${previous}) ${state}.`);
    return true;
  }
  plan.undos.push({
    change: change('change', 'deployment', `${holder.id}/${previous}`, 'activated again'),
    run: async () => {
      await activateDeployment(caller, holder, previous, signal);
      return null;
    },
  });
  return false;
}

async function undoSettings(
  { ops, signal }: ResourceRollback,
  { kind, id }: Holder,
  deployment: Deployment,
  plan: RollbackPlan,
): Promise<void> {
  const present = (await ops.read(id, signal))?.settings ?? {};
  for (const one of [...deployment.changes].reverse()) {
    if (one.action !== 'change' || one.kind !== kind) continue;
    const setting = readSetting(one.detail);
    const now = setting === null ? undefined : present[setting.name];
    if (setting === null || now === undefined || !isSetting(setting.from)) {
      plan.irreversible.push(`${kind} ${id} keeps what was changed (${one.detail}).`);
      continue;
    }
    if (sameValue(now, setting.from)) continue;
    if (!sameValue(now, setting.to)) {
      plan.irreversible.push(`${kind} ${id}: ${setting.name} was changed again since, and is left as it is.`);
      continue;
    }
    const back: Settings = { [setting.name]: setting.from };
    const run = async () => {
      await ops.update(id, back, signal);
      return null;
    };
    plan.undos.push({ change: settingChange(kind, id, setting.name, now, setting.from), run });
  }
}

function isSetting(value: unknown): value is Setting {
  if (Array.isArray(value)) return value.every((one) => typeof one === 'string');
  return typeof value === 'string' || typeof value === 'number';
}

async function undoVariables(
  { caller, signal }: ResourceRollback,
  holder: Holder,
  deployment: Deployment,
  plan: RollbackPlan,
): Promise<void> {
  const present = await listVariables(caller, holder, signal);
  for (const one of deployment.changes) {
    if (one.kind !== 'variable') continue;
    const variable = present.find(({ key }) => `${holder.id}/${key}` === one.id);
    if (variable === undefined) continue;
    if (one.action !== 'create')
      plan.irreversible.push(`variable ${one.id} keeps its value: the one before is not recorded.`);
    else if (variable.secret) plan.irreversible.push(`variable ${one.id} was made secret since, and is left as it is.`);
    else {
      const run = async () => {
        await deleteVariable(caller, holder, variable, signal);
        return null;
      };
      const isTouched = variable.$updatedAt !== variable.$createdAt;
      const detail = isTouched ? 'its value was changed since, and is lost' : '';
      plan.undos.push({ change: change('delete', 'variable', one.id, detail, isTouched), run });
    }
  }
}

async function undoDomains(
  { caller, signal }: ResourceRollback,
  holder: Holder,
  deployment: Deployment,
  plan: RollbackPlan,
): Promise<void> {
  const rules = await listRules(caller, holder, signal);
  for (const one of deployment.changes) {
    if (one.kind !== 'domain') continue;
    const rule = rules.find(({ domain }) => `${holder.id}/${domain}` === one.id);
    if (rule === undefined) continue;
    const undo: Undo = {
      change: change('delete', 'domain', one.id),
      run: async () => {
        await deleteRule(caller, rule, signal);
        return null;
      },
    };
    plan.undos.push(undo);
  }
}
