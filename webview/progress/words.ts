import type { Gate, Stage } from '../../src/protocol/events.ts';
import type { AgentView, RunView, SubtaskState } from '../../src/protocol/view.ts';
import type { ChangedFile, Deployment, Evidence, Finding } from '../../src/protocol/work.ts';
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
    merging: sign(t('Merging'), 'merge', 'busy'),
    approved: sign(t('Approved'), 'check', 'good'),
    integrated: sign(t('Merged'), 'pass', 'good'),
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

export function forgeSign(state: 'pending' | 'passed' | 'failed'): Sign {
  const signs = {
    pending: sign(t('Under way'), 'sync', 'busy'),
    passed: sign(t('Passed'), 'pass', 'good'),
    failed: sign(t('Failed'), 'error', 'bad'),
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
