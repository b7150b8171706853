import type { Brief } from '../../protocol/brief.ts';
import type { Plan, Subtask } from '../../protocol/plan.ts';
import { removableTests } from '../../protocol/removable-tests.ts';
import { deploymentFaults } from './deployment-rules.ts';
import { duplicates } from './duplicates.ts';
import { covers, normalisePath } from './owned-paths.ts';
import { isReservedSubtaskId } from './refs.ts';
import { isTestPath } from './test-source.ts';

export interface PlanRules {
  /** Null allows the check; otherwise why it is refused. */
  refuseCheck(command: string): string | null;
}

/**
 * What is wrong with a plan, each fault a sentence that the lead can act on; empty when it can be built.
 * The names of packages are checked elsewhere, because that asks the registry.
 */
export function planFaults(plan: Plan, brief: Brief, rules: PlanRules): string[] {
  const graph = graphFaults(plan.subtasks);
  return firstFaults([
    ...graph,
    ...coverageFaults(plan, brief),
    ...pathFaults(plan),
    ...plan.subtasks.flatMap((subtask) => removalFaults(subtask, plan)),
    ...(graph.length === 0 ? ownershipFaults(plan.subtasks) : []),
    ...checkFaults(plan, rules),
    ...complexityFaults(plan),
    ...deploymentFaults(plan.deployment, brief),
  ]);
}

const MAX_FAULTS = 40;
const MAX_FAULT_CHARS = 500;

/** What of a list of faults is quoted to a model or shown to a person: a bad answer can have any number of them. */
export function firstFaults(faults: readonly string[]): string[] {
  const shown = faults.slice(0, MAX_FAULTS).map((fault) => fault.slice(0, MAX_FAULT_CHARS));
  return faults.length > MAX_FAULTS ? [...shown, `And ${faults.length - MAX_FAULTS} more.`] : shown;
}

function graphFaults(subtasks: readonly Subtask[]): string[] {
  const ids = new Set(subtasks.map((s) => s.id));
  const faults = duplicates(subtasks.map((s) => s.id)).map(
    (id) => `Two subtasks have the id "${id}"; ids must be unique.`,
  );
  for (const subtask of subtasks) {
    if (isReservedSubtaskId(subtask.id)) faults.push(`The subtask id "${subtask.id}" is reserved; take another.`);
    for (const before of subtask.dependsOn) {
      if (before === subtask.id) faults.push(`Subtask "${subtask.id}" depends on itself.`);
      else if (!ids.has(before))
        faults.push(`Subtask "${subtask.id}" depends on "${before}", which is not in the plan.`);
    }
  }
  const cycle = findCycle(subtasks);
  if (cycle !== null) faults.push(`The subtasks depend on each other in a circle: ${cycle.join(' -> ')}.`);
  return faults;
}

function findCycle(subtasks: readonly Subtask[]): string[] | null {
  const byId = new Map(subtasks.map((s) => [s.id, s]));
  const done = new Set<string>();
  const visit = (id: string, path: string[]): string[] | null => {
    const at = path.indexOf(id);
    if (at >= 0) return [...path.slice(at), id];
    if (done.has(id)) return null;
    for (const before of byId.get(id)?.dependsOn ?? []) {
      if (before === id) continue;
      const found = visit(before, [...path, id]);
      if (found !== null) return found;
    }
    done.add(id);
    return null;
  };
  for (const subtask of subtasks) {
    const found = visit(subtask.id, []);
    if (found !== null) return found;
  }
  return null;
}

function coverageFaults(plan: Plan, brief: Brief): string[] {
  const covered = new Set(plan.subtasks.flatMap((s) => s.acceptanceCriteria.flatMap((c) => c.requirements)));
  const faults = brief.requirements
    .map((text, index) => ({ text, number: index + 1 }))
    .filter(({ number }) => !covered.has(number))
    .map(({ text, number }) => `No acceptance criterion covers requirement ${number}: "${text}".`);
  for (const number of covered) {
    if (number > brief.requirements.length) {
      faults.push(`A criterion names requirement ${number}, but the brief has ${brief.requirements.length}.`);
    }
  }
  return faults;
}

