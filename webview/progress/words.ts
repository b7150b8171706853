import type { Gate, Stage } from '../../src/protocol/events.ts';
import type { AgentView, RunView, SubtaskState } from '../../src/protocol/view.ts';
import type {
  ChangedFile,
  Deployment,
  DeploymentChange,
  DomainState,
  Evidence,
  Finding,
} from '../../src/protocol/work.ts';
import { t } from '../l10n.ts';
import type { IconName } from '../ui/icon-paths.ts';

/** The words and signs for what the protocol names; never a sign alone. */
export interface Sign {
  word: string;
  icon: IconName;
  tone: 'good' | 'bad' | 'warn' | 'busy' | 'calm';
}

const sign = (word: string, icon: IconName, tone: Sign['tone']): Sign => ({ word, icon, tone });

export function stageWord(stage: Stage): string {
  const words: Record<Stage, string> = {
    brief: t('Brief'),
    plan: t('Plan'),
    build: t('Build'),
    review: t('Review'),
    commit: t('Commit'),
    deploy: t('Deploy'),
    done: t('Done'),
  };
  return words[stage];
}

export function gateName(gate: Gate): string {
  const names: Record<Gate, string> = {
    questions: t('answers'),
    plan: t('approval of the plan'),
    diff: t('review of the changes'),
    subtask: t('a decision about a subtask'),
    deployment: t('a decision about what may be lost'),
    resume: t('you to go on'),
  };
  return names[gate];
}

export function runSign(status: RunView['status'], isPaused: boolean): Sign {
  const signs: Record<RunView['status'], Sign> = {
    running: isPaused ? sign(t('Pausing'), 'pause', 'warn') : sign(t('Running'), 'sync', 'busy'),
    waiting: isPaused ? sign(t('Paused'), 'pause', 'warn') : sign(t('Waiting for you'), 'bell', 'warn'),
    complete: sign(t('Complete'), 'pass', 'good'),
    failed: sign(t('Failed'), 'error', 'bad'),
    cancelled: sign(t('Cancelled'), 'stop', 'calm'),
  };
  return signs[status];
}

export function subtaskSign(state: SubtaskState): Sign {
  const signs: Record<SubtaskState, Sign> = {
    pending: sign(t('Pending'), 'circle', 'calm'),
    working: sign(t('Working'), 'sync', 'busy'),
    checking: sign(t('Checking'), 'beaker', 'busy'),
    reviewing: sign(t('In review'), 'eye', 'busy'),
    revising: sign(t('Revising'), 'edit', 'busy'),
    merging: sign(t('Integrating'), 'merge', 'busy'),
    approved: sign(t('Approved'), 'check', 'good'),
    integrated: sign(t('Integrated'), 'pass', 'good'),
    parked: sign(t('Parked'), 'bell', 'warn'),
    failed: sign(t('Failed'), 'error', 'bad'),
  };
  return signs[state];
}

export function agentSign(status: AgentView['status']): Sign {
  const signs: Record<AgentView['status'], Sign> = {
    idle: sign(t('Idle'), 'circle', 'calm'),
    working: sign(t('Working'), 'sync', 'busy'),
    blocked: sign(t('Blocked'), 'warning', 'warn'),
  };
  return signs[status];
}

export function roleName(specialization: AgentView['specialization']): string {
  const names: Record<AgentView['specialization'], string> = {
    lead: t('Lead'),
    frontend: t('Frontend'),
    backend: t('Backend'),
    database: t('Database'),
    testing: t('Testing'),
    devops: t('Operations'),
  };
  return names[specialization];
}

export function outcomeSign(outcome: Evidence['outcome']): Sign {
  const signs: Record<Evidence['outcome'], Sign> = {
    passed: sign(t('Passed'), 'pass', 'good'),
    failed: sign(t('Failed'), 'error', 'bad'),
    timed_out: sign(t('Timed out'), 'clock', 'bad'),
    refused: sign(t('Refused'), 'stop', 'bad'),
    cancelled: sign(t('Cancelled'), 'stop', 'calm'),
  };
  return signs[outcome];
}

export function severitySign(severity: Finding['severity']): Sign {
  const signs: Record<Finding['severity'], Sign> = {
    blocker: sign(t('Blocker'), 'error', 'bad'),
    major: sign(t('Major'), 'warning', 'warn'),
    minor: sign(t('Minor'), 'info', 'calm'),
  };
  return signs[severity];
}

export function forgeSign(state: 'pending' | 'passed' | 'failed' | 'stopped'): Sign {
  const signs = {
    pending: sign(t('Under way'), 'sync', 'busy'),
    passed: sign(t('Passed'), 'pass', 'good'),
    failed: sign(t('Failed'), 'error', 'bad'),
    stopped: sign(t('Without a result'), 'stop', 'warn'),
  } as const;
  return signs[state];
}

export function changeName(status: ChangedFile['status']): { word: string; letter: string } {
  const names: Record<ChangedFile['status'], { word: string; letter: string }> = {
    added: { word: t('Added'), letter: 'A' },
    modified: { word: t('Modified'), letter: 'M' },
    deleted: { word: t('Deleted'), letter: 'D' },
    renamed: { word: t('Renamed'), letter: 'R' },
  };
  return names[status];
}

export function deploymentName(kind: Deployment['kind'], id: string): string {
  switch (kind) {
    case 'database':
      return t('database {0}', id);
    case 'function':
      return t('function {0}', id);
    case 'site':
      return t('site {0}', id);
  }
}

/** What was done; its icon alone stands where a heading says it. */
export function changeSign(action: DeploymentChange['action']): Sign {
  const signs: Record<DeploymentChange['action'], Sign> = {
    create: sign(t('Created'), 'add', 'good'),
    change: sign(t('Changed'), 'edit', 'calm'),
    delete: sign(t('Deleted'), 'minus', 'warn'),
  };
  return signs[action];
}

export function changeKind(kind: DeploymentChange['kind']): string {
  const names: Record<DeploymentChange['kind'], string> = {
    database: t('database'),
    table: t('table'),
    column: t('column'),
    index: t('index'),
    function: t('function'),
    site: t('site'),
    variable: t('variable'),
    domain: t('domain'),
    deployment: t('deployment'),
  };
  return names[kind];
}

export function domainSign(state: DomainState['state']): Sign {
  const signs: Record<DomainState['state'], Sign> = {
    verified: sign(t('Verified'), 'pass', 'good'),
    verifying: sign(t('Being verified'), 'sync', 'busy'),
    unverified: sign(t('Not verified'), 'warning', 'warn'),
  };
  return signs[state];
}

/** Why new work was pushed to an open pull request. */
export function updateReason(reason: 'checks' | 'review' | 'base', round: number): string {
  switch (reason) {
    case 'checks':
      return t('New work after failed checks, round {0}', round);
    case 'review':
      return t('New work after a review, round {0}', round);
    case 'base':
      return t('Brought up to its base branch');
  }
}

/** A run that only deploys, or undoes, has the brief of the one that it is about: its name says what it is. */
export function runTitle(purpose: RunView['purpose'], name: string): string {
  switch (purpose) {
    case 'build':
      return name;
    case 'deploy':
      return t('Deployment of {0}', name);
    case 'rollback':
      return t('Rollback of {0}', name);
  }
}
