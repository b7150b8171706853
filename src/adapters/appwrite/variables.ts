import type { Models } from 'node-appwrite';
import type { ResourceKind } from './domains.ts';
import type { Caller, Sdk } from './sdk.ts';

export async function listVariables(
  caller: Caller,
  kind: ResourceKind,
  id: string,
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
 * Plain variables, so that a second run can compare them; a secret one of the same name keeps being secret and is
 * written every time, because its value cannot be read.
 */
export async function ensureVariables(
  caller: Caller,
  kind: ResourceKind,
  id: string,
  variables: Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const wanted = Object.entries(variables);
  if (wanted.length === 0) return;
  const existing = await listVariables(caller, kind, id, signal);
  for (const [key, value] of wanted) {
    const present = existing.find((variable) => variable.key === key);
    if (present !== undefined && !present.secret && present.value === value) continue;
    const work = ({ functions, sites }: Sdk): Promise<unknown> => {
      if (present !== undefined) {
        const change = { variableId: present.$id, key, value };
        return kind === 'function'
          ? functions.updateVariable({ functionId: id, ...change })
          : sites.updateVariable({ siteId: id, ...change });
      }
      const made = { variableId: variableIdOf(key), key, value, secret: false };
      return kind === 'function'
        ? functions.createVariable({ functionId: id, ...made })
        : sites.createVariable({ siteId: id, ...made });
    };
    await caller.call(`setting variable ${key} of ${kind} ${id}`, work, signal);
  }
}

/** `unique()` is resolved by the server. */
function variableIdOf(key: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9_]{0,35}$/.test(key) ? key : 'unique()';
}
