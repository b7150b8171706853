import type { Brief } from '../../src/protocol/brief.ts';
import type { Plan, Subtask } from '../../src/protocol/plan.ts';

export function aBrief(change: Partial<Brief> = {}): Brief {
  return {
    name: 'Sample',
    description: 'A sample project.',
    type: 'web',
    requirements: ['It works.'],
    constraints: [],
    deployment: { target: 'appwrite', autoSetup: true, database: false, functions: false },
    ...change,
  };
}

export function aSubtask(id: string, change: Partial<Subtask> = {}): Subtask {
  return {
    id,
    title: `Build ${id}`,
    description: `Build the part ${id}.`,
    specialization: 'backend',
    priority: 1,
    effort: 'low',
    dependsOn: [],
    ownedPaths: [`${id}/`],
    acceptanceCriteria: [{ text: `${id} works`, requirements: [1] }],
    checks: [{ name: 'test', command: 'test -f done.txt' }],
    ...change,
  };
}

export function aPlan(subtasks: Subtask[], change: Partial<Plan> = {}): Plan {
  return {
    summary: 'A plan.',
    architecture: 'Plain files.',
    complexity: subtasks.length > 1 ? 'complex' : 'simple',
    packages: [],
    sharedInterfaces: [],
    subtasks,
    integrationChecks: [],
    deployment: { databaseId: null, tables: [], functions: [], sites: [], liveChecks: [] },
    ...change,
  };
}
