import { AppError, toAppError } from '../../protocol/errors.ts';
import type { FileContent } from '../../protocol/intents.ts';
import type { Check, Plan, Subtask } from '../../protocol/plan.ts';
import type { ChangedFile, Evidence } from '../../protocol/work.ts';
import type { Ctx } from '../engine/port.ts';
import type { NewEntry, RepositoryState } from '../ports.ts';
import { buildSubtasks, type Integration, type Site } from './build-subtasks.ts';
import type { Decision, DiffDecision } from './decision.ts';
import { failedChecks } from './evidence.ts';
import { pausable, waitAt } from './pause.ts';
import type { BuildInput } from './policy.ts';
import { integrationRef } from './refs.ts';
import type { Services } from './services.ts';
import { checkCommit, distinctChecks } from './tree-checks.ts';

export interface Accepted {
  commit: string;
  files: ChangedFile[];
  evidence: Evidence[];
}

/** Times that a person may send the diff back or change it. */
export const DIFF_VERSIONS = 20;

/** Keeps the names of a later acceptance apart from those of the first. */
export interface DiffRound {
  /** Before numbers in names; '' for the first. */
  prefix: string;
  /** `Work.offset` of the first revision. */
  offset: number;
}

/** How the diff came to be as it is; the person is told when it is not what they asked for. */
interface Version {
  integration: Integration;
  /** The person left files as they are in it and wants it, if its checks pass. */
  isTrimmed: boolean;
  /** Why the last revision or change came to nothing. */
  trouble: string | null;
}

/**
 * The person sees one diff. A rejection is a revision: built, checked, reviewed and integrated like a subtask. A diff of which
 * they changed files is theirs: it is checked, proposed as it is now, and accepted when the checks pass.
 */
export async function acceptDiff(
  site: Site,
  services: Services,
  state: RepositoryState,
  built: Integration,
  round: DiffRound = { prefix: '', offset: site.plan.subtasks.length },
): Promise<Accepted> {
  const { ctx, input, plan } = site;
  let version: Version = { integration: built, isTrimmed: false, trouble: null };
  for (let count = 0; count < DIFF_VERSIONS; count += 1) {
    const number = `${round.prefix}${count}`;
    const commit = version.integration.head;
    // The last integration was checked on exactly this tree; what it showed need not be found out again.
    const evidence =
      plan.integrationChecks.length > 0
        ? version.integration.evidence
        : await checkTree(site, services, `final-checks-${number}`, version.integration, subtaskChecks(plan));
    const files = await pausable(ctx, `files-${number}`, () =>
      services.repository.changedFiles(state.repoDir, state.baseCommit, commit),
    );
    await ctx.publish(`diff-${number}`, { type: 'diff.proposed', baseCommit: state.baseCommit, commit, files });
    const decision = await decide(ctx, input, number, version, evidence);
    switch (decision.decision) {
      case 'approve':
        return { commit, files, evidence };
      case 'reject':
        await ctx.publish(`diff-rejected-${number}`, { type: 'diff.rejected', comment: decision.comment });
        version = await orKeep(version, 'The revision', () =>
          revise(site, version.integration, `${round.prefix}${count + 1}`, round.offset + count, decision),
        );
        break;
      case 'trim':
        version = await orKeep(version, 'Keeping the files as you left them', () =>
          trim(site, services, version.integration, number, entriesOf(decision.files, state.baseCommit)),
        );
    }
  }
  throw new AppError({
    code: 'timeout',
    message: `the diff was not accepted in ${DIFF_VERSIONS} versions`,
    userMessage: `The diff was not accepted in ${DIFF_VERSIONS} versions. The work is kept under refs/orchestrator.`,
  });
}

/** After a failure the accepted work is still there: the person decides again, on the diff as it was. */
async function orKeep(before: Version, what: string, change: () => Promise<Version>): Promise<Version> {
  try {
    return await change();
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.code === 'aborted' || error.code === 'engine_conflict') throw error;
    return {
      ...before,
      isTrimmed: false,
      trouble: `${what} failed; the diff is as it was and waits for review. ${error.userMessage}`,
    };
  }
}

async function revise(
  site: Site,
  integration: Integration,
  number: string,
  offset: number,
  { comment }: Extract<Decision, { decision: 'reject' }>,
): Promise<Version> {
  const revision = revisionSubtask(site.plan, `revision-${number}`, `Revision ${number} asked for in review`, comment);
  const work = { subtasks: [revision], restrictPaths: false, mayWeakenTests: true, offset };
  return { integration: await buildSubtasks(site, integration, work), isTrimmed: false, trouble: null };
}

function entriesOf(files: FileContent[], baseCommit: string): NewEntry[] {
  return files.map((file) => ('asIn' in file ? { path: file.path, from: baseCommit } : file));
}

