/** Every id that package.json declares; a unit test holds the two against each other. */
export const EXTENSION_ID = 'ai-development-orchestrator.ai-development-orchestrator';

/** The names of commands, without their prefix. */
export const COMMANDS = [
  'newTask',
  'runBriefFromFile',
  'startFromIssue',
  'approvePlan',
  'rejectPlan',
  'answerQuestions',
  'reviewChanges',
  'acceptAll',
  'rejectDiff',
  'pause',
  'resume',
  'cancel',
  'retrySubtask',
  'decideSubtask',
  'decideDeployment',
  'deploy',
  'rollBack',
  'openLive',
  'openPullRequest',
  'showDashboard',
  'showPlan',
  'showResults',
  'showTeamRuns',
  'openDiff',
  'openEvidence',
  'openWorktree',
  'setKeys',
  'testKeys',
  'removeKeys',
  'signInToGitHub',
  'pickModels',
  'startSample',
  'exportRun',
  'deleteRun',
  'showLog',
  'doctor',
  'openSettings',
  'openWalkthrough',
  'refresh',
  'review.acceptFile',
  'review.rejectFile',
  'review.acceptHunk',
  'review.rejectHunk',
  'review.nextHunk',
  'review.previousHunk',
  'review.finish',
  'review.sendComments',
  'review.sinceLastLook',
  'review.openEvidence',
  'review.comment',
  'review.addComment',
  'review.editComment',
  'review.saveComment',
  'review.cancelComment',
  'review.deleteComment',
] as const;
export type CommandName = (typeof COMMANDS)[number];

export const commandId = (name: CommandName): string => `orchestrator.${name}`;

export const VIEWS = {
  inbox: 'orchestrator.inbox',
  agents: 'orchestrator.agents',
  tasks: 'orchestrator.tasks',
} as const;
export const CONTAINER = 'orchestrator';
export const CONSOLE_VIEW_TYPE = 'orchestrator.console';
export const CHAT_PARTICIPANT = 'orchestrator.chat';
/** The walkthrough's id within the extension. */
export const WALKTHROUGH = 'start';

/** Commits of a run, read only: `orchestrator-commit:/<path>?{runId, commit}`. */
export const COMMIT_SCHEME = 'orchestrator-commit';
/** The reviewed side of a diff, writable: `orchestrator-review:/<path>?{runId}`. */
export const REVIEW_SCHEME = 'orchestrator-review';
/** Texts for looking only: evidence and the doctor's table. */
export const EVIDENCE_SCHEME = 'orchestrator-evidence';

/** Context keys for `enablement` and `when`. True when a run of this window is in such a state. */
export const CONTEXT = {
  /** False until the runs have been read: commands are enabled then, and say themselves why they cannot do it. */
  runsKnown: 'orchestrator.runsKnown',
  hasRun: 'orchestrator.hasRun',
  canApprovePlan: 'orchestrator.canApprovePlan',
  canAnswer: 'orchestrator.canAnswer',
  canReview: 'orchestrator.canReview',
  canPause: 'orchestrator.canPause',
  canResume: 'orchestrator.canResume',
  canCancel: 'orchestrator.canCancel',
  canRetry: 'orchestrator.canRetry',
  canDeploy: 'orchestrator.canDeploy',
  canDecideDeployment: 'orchestrator.canDecideDeployment',
  canRollBack: 'orchestrator.canRollBack',
  hasLive: 'orchestrator.hasLive',
  hasPullRequest: 'orchestrator.hasPullRequest',
  hasResults: 'orchestrator.hasResults',
  hasReview: 'orchestrator.hasReview',
} as const;
