import type { Models } from 'node-appwrite';
import type { DeploymentChange } from '../../protocol/work.ts';
import { change } from './changes.ts';
import { isMissing } from './failures.ts';
import type { ResourceKind } from './resource.ts';
import type { Caller, Sdk } from './sdk.ts';

/** The variable of a function or site that says whose it is. */
export const MARK_VARIABLE = 'ORCHESTRATOR_PROJECT';
/** Says what was last uploaded, `<hash>:<count>`; see `./source.ts`. */
export const SOURCE_VARIABLE = 'ORCHESTRATOR_SOURCE';

/** Of a function or site. */
export interface Holder {
  kind: ResourceKind;
  id: string;
}

export async function listVariables(
  caller: Caller,
  { kind, id }: Holder,
  signal: AbortSignal,
): Promise<Models.Variable[]> {
  const list = ({ functions, sites, Query }: Sdk) => {
    const queries = [Query.limit(500)];
    return kind === 'function'
      ? functions.listVariables({ functionId: id, queries })
      : sites.listVariables({ siteId: id, queries });
  };
  return (await caller.call(`listing the variables of ${kind} ${id}`, list, signal)).variables;
}

/**
 * What is not as it is wanted. A secret one of the same name is left as it is: its value cannot be compared, and somebody hid
 * it on purpose. Variables that the plan does not name are another's affair. Values stay out of the words: the old one may be
 * anything.
 */
export function diffVariables(
  { id }: Holder,
  present: readonly Models.Variable[],
  wanted: Record<string, string>,
): { changes: DeploymentChange[]; secret: string[] } {
  const changes: DeploymentChange[] = [];
  const secret: string[] = [];
  for (const [key, value] of Object.entries(wanted)) {
    const variable = present.find((one) => one.key === key);
    if (variable === undefined) changes.push(change('create', 'variable', `${id}/${key}`));
    else if (variable.secret) secret.push(key);
    else if (variable.value !== value) changes.push(change('change', 'variable', `${id}/${key}`, 'another value'));
  }
  return { changes, secret };
}

/** Plain, so that a second run can compare it. */
export async function writeVariable(
  caller: Caller,
  holder: Holder,
  [key, value]: readonly [key: string, value: string],
  signal: AbortSignal,
): Promise<void> {
  const { kind, id } = holder;
  const present = (await listVariables(caller, holder, signal)).find((variable) => variable.key === key);
  if (present !== undefined && !present.secret && present.value === value) return;
  const make = ({ functions, sites }: Sdk): Promise<unknown> => {
    if (present !== undefined) {
      const changed = { variableId: present.$id, key, value };
      return kind === 'function'
        ? functions.updateVariable({ functionId: id, ...changed })
        : sites.updateVariable({ siteId: id, ...changed });
    }
    const made = { variableId: variableIdOf(key), key, value, secret: false };
    return kind === 'function'
      ? functions.createVariable({ functionId: id, ...made })
      : sites.createVariable({ siteId: id, ...made });
  };
  const isDone = async () =>
    (await listVariables(caller, holder, signal)).some((variable) => variable.key === key && variable.value === value);
  await caller.change({ what: `setting variable ${key} of ${kind} ${id}`, make, isDone, signal });
}

export async function deleteVariable(
  caller: Caller,
  holder: Holder,
  { $id: variableId, key }: Models.Variable,
  signal: AbortSignal,
): Promise<void> {
  const { kind, id } = holder;
  const make = ({ functions, sites }: Sdk): Promise<unknown> =>
    kind === 'function'
      ? functions.deleteVariable({ functionId: id, variableId })
      : sites.deleteVariable({ siteId: id, variableId });
  const isDone = async () => !(await listVariables(caller, holder, signal)).some(({ $id }) => $id === variableId);
  const what = `deleting variable ${key} of ${kind} ${id}`;
  await caller.change({ what, make, isDone, signal }).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

/** `unique()` is resolved by the server. */
function variableIdOf(key: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9_]{0,35}$/.test(key) ? key : 'unique()';
}
