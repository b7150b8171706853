import type { OwnPlace } from '../../core/ports.ts';
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

/**
 * The same changes, with what is made of the kind in words: beside which others of the project, that the plan does not name. A
 * new database beside one with the data of the project is a loss to whoever uses it: the application is empty.
 */
export function leftBehind(
  changes: readonly DeploymentChange[],
  kind: OwnPlace['kind'],
  others: readonly Pick<OwnPlace, 'id'>[],
): DeploymentChange[] {
  const [first] = others;
  if (first === undefined) return [...changes];
  const named = others.map(({ id }) => `"${id}"`).join(', ');
  return changes.map((one) => {
    if (one.action !== 'create' || one.kind !== kind) return one;
    return kind === 'database'
      ? {
          ...one,
          detail: `a new, empty one; the data of this project is in ${named}, which the plan does not use`,
          destructive: true,
        }
      : { ...one, detail: `a new one; ${named} of this project, which the plan does not name, stays as it is` };
  });
}

/** One setting that differs, written so that a rollback can read it: `timeout: 15 -> 30`. */
export function settingChange(kind: DeploymentChange['kind'], id: string, name: string, from: Json, to: Json) {
  return change('change', kind, id, `${name}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`);
}

/** Said of a setting of a column when rows that are there may not keep to it. */
const NOT_FITTING = ' (rows may not fit)';

/** The same for one that narrows what a column takes: the server refuses it, or rows that do not fit, or cuts their values. */
export function tighteningChange(kind: DeploymentChange['kind'], id: string, name: string, from: Json, to: Json) {
  const { detail } = settingChange(kind, id, name, from, to);
  return change('change', kind, id, detail + NOT_FITTING, true);
}

export interface SettingChange {
  name: string;
  from: unknown;
  to: unknown;
}

/** What these wrote; null for details that say something else. */
export function readSetting(detail: string): SettingChange | null {
  const said = detail.endsWith(NOT_FITTING) ? detail.slice(0, -NOT_FITTING.length) : detail;
  const [, name, rest] = /^(\w+): (.*)$/s.exec(said) ?? [];
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
