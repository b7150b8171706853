import type { HostApp, ReviewCommand } from '../app.ts';
import { showError } from '../errors.ts';
import type { CommandName } from '../ids.ts';
import { requireTrust } from './choose.ts';
import * as decisions from './decisions.ts';
import * as deployments from './deployments.ts';
import { doctor } from './doctor.ts';
import { openEvidence } from './evidence.ts';
import { startFromIssue } from './issues.ts';
import * as keys from './keys.ts';
import * as looking from './looking.ts';
import { pickModels } from './models.ts';
import { resume } from './resume.ts';
import * as runs from './runs.ts';
import * as start from './start.ts';
import * as subtasks from './subtasks.ts';
import { readTarget, type Target } from './target.ts';
import { showTeamRuns } from './team-runs.ts';
import { testKeys } from './test-keys.ts';

interface Entry {
  /** True for what starts, executes or accepts something. */
  needsTrust: boolean;
  run(app: HostApp, target: Target, args: readonly unknown[]): Promise<void>;
}

const acting = (run: Entry['run']): Entry => ({ needsTrust: true, run });
const looks = (run: Entry['run']): Entry => ({ needsTrust: false, run });

type HostCommand = Exclude<CommandName, `review.${string}`>;

const TABLE: Record<HostCommand, Entry> = {
  newTask: acting(start.newTask),
  runBriefFromFile: acting((app, _target, args) => start.runBriefFromFile(app, args)),
  startFromIssue: acting((app) => startFromIssue(app)),
  startSample: acting(start.startSample),
  approvePlan: acting(decisions.approvePlan),
  rejectPlan: acting(decisions.rejectPlan),
  answerQuestions: acting(decisions.answerQuestions),
  reviewChanges: looks(decisions.reviewChanges),
  acceptAll: acting(decisions.acceptAll),
  rejectDiff: acting(decisions.rejectDiff),
  pause: acting(runs.pause),
  resume: acting(resume),
  cancel: acting(runs.cancel),
  decideDeployment: acting(deployments.decideDeployment),
  deploy: acting(deployments.deploy),
  rollBack: acting(deployments.rollBack),
  exportRun: looks(runs.exportRun),
  deleteRun: acting(runs.deleteRun),
  refresh: looks(runs.refresh),
  retrySubtask: acting(subtasks.retrySubtask),
  decideSubtask: acting(subtasks.decideSubtask),
  openWorktree: looks(subtasks.openWorktree),
  openDiff: looks(looking.openDiff),
  openEvidence: looks(openEvidence),
  openLive: looks(looking.openLive),
  openPullRequest: looks(looking.openPullRequest),
  showDashboard: looks(looking.showDashboard),
  showPlan: looks(looking.showPlan),
  showResults: looks(looking.showResults),
  showTeamRuns: looks((app) => showTeamRuns(app)),
  setKeys: looks(keys.setKeys),
  removeKeys: looks(keys.removeKeys),
  signInToGitHub: looks(keys.signInToGitHub),
  testKeys: acting(testKeys),
  pickModels: looks(pickModels),
  showLog: looks(async (app) => app.log.show()),
  doctor: looks(doctor),
  openSettings: looks(looking.openSettings),
  openWalkthrough: looks(looking.openWalkthrough),
};

/** Never rejects: what goes wrong is shown to the person who asked for it. */
export async function runCommand(app: HostApp, name: CommandName, args: readonly unknown[]): Promise<void> {
  try {
    if (isReview(name)) return await app.review.run(reviewName(name), args);
    const { needsTrust, run } = TABLE[name];
    if (needsTrust && !requireTrust()) return;
    await run(app, readTarget(args), args);
  } catch (thrown) {
    showError(app, thrown);
  }
}

type ReviewName = Extract<CommandName, `review.${string}`>;

function isReview(name: CommandName): name is ReviewName {
  return name.startsWith('review.');
}

function reviewName(name: ReviewName): ReviewCommand {
  return name.slice('review.'.length) as ReviewCommand;
}
