import type * as z from 'zod';
import type { Brief } from '../../src/protocol/brief.ts';
import { FunctionNeed, SiteNeed, TableNeed } from '../../src/protocol/deployment-needs.ts';
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
    removesTests: [],
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

/** Needs with what is not given at its default. */
export function aTable(id: string, change: Partial<z.input<typeof TableNeed>> = {}): TableNeed {
  return TableNeed.parse({ id, name: id, columns: [], indexes: [], permissions: [], ...change });
}

export function aFunction(id: string, change: Partial<z.input<typeof FunctionNeed>> = {}): FunctionNeed {
  const base = { path: id, runtime: 'node-22', entrypoint: 'main.js', commands: null, execute: ['any'], scopes: [] };
  return FunctionNeed.parse({ id, name: id, ...base, ...change });
}

export function aSite(id: string, change: Partial<z.input<typeof SiteNeed>> = {}): SiteNeed {
  const build = { installCommand: null, buildCommand: null, outputDirectory: '.' };
  const base = { path: id, framework: 'other', ...build, fallbackFile: null, settingsFile: null };
  return SiteNeed.parse({ id, name: id, ...base, ...change });
}
