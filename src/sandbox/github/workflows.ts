import { parse } from 'yaml';
import * as z from 'zod';
import type { Git } from './git.ts';

/** Workflow files as far as the stand-in understands them: triggers, jobs in their order, steps that run a command. */

const Scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const Env = z.record(z.string(), z.union([Scalar, z.null().transform(() => '')])).default({});
const Names = z.union([z.string().transform((name) => [name]), z.array(z.string())]);

const Filter = z
  .object({ branches: Names.optional(), 'branches-ignore': Names.optional() })
  .nullish()
  .transform((filter) => ({ branches: filter?.branches ?? null, ignored: filter?.['branches-ignore'] ?? [] }));

const Input = z
  .object({
    description: z.string().optional(),
    required: z.boolean().default(false),
    default: Scalar.optional(),
    type: z.string().default('string'),
    options: z.array(Scalar).optional(),
  })
  .nullable()
  .transform((input) => input ?? { required: false, type: 'string' });
export type WorkflowInput = z.output<typeof Input>;

const Triggers = z
  .union([
    Names.transform((names) => Object.fromEntries(names.map((name) => [name, null]))),
    z.record(z.string(), z.unknown()),
  ])
  .pipe(
    z.object({
      push: Filter.optional(),
      pull_request: Filter.optional(),
      merge_group: Filter.optional(),
      workflow_dispatch: z
        .object({ inputs: z.record(z.string(), Input).nullish() })
        .nullish()
        .transform((given) => ({ inputs: given?.inputs ?? {} }))
        .optional(),
    }),
  );

const StepFile = z.object({
  name: Scalar.optional(),
  run: z.string().optional(),
  uses: z.string().optional(),
  shell: z.string().optional(),
  'working-directory': z.string().optional(),
  'continue-on-error': z.boolean().catch(false),
  env: Env,
});
export type StepDefinition = z.output<typeof StepFile>;

const JobFile = z.object({
  name: Scalar.optional(),
  needs: Names.default([]),
  env: Env,
  steps: z.array(StepFile).min(1),
  defaults: z
    .object({ run: z.object({ 'working-directory': z.string().optional() }).default({}) })
    .default({ run: {} }),
});
export type JobDefinition = z.output<typeof JobFile>;

const WorkflowFile = z.object({
  name: Scalar.optional(),
  'run-name': Scalar.optional(),
  on: Triggers,
  env: Env,
  jobs: z.record(z.string(), JobFile),
});
export type WorkflowDefinition = z.output<typeof WorkflowFile>;

export interface WorkflowSource {
  path: string;
  /** Null when the file is no workflow; `problem` says why. */
  definition: WorkflowDefinition | null;
  problem: string | null;
}

/** The workflows of a commit, by path. */
export async function readWorkflows(git: Git, repoDir: string, sha: string): Promise<WorkflowSource[]> {
  const list = await git.text(repoDir, ['ls-tree', '-z', '--name-only', sha, '--', '.github/workflows/']);
  const paths = list.split('\0').filter((path) => /\.ya?ml$/.test(path));
  return Promise.all(
    paths.map(async (path) => ({ path, ...parseWorkflow(await git.text(repoDir, ['show', `${sha}:${path}`])) })),
  );
}

function parseWorkflow(text: string): Omit<WorkflowSource, 'path'> {
  try {
    return { definition: WorkflowFile.parse(parse(text)), problem: null };
  } catch (error) {
    const problem = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    return { definition: null, problem };
  }
}

/** What a workflow is called: its own name, or its path. */
export const workflowName = (source: WorkflowSource): string => source.definition?.name ?? source.path;

/** Whether a workflow runs at an event; `branch` is the one that filters look at (of a pull request its base). */
export function isTriggered(
  definition: WorkflowDefinition,
  event: 'push' | 'pull_request' | 'merge_group',
  branch: string,
): boolean {
  const filter = definition.on[event];
  if (filter === undefined) return false;
  if (filter.ignored.some((pattern) => matches(pattern, branch))) return false;
  return filter.branches === null || filter.branches.some((pattern) => matches(pattern, branch));
}

/** GitHub's patterns: `*` within a part of the path, `**` across. */
function matches(pattern: string, branch: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('**', '\0')
    .replaceAll('*', '[^/]*')
    .replaceAll('\0', '.*');
  return new RegExp(`^${source}$`).test(branch);
}

/** Jobs so that each comes after those it needs; one that needs itself stays where it is. */
export function orderedJobs(definition: WorkflowDefinition): [string, JobDefinition][] {
  const ordered = new Map<string, JobDefinition>();
  const visit = (key: string, above: readonly string[]): void => {
    const job = definition.jobs[key];
    if (job === undefined || ordered.has(key) || above.includes(key)) return;
    for (const needed of job.needs) visit(needed, [...above, key]);
    ordered.set(key, job);
  };
  for (const key of Object.keys(definition.jobs)) visit(key, []);
  return [...ordered];
}
