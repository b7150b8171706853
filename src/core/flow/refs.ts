/** Where the work of a run is kept in the user's repository. The run's own refs are plain names; subtasks cannot take them. */
const RESERVED_SUBTASK_IDS: readonly string[] = ['integration', 'interfaces', 'lead'];

export function isReservedSubtaskId(id: string): boolean {
  return RESERVED_SUBTASK_IDS.includes(id) || isRevision(id) || /^(merge|rehearsal)-/.test(id);
}

/** Of a subtask that a person, a reviewer or a failed check asked for after the plan. */
export function isRevision(id: string): boolean {
  return id.startsWith('revision-');
}

export function runRefPrefix(rootRunId: string): string {
  return `refs/orchestrator/${rootRunId}/`;
}

export function integrationRef(rootRunId: string): string {
  return `${runRefPrefix(rootRunId)}integration`;
}

export function subtaskRef(rootRunId: string, subtaskId: string): string {
  return `${runRefPrefix(rootRunId)}${subtaskId}`;
}

/** Where the refs of a deleted run are kept. */
export function archivedRunRefPrefix(rootRunId: string): string {
  return `refs/orchestrator-archive/${rootRunId}/`;
}
