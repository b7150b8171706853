import type { Plan, Subtask } from '../../src/protocol/plan.ts';
import { removableTests } from '../../src/protocol/removable-tests.ts';

/** What is wrong with a changed plan, as far as the page can see; the host checks it again with all its rules. Pure. */
export type PlanFault =
  | { kind: 'title_missing'; id: string }
  | { kind: 'description_missing'; id: string }
  | { kind: 'criterion_missing'; id: string }
  | { kind: 'path_missing'; id: string }
  | { kind: 'path_outside'; id: string; path: string }
  | { kind: 'test_missing'; id: string }
  | { kind: 'test_outside'; id: string; path: string }
  /** The ids of the circle, the first one again at its end. */
  | { kind: 'circle'; id: string; circle: string[] };

export function faultsOf(plan: Plan): PlanFault[] {
  const circle = findCircle(plan.subtasks);
  return [
    ...plan.subtasks.flatMap(faultsOfSubtask),
    ...(circle === null ? [] : [{ kind: 'circle' as const, id: circle[0] ?? '', circle }]),
  ];
}

const isOutside = (path: string) => /^([/\\]|[A-Za-z]:)|(^|[/\\])\.\.([/\\]|$)/.test(path);

function faultsOfSubtask(subtask: Subtask): PlanFault[] {
  const { id, title, description, acceptanceCriteria, ownedPaths } = subtask;
  const faults: PlanFault[] = [];
  if (title.trim() === '') faults.push({ kind: 'title_missing', id });
  if (description.trim() === '') faults.push({ kind: 'description_missing', id });
  if (acceptanceCriteria.some(({ text }) => text.trim() === '')) faults.push({ kind: 'criterion_missing', id });
  if (ownedPaths.every((path) => path.trim() === '')) faults.push({ kind: 'path_missing', id });
  const outside = ownedPaths.find(isOutside);
  if (outside !== undefined) faults.push({ kind: 'path_outside', id, path: outside });
  const removable = removableTests(subtask);
  if (removable.some((path) => path.trim() === '')) faults.push({ kind: 'test_missing', id });
  const outsideTest = removable.find(isOutside);
  if (outsideTest !== undefined) faults.push({ kind: 'test_outside', id, path: outsideTest });
  return faults;
}

/** The first circle of dependencies, from a subtask back to itself; null when there is none. */
function findCircle(subtasks: readonly Subtask[]): string[] | null {
  const byId = new Map(subtasks.map((subtask) => [subtask.id, subtask]));
  const done = new Set<string>();
  const visit = (id: string, way: readonly string[]): string[] | null => {
    const at = way.indexOf(id);
    if (at >= 0) return [...way.slice(at), id];
    if (done.has(id)) return null;
    for (const before of byId.get(id)?.dependsOn ?? []) {
      const found = visit(before, [...way, id]);
      if (found !== null) return found;
    }
    done.add(id);
    return null;
  };
  for (const { id } of subtasks) {
    const found = visit(id, []);
    if (found !== null) return found;
  }
  return null;
}

/** The faults that the host named, from the details of its refusal. */
export function hostFaults(details: unknown): string[] {
  if (typeof details !== 'object' || details === null || !('faults' in details)) return [];
  const { faults } = details;
  return Array.isArray(faults) ? faults.filter((fault) => typeof fault === 'string') : [];
}

/** True when a sentence of the host is about this subtask: it quotes the id. */
export const isAbout = (fault: string, id: string): boolean => fault.includes(`"${id}"`);
