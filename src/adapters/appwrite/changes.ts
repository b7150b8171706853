import type { DeploymentChange } from '../../protocol/work.ts';

type Json = string | number | boolean | null | readonly string[];

export function change(
  action: DeploymentChange['action'],
  kind: DeploymentChange['kind'],
  id: string,
  detail = '',
  destructive = false,
): DeploymentChange {
  return { action, kind, id, detail, destructive };
}

/** One setting that differs, written so that a rollback can read it: `timeout: 15 -> 30`. */
export function settingChange(kind: DeploymentChange['kind'], id: string, name: string, from: Json, to: Json) {
  return change('change', kind, id, `${name}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`);
}

export interface SettingChange {
  name: string;
  from: unknown;
  to: unknown;
}

/** What `settingChange` wrote; null for details that say something else. */
export function readSetting(detail: string): SettingChange | null {
  const [, name, rest] = /^(\w+): (.*)$/s.exec(detail) ?? [];
  if (name === undefined || rest === undefined) return null;
  const arrow = ' -> ';
  for (let at = rest.indexOf(arrow); at !== -1; at = rest.indexOf(arrow, at + 1)) {
    const [from, to] = [parsed(rest.slice(0, at)), parsed(rest.slice(at + arrow.length))];
    if (from !== undefined && to !== undefined) return { name, from, to };
  }
  return null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Lists without regard to order. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  const [left, right] = [new Set<unknown>(a), new Set<unknown>(b)];
  return left.size === right.size && [...left].every((one) => right.has(one));
}

/** One line for a log: `created column crew/tasks/title`. */
export function lineOf({ action, kind, id, detail }: DeploymentChange): string {
  const verb = { create: 'created', change: 'changed', delete: 'deleted' }[action];
  return `${verb} ${kind} ${id}${detail === '' ? '' : ` (${detail})`}`;
}