function wordOf(file: NewEntry): string {
  if ('from' in file) return ' (as before)';
  return file.content === null ? ' (left out)' : '';
}

/** The person's change as a commit on top of the integration. */
async function trim(
  site: Site,
  services: Services,
  { repoDir, head: before }: Integration,
  number: string,
  files: NewEntry[],
): Promise<Version> {
  const { ctx, plan } = site;
  const head = await ctx.step(`trim-${number}`, async (s) => {
    const ref = integrationRef(ctx.rootRunId);
    // No time of its own: a repeated step finds the very same commit.
    const made = await services.repository.commitFiles(repoDir, before, files, {
      subject: 'refactor: keep what the review accepted',
      body: files.map((file) => `- ${file.path}${wordOf(file)}`).join('\n'),
      trailers: { 'Orchestrator-Run': ctx.rootRunId, 'Orchestrator-Key': s.key },
    });
    const now = await services.repository.readRef(repoDir, ref);
    if (now !== made) await services.repository.setRef(repoDir, ref, made, before);
    return made;
  });
  // Without integration checks, those of the subtasks are run on whatever is proposed.
  const evidence =
    plan.integrationChecks.length > 0
      ? await checkTree(site, services, `trim-checks-${number}`, { repoDir, head }, plan.integrationChecks)
      : [];
  return { integration: { repoDir, head, evidence }, isTrimmed: true, trouble: null };
}

async function decide(
  ctx: Ctx,
  input: BuildInput,
  number: string,
  version: Version,
  evidence: Evidence[],
): Promise<DiffDecision> {
  const failed = failedChecks(evidence);
  const { isTrimmed, trouble } = version;
  // Policy passes only what is proven; work whose checks fail waits for a person even with --yes.
  const by = isTrimmed ? 'person' : 'policy';
  if ((isTrimmed || input.autoApprove) && failed.length === 0 && trouble === null) {
    await ctx.publish(`diff-approved-${number}`, { type: 'diff.approved', by });
    return { decision: 'approve' };
  }
  const decision = await waitAt<DiffDecision>(ctx, `diff-decision-${number}`, {
    gate: 'diff',
    topic: `diff:${number}`,
    message: diffMessage(failed, version),
    code: null,
  });
  if (decision === null) {
    throw new AppError({
      code: 'timeout',
      message: 'nobody decided about the diff',
      userMessage: 'The diff waited 30 days for a decision. The work is kept under refs/orchestrator.',
    });
  }
  if (decision.decision === 'approve')
    await ctx.publish(`diff-approved-${number}`, { type: 'diff.approved', by: 'person' });
  return decision;
}

function diffMessage(failed: string[], { isTrimmed, trouble }: Version): string {
  if (trouble !== null) return trouble;
  const changed = isTrimmed ? ' as it was changed' : '';
  if (failed.length > 0) return `The diff${changed} waits for review; checks fail: ${failed.join('; ')}`;
  return 'The diff waits for review.';
}

/** Work on the whole of what was built: any file, the plan's checks. */
export function revisionSubtask(
  plan: Plan,
  id: string,
  title: string,
  wanted: string,
  criterion: string = wanted,
): Subtask {
  return {
    id,
    title,
    description: wanted,
    specialization: plan.subtasks[0]?.specialization ?? 'backend',
    priority: 1,
    effort: 'medium',
    dependsOn: [],
    ownedPaths: ['.'],
    removesTests: [],
    acceptanceCriteria: [{ text: criterion, requirements: [] }],
    checks: plan.integrationChecks.length > 0 ? plan.integrationChecks : plan.subtasks.flatMap((s) => s.checks),
  };
}

/** For a plan without integration checks: all checks of its subtasks, on the tree that the person will see. */
function subtaskChecks(plan: Plan): Check[] {
  return distinctChecks(plan.subtasks.flatMap((s) => s.checks));
}

function checkTree(
  { ctx, input }: Site,
  services: Services,
  name: string,
  { repoDir, head: commit }: Pick<Integration, 'repoDir' | 'head'>,
  checks: Check[],
): Promise<Evidence[]> {
  return pausable(ctx, name, async (s) => {
    const { files, repository } = services;
    const runDir = services.runDir(ctx.rootRunId);
    const dir = files.join(runDir, 'worktrees', 'integration');
    const place = { dir, outputDir: files.join(runDir, 'output', 'integration'), env: {} };
    const tree = { repoDir, workspaceDir: input.workspaceDir, commit };
    const evidence = await checkCommit(services, s, input.policy, tree, checks, place);
    s.emit('checked', { type: 'integration.checked', commit, evidence });
    await repository.removeWorktree(repoDir, dir);
    return evidence;
  });
}