function pathFaults(plan: Plan): string[] {
  const faults: string[] = [];
  for (const subtask of plan.subtasks) {
    for (const path of subtask.ownedPaths) {
      if (normalisePath(path) === null) {
        faults.push(`Subtask "${subtask.id}" owns "${path}", which is not a relative path inside the repository.`);
      }
    }
  }
  for (const shared of plan.sharedInterfaces) {
    if (normalisePath(shared.path) !== shared.path) {
      faults.push(`The shared interface "${shared.path}" is not a plain relative file path inside the repository.`);
    }
  }
  for (const path of duplicates(plan.sharedInterfaces.map((s) => s.path))) {
    faults.push(`The shared interface "${path}" is listed twice.`);
  }
  for (const { path } of plan.sharedInterfaces) {
    const folder = plan.sharedInterfaces.find((other) => path.startsWith(`${other.path}/`));
    if (folder !== undefined)
      faults.push(`The shared interface "${folder.path}" is a file, and a folder of "${path}".`);
  }
  return faults;
}

/** Files that the guard of tests is to let go: each named by itself, so that the person sees what they grant. */
function removalFaults(subtask: Subtask, { sharedInterfaces }: Plan): string[] {
  const owned = subtask.ownedPaths.map(normalisePath).filter((path) => path !== null);
  const whyNot = (named: string): string | null => {
    const path = normalisePath(named);
    if (path === null) return 'which is not a relative path inside the repository.';
    if (path.endsWith('/')) return 'which is a folder; name each file.';
    if (!isTestPath(path)) return 'which is no test file; only those have to be named.';
    if (!owned.some((own) => covers(own, path))) return 'but it does not own that file.';
    if (sharedInterfaces.some((shared) => shared.path === path)) {
      return 'which is a shared interface: every agent may rely on it.';
    }
    return null;
  };
  return removableTests(subtask).flatMap((named) => {
    const reason = whyNot(named);
    return reason === null ? [] : [`Subtask "${subtask.id}" may remove tests from "${named}", ${reason}`];
  });
}

/** All subtasks that must be finished before each subtask starts. The graph must be acyclic. */
function ancestors(subtasks: readonly Subtask[]): Map<string, Set<string>> {
  const byId = new Map(subtasks.map((s) => [s.id, s]));
  const known = new Map<string, Set<string>>();
  const visit = (id: string): Set<string> => {
    const cached = known.get(id);
    if (cached) return cached;
    const all = new Set<string>();
    known.set(id, all);
    for (const before of byId.get(id)?.dependsOn ?? []) {
      all.add(before);
      for (const further of visit(before)) all.add(further);
    }
    return all;
  };
  for (const subtask of subtasks) visit(subtask.id);
  return known;
}

/** One fault for each pair of subtasks that may run at the same time and own a file together. */
function ownershipFaults(subtasks: readonly Subtask[]): string[] {
  const before = ancestors(subtasks);
  const faults = new Map<string, string>();
  const owners = new Map<string, Map<string, string>>();
  const pathsOf = (subtask: Subtask) =>
    new Map(subtask.ownedPaths.map((path) => [(normalisePath(path) ?? path).replace(/\/$/, ''), path]));
  for (const subtask of subtasks) {
    for (const [path, shown] of pathsOf(subtask)) {
      owners.set(path, (owners.get(path) ?? new Map()).set(subtask.id, shown));
    }
  }
  for (const b of subtasks) {
    for (const [path, shown] of pathsOf(b)) {
      for (const folder of withFolders(path)) {
        for (const [a, shownA] of owners.get(folder) ?? []) {
          const pair = a < b.id ? `${a}|${b.id}` : `${b.id}|${a}`;
          if (a === b.id || faults.has(pair) || before.get(a)?.has(b.id) || before.get(b.id)?.has(a)) continue;
          faults.set(
            pair,
            `Subtasks "${a}" (${shownA}) and "${b.id}" (${shown}) own the same files and neither depends on the other; add a dependency or divide the files.`,
          );
        }
      }
    }
  }
  return [...faults.values()];
}

/** The path and the folders above it. */
function withFolders(path: string): string[] {
  const folders = [path];
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) folders.push(path.slice(0, at));
  return folders;
}

function checkFaults(plan: Plan, rules: PlanRules): string[] {
  const named = [
    ...plan.subtasks.flatMap((s) => s.checks.map((check) => ({ where: `Subtask "${s.id}"`, check }))),
    ...plan.integrationChecks.map((check) => ({ where: 'The plan', check })),
  ];
  return named.flatMap(({ where, check }) => {
    const refusal = rules.refuseCheck(check.command);
    return refusal === null ? [] : [`${where} has the check \`${check.command}\`, which is not allowed: ${refusal}`];
  });
}

function complexityFaults(plan: Plan): string[] {
  if (plan.complexity === 'simple' && plan.subtasks.length > 1) {
    return [`The plan calls itself simple but has ${plan.subtasks.length} subtasks; a simple one has exactly one.`];
  }
  return [];
}
