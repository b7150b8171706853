import { join } from 'node:path';
import type { Clock } from '../../core/ports.ts';
import type { Children } from './children.ts';
import { commandEnvironment, runCommand } from './run-command.ts';
import type { Conclusion, Job, WorkflowRun } from './state-checks.ts';
import type { Repo } from './state-schema.ts';
import { timestamp } from './timestamp.ts';
import type { JobDefinition, StepDefinition, WorkflowDefinition } from './workflows.ts';

/** Actions that have nothing to do here: the commit is exported already, and the running node is on the PATH. */
const NOTHING_TO_DO: ReadonlySet<string> = new Set(['actions/checkout', 'actions/setup-node']);

export interface JobWork {
  repo: Repo;
  run: WorkflowRun;
  job: Job;
  workflow: WorkflowDefinition;
  definition: JobDefinition;
  children: Children;
  clock: Clock;
  sourceDir: string;
  homeDir: string;
  signal: AbortSignal;
  /** Where the stand-in's pages are. */
  webUrl: string;
  save(): void;
}

/** Runs the steps of a job one after the other, and writes states and log as it goes. */
export async function runJob(work: JobWork): Promise<Conclusion> {
  let conclusion: Conclusion = 'success';
  for (const step of work.job.steps) {
    // The first step of a job is "Set up job", which no file has.
    const definition = work.definition.steps[step.number - 2];
    const isOver: Conclusion | null = work.signal.aborted ? 'cancelled' : conclusion === 'success' ? null : 'skipped';
    step.status = 'in_progress';
    step.startedAt = timestamp(work.clock);
    work.save();
    step.conclusion = isOver ?? (await runStep(work, definition));
    if (step.conclusion === 'failure' && definition?.['continue-on-error'] === true) {
      write(work, '##[warning]The step failed, and the job goes on.');
      step.conclusion = 'success';
    }
    step.status = 'completed';
    step.completedAt = timestamp(work.clock);
    if (step.conclusion !== 'success' && step.conclusion !== 'skipped') conclusion = step.conclusion;
    work.save();
  }
  return conclusion;
}

async function runStep(work: JobWork, step: StepDefinition | undefined): Promise<Conclusion> {
  if (step === undefined) {
    write(work, `Current runner version: '0.0.0'\nJob is about to start: ${work.job.key}`);
    return 'success';
  }
  if (step.run === undefined) {
    const [action = ''] = (step.uses ?? '').split('@');
    if (NOTHING_TO_DO.has(action)) write(work, `##[group]Run ${step.uses}\n##[endgroup]`);
    else write(work, `##[warning]Skipped: ${step.uses ?? 'a step without run and uses'} is not run by this server.`);
    return 'success';
  }
  const script = fillExpressions(step.run, work);
  const [firstLine = ''] = script.split('\n');
  write(work, `##[group]Run ${firstLine}\n${script.trimEnd()}\n##[endgroup]`);
  const folder = step['working-directory'] ?? work.definition.defaults.run['working-directory'] ?? '.';
  const command = { ...shellOf(step.shell, script), cwd: join(work.sourceDir, folder), env: environment(work, step) };
  const done = await runCommand(work.children, command, work.signal);
  if (done.output !== '') write(work, done.output.trimEnd());
  if (work.signal.aborted) {
    write(work, '##[error]The operation was canceled.');
    return 'cancelled';
  }
  if (done.startError !== null) write(work, `##[error]${done.startError}`);
  else if (done.timedOut) write(work, '##[error]The operation timed out.');
  else if (done.exitCode !== 0) write(work, `##[error]Process completed with exit code ${done.exitCode ?? 'unknown'}.`);
  return done.exitCode === 0 ? 'success' : done.timedOut ? 'timed_out' : 'failure';
}

function shellOf(shell: string | undefined, script: string): { file: string; args: string[] } {
  if (shell === 'node') return { file: process.execPath, args: ['-e', script] };
  if (shell === 'sh') return { file: 'sh', args: ['-e', '-c', script] };
  // `bash` asked for by name also fails with the first command of a pipe, as on GitHub.
  const options = shell === 'bash' ? ['--noprofile', '--norc', '-eo', 'pipefail'] : ['-e'];
  return { file: 'bash', args: [...options, '-c', script] };
}

function environment(work: JobWork, step: StepDefinition): Record<string, string> {
  const { repo, run } = work;
  const given = { ...work.workflow.env, ...work.definition.env, ...step.env };
  const filled = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, fillExpressions(value, work)]));
  return {
    ...commandEnvironment(work.homeDir),
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKFLOW: run.name,
    GITHUB_RUN_ID: String(run.id),
    GITHUB_RUN_NUMBER: String(run.runNumber),
    GITHUB_JOB: work.job.key,
    GITHUB_ACTOR: run.login,
    GITHUB_REPOSITORY: `${repo.owner}/${repo.name}`,
    GITHUB_REPOSITORY_OWNER: repo.owner,
    GITHUB_EVENT_NAME: run.event,
    GITHUB_SHA: run.sha,
    GITHUB_REF: `refs/heads/${run.branch}`,
    GITHUB_REF_NAME: run.branch,
    GITHUB_REF_TYPE: 'branch',
    GITHUB_WORKSPACE: work.sourceDir,
    GITHUB_SERVER_URL: work.webUrl,
    GITHUB_ENV: join(work.homeDir, 'env'),
    GITHUB_OUTPUT: join(work.homeDir, 'output'),
    GITHUB_PATH: join(work.homeDir, 'path'),
    GITHUB_STEP_SUMMARY: join(work.homeDir, 'summary'),
    RUNNER_TEMP: work.homeDir,
    ...filled,
  };
}

/** Plain names of the contexts `inputs` and `github`; every other expression is empty. */
function fillExpressions(text: string, { repo, run }: JobWork): string {
  const known: Record<string, string> = {
    'github.sha': run.sha,
    'github.ref': `refs/heads/${run.branch}`,
    'github.ref_name': run.branch,
    'github.event_name': run.event,
    'github.actor': run.login,
    'github.repository': `${repo.owner}/${repo.name}`,
    'github.run_id': String(run.id),
    'github.run_number': String(run.runNumber),
  };
  return text.replaceAll(/\$\{\{\s*([\w.-]+)\s*\}\}/g, (_, name: string) => {
    const input = /^(?:github\.event\.)?inputs\.([\w-]+)$/.exec(name)?.[1];
    return (input === undefined ? known[name] : run.inputs[input]) ?? '';
  });
}

/** Each line with its time, as GitHub keeps logs. */
function write(work: JobWork, text: string): void {
  const at = new Date(work.clock.now()).toISOString().replace('Z', '0000Z');
  work.job.log += text
    .split('\n')
    .map((line) => `${at} ${line}\n`)
    .join('');
}
