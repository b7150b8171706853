import type { Brief } from '../../src/protocol/brief.ts';
import type { MockScript } from './mock-protocol.ts';

export const brief: Brief = {
  name: 'Benchmark',
  description: 'A project that exists to be measured.',
  type: 'api',
  requirements: ['Every part exists.'],
  constraints: [],
  deployment: { target: 'appwrite', autoSetup: true, database: false, functions: false },
};

export interface Part {
  id: string;
  dependsOn: string[];
  /** Model turns of its agent. */
  turns: number;
}

function subtask({ id, dependsOn }: Part) {
  return {
    id,
    title: `Build ${id}`,
    description: `Write the files of the part ${id}, each with its exported constants.`,
    specialization: 'backend' as const,
    priority: 3,
    effort: 'low' as const,
    dependsOn,
    ownedPaths: [`${id}/`],
    removesTests: [],
    acceptanceCriteria: [{ text: `The files of ${id} exist.`, requirements: [1] }],
    checks: [{ name: 'exists', command: `test -d ${id}` }],
  };
}

export function planOf(parts: readonly Part[]) {
  return {
    summary: 'Parts that are written side by side.',
    architecture: 'One folder a part.',
    complexity: parts.length > 1 ? ('complex' as const) : ('simple' as const),
    packages: [],
    sharedInterfaces: [],
    subtasks: parts.map(subtask),
    integrationChecks: [],
    deployment: { databaseId: null, tables: [], functions: [], sites: [], liveChecks: [] },
  };
}

export function scriptOf(parts: readonly Part[], replyMs: number): MockScript {
  return {
    replyMs,
    plan: planOf(parts),
    turns: Object.fromEntries(parts.map((part) => [part.id, part.turns])),
    silent: false,
  };
}
