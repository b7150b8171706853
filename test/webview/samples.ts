import type { Brief } from '../../src/protocol/brief.ts';
import type { BriefDraft } from '../../src/protocol/console.ts';
import { DeploymentNeeds } from '../../src/protocol/deployment-needs.ts';
import type { DomainEvent, EventRecord } from '../../src/protocol/events.ts';
import type { Estimate, Plan, Question, Subtask } from '../../src/protocol/plan.ts';
import { emptyView, fold, type RunView } from '../../src/protocol/view.ts';

/** Things for the console to show. */

const RUN_ID = 'run-guestbook';
const BEGAN_MS = Date.UTC(2026, 0, 15, 9, 30);

export function sampleDraft(changes: Partial<BriefDraft> = {}): BriefDraft {
  return {
    name: 'Guestbook',
    description: 'A page where visitors of a small hotel leave a few words, and the owner can answer them.',
    type: 'fullstack',
    requirements: [
      'Visitors write an entry with a name and a text.',
      'Entries are listed newest first, ten a page.',
      'The owner answers an entry after signing in.',
    ],
    constraints: ['No framework in the browser.'],
    autoSetup: true,
    database: true,
    functions: true,
    workspaceDir: '/home/ada/projects/guestbook',
    budgetUsd: '5',
    askQuestions: true,
    until: 'deploy',
    local: false,
    issue: null,
    ...changes,
  };
}

export function sampleBrief(): Brief {
  const { name, description, type, requirements, constraints } = sampleDraft();
  const deployment = { target: 'appwrite' as const, autoSetup: true, database: true, functions: true };
  return { name, description, type, requirements, constraints, deployment };
}

export function sampleSubtask(id: string, changes: Partial<Subtask> = {}): Subtask {
  return {
    id,
    title: `Build ${id}`,
    description: `Everything that ${id} needs, with tests.`,
    specialization: 'backend',
    priority: 2,
    effort: 'medium',
    dependsOn: [],
    ownedPaths: [`src/${id}/`],
    removesTests: [],
    acceptanceCriteria: [{ text: `${id} does what the brief says`, requirements: [1] }],
    checks: [{ name: 'tests', command: `node --test src/${id}` }],
    ...changes,
  };
}

export function samplePlan(subtasks: Subtask[] = sampleSubtasks()): Plan {
  return {
    summary: 'A static page, a function that keeps entries in one table, and tests of both.',
    architecture: 'The page talks to one function; the function alone holds the key of the database.',
    complexity: 'simple',
    packages: [],
    sharedInterfaces: [{ path: 'src/entry.js', purpose: 'The shape of an entry', content: 'export {};\n' }],
    subtasks,
    integrationChecks: [{ name: 'all tests', command: 'npm test' }],
    deployment: sampleNeeds(),
  };
}

/** Everything that a plan can want of Appwrite, once. */
export const sampleNeeds = (): DeploymentNeeds =>
  DeploymentNeeds.parse({
    databaseId: 'guestbook',
    tables: [
      {
        id: 'entries',
        name: 'Entries',
        columns: [
          { key: 'text', type: 'varchar', size: 2000, required: true },
          { key: 'state', type: 'enum', size: null, required: false, elements: ['new', 'shown'], default: 'new' },
          {
            ...{ key: 'visitor', type: 'relationship', size: null, required: false },
            relationship: { table: 'visitors', kind: 'manyToOne', twoWayKey: 'entries', onDelete: 'cascade' },
          },
        ],
        indexes: [{ key: 'newest', type: 'key', columns: ['$createdAt'], orders: ['desc'] }],
        permissions: ['read("any")', 'create("users")'],
        rowSecurity: true,
      },
      {
        id: 'visitors',
        name: 'visitors',
        columns: [{ key: 'name', type: 'varchar', size: 128, required: true }],
        indexes: [],
        permissions: [],
      },
    ],
    functions: [
      {
        ...{ id: 'api', name: 'Entries API', path: 'functions/api', runtime: 'node-22', entrypoint: 'main.js' },
        ...{ commands: null, execute: ['any'], scopes: ['rows.read', 'rows.write'], schedule: '0 3 * * *' },
        ...{ events: ['databases.*.tables.entries.rows.*.create'], domains: ['api.guestbook.example'] },
      },
    ],
    sites: [
      {
        ...{ id: 'page', name: 'Guestbook', path: 'site', framework: 'other', installCommand: null },
        ...{ buildCommand: null, outputDirectory: '.', fallbackFile: null, settingsFile: null },
        domains: ['www.guestbook.example'],
      },
    ],
    liveChecks: [{ target: 'api', method: 'GET', path: '/entries', body: null, status: 200, contains: '' }],
  });

