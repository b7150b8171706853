import type { Specialization, Subtask } from '../protocol/plan.ts';

/** Relative length of a subtask, for ordering only: what its effort suggests. */
const WEIGHT = { low: 1, medium: 2, high: 3, xhigh: 4, max: 5 } as const;

type Node = Pick<Subtask, 'id' | 'dependsOn' | 'effort' | 'priority'>;

/** Weight of the heaviest chain from each subtask to an end of the graph, itself included. The graph must be acyclic. */
export function criticalPaths(subtasks: readonly Node[]): Map<string, number> {
  const dependents = new Map<string, Node[]>();
  for (const subtask of subtasks) {
    for (const before of subtask.dependsOn) dependents.set(before, [...(dependents.get(before) ?? []), subtask]);
  }
  const lengths = new Map<string, number>();
  const visit = (node: Node): number => {
    const known = lengths.get(node.id);
    if (known !== undefined) return known;
    const length = WEIGHT[node.effort] + Math.max(0, ...(dependents.get(node.id) ?? []).map(visit));
    lengths.set(node.id, length);
    return length;
  };
  for (const subtask of subtasks) visit(subtask);
  return lengths;
}

/** Subtasks whose dependencies are all integrated, critical path first, then priority, then plan order. */
export function readySubtasks<N extends Node>(
  subtasks: readonly N[],
  state: { started: ReadonlySet<string>; integrated: ReadonlySet<string> },
): N[] {
  const lengths = criticalPaths(subtasks);
  return subtasks
    .filter((s) => !state.started.has(s.id) && s.dependsOn.every((before) => state.integrated.has(before)))
    .map((subtask, index) => ({ subtask, index, length: lengths.get(subtask.id) ?? 0 }))
    .sort((a, b) => b.length - a.length || a.subtask.priority - b.subtask.priority || a.index - b.index)
    .map(({ subtask }) => subtask);
}

/** A pool of agents with specializations; agents are named `frontend-1`, `frontend-2` … and made when first needed. */
export class AgentPool {
  readonly #size: number;
  readonly #busy = new Map<string, string>();

  constructor(size: number) {
    this.#size = size;
  }

  get free(): number {
    return this.#size - this.#busy.size;
  }

  /** Gives a free agent of the specialization to the subtask. Throws when the pool is full: ask `free` first. */
  assign(specialization: Specialization, subtaskId: string): string {
    if (this.free <= 0) throw new Error('the agent pool is full');
    for (let n = 1; ; n += 1) {
      const agentId = `${specialization}-${n}`;
      if (this.#busy.has(agentId)) continue;
      this.#busy.set(agentId, subtaskId);
      return agentId;
    }
  }

  release(agentId: string): void {
    this.#busy.delete(agentId);
  }
}