export function sampleSubtasks(): Subtask[] {
  return [
    sampleSubtask('schema', { title: 'Table of entries', specialization: 'database', priority: 1, effort: 'low' }),
    sampleSubtask('api', { title: 'Function for entries', dependsOn: ['schema'], effort: 'high' }),
    sampleSubtask('sign-in', { title: 'The owner signs in', dependsOn: ['schema'] }),
    sampleSubtask('page', { title: 'Page with list and form', specialization: 'frontend', dependsOn: ['api'] }),
    sampleSubtask('answers', { title: 'Answers of the owner', dependsOn: ['api', 'sign-in'], priority: 3 }),
    sampleSubtask('smoke', { title: 'Checks of the whole', specialization: 'testing', dependsOn: ['page', 'answers'] }),
  ];
}

export const sampleEstimate = (): Estimate => ({
  tokens: { low: 420_000, high: 1_100_000 },
  costUsd: { low: 1.4, high: 3.9 },
  wallMs: { low: 14 * 60_000, high: 35 * 60_000 },
});

const sampleQuestions = (): Question[] => [
  { id: 'q1', text: 'May visitors change an entry after they sent it?', defaultAnswer: 'No.' },
  {
    id: 'q2',
    text: 'Does an entry wait for the owner before it is shown?',
    defaultAnswer: 'No; the owner can remove it.',
  },
];

/** Events as records, a second apart. `after`: the sequence number of the last one before. */
export function recordsOf(events: readonly DomainEvent[], { runId = RUN_ID, after = 0 } = {}): EventRecord[] {
  return events.map((event, index) => ({
    v: 1,
    runId,
    seq: after + index + 1,
    at: new Date(BEGAN_MS + (after + index) * 1_000).toISOString(),
    event,
  }));
}

export function viewOf(events: readonly DomainEvent[], runId = RUN_ID): RunView {
  return recordsOf(events, { runId }).reduce(fold, emptyView(runId));
}

function started(brief: Brief = sampleBrief()): DomainEvent[] {
  return [
    { type: 'run.started', brief, workspaceDir: '/home/ada/projects/guestbook', budgetUsd: 5, slug: 'guestbook' },
    { type: 'stage.entered', stage: 'plan' },
  ];
}

/** A run whose plan waits for a person. */
export function atPlan(plan: Plan = samplePlan()): DomainEvent[] {
  return [...started(), { type: 'plan.proposed', plan, estimate: sampleEstimate() }, planGate(0)];
}

export const planGate = (version: number): DomainEvent => ({
  type: 'wait.began',
  gate: 'plan',
  waitOn: RUN_ID,
  topic: `plan:${version}`,
  message: 'The plan waits for approval.',
  code: null,
});

/** A run whose lead has asked something. */
export function atQuestions(): DomainEvent[] {
  return [
    ...started(),
    { type: 'questions.asked', questions: sampleQuestions() },
    {
      type: 'wait.began',
      gate: 'questions',
      waitOn: RUN_ID,
      topic: 'answers',
      message: 'The lead asks 2 questions before planning.',
      code: null,
    },
  ];
}
