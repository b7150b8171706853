import type { AgentView, RunView, SubtaskState } from '../../protocol/view.ts';
import { plainLine } from '../commands/plain.ts';

/** The words of the trees, the chat and the test results, without the editor. */
export interface Wording {
  /** `vscode.l10n`. */
  l10n: { t(message: string, ...args: (string | number)[]): string };
  /** BCP 47, as `vscode.env.language`. */
  locale: string;
}

const formats = new Map<string, Intl.NumberFormat>();

function numberFormat(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${locale} ${JSON.stringify(options)}`;
  const known = formats.get(key);
  if (known !== undefined) return known;
  const made = new Intl.NumberFormat(locale, options);
  formats.set(key, made);
  return made;
}

export function usdText({ locale }: Wording, usd: number): string {
  return numberFormat(locale, { style: 'currency', currency: 'USD' }).format(usd);
}

export function tokensText({ l10n, locale }: Wording, tokens: number): string {
  const count = numberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 }).format(tokens);
  return l10n.t('{0} tokens', count);
}

/** `1:05`, `1:00:00`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours > 0) return `${hours}:${two(minutes % 60)}:${two(seconds % 60)}`;
  return `${minutes}:${two(seconds % 60)}`;
}

/** A time that still grows, to the minute: a row that changes each second would close its tooltip each second. */
export function minutesText({ l10n }: Pick<Wording, 'l10n'>, ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return l10n.t('under 1 min');
  return minutes < 60 ? l10n.t('{0} min', minutes) : l10n.t('{0} h {1} min', Math.floor(minutes / 60), minutes % 60);
}

/** The time of day; with the date when that is another day than `nowMs`. */
export function clockText({ locale }: Wording, iso: string, nowMs: number): string {
  const at = new Date(iso);
  const isToday = at.toDateString() === new Date(nowMs).toDateString();
  return isToday
    ? at.toLocaleTimeString(locale, { timeStyle: 'short' })
    : at.toLocaleString(locale, { dateStyle: 'short', timeStyle: 'short' });
}

export function dateText({ locale }: Wording, iso: string): string {
  return new Date(iso).toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short' });
}

export function runName(wording: Pick<Wording, 'l10n'>, view: RunView): string {
  return plainLine(purposeName(wording, view.purpose, view.brief?.name ?? view.runId), 60);
}

/** A run that only deploys, or undoes, has the brief of the one that it is about: its name says what it is. */
export function purposeName({ l10n }: Pick<Wording, 'l10n'>, purpose: RunView['purpose'], name: string): string {
  switch (purpose) {
    case 'build':
      return name;
    case 'deploy':
      return l10n.t('Deployment of {0}', name);
    case 'rollback':
      return l10n.t('Rollback of {0}', name);
  }
}

export function isUnfinished(view: RunView): boolean {
  return view.status === 'running' || view.status === 'waiting';
}

export function statusText({ l10n }: Wording, status: RunView['status']): string {
  switch (status) {
    case 'running':
      return l10n.t('running');
    case 'waiting':
      return l10n.t('waiting');
    case 'complete':
      return l10n.t('complete');
    case 'failed':
      return l10n.t('failed');
    case 'cancelled':
      return l10n.t('cancelled');
  }
}

/** When another run has undone it; null otherwise. */
export function rolledBackText(wording: Wording, { rolledBack }: RunView): string | null {
  return rolledBack === null ? null : wording.l10n.t('rolled back {0}', dateText(wording, rolledBack.at));
}

export function stageText({ l10n }: Wording, stage: RunView['stage']): string {
  switch (stage) {
    case 'brief':
      return l10n.t('reading the brief');
    case 'plan':
      return l10n.t('planning');
    case 'build':
      return l10n.t('building');
    case 'review':
      return l10n.t('reviewing the diff');
    case 'commit':
      return l10n.t('committing');
    case 'deploy':
      return l10n.t('deploying');
    case 'done':
      return l10n.t('done');
  }
}

export function subtaskStateText({ l10n }: Wording, state: SubtaskState): string {
  switch (state) {
    case 'pending':
      return l10n.t('not started');
    case 'working':
      return l10n.t('working');
    case 'checking':
      return l10n.t('being checked');
    case 'reviewing':
      return l10n.t('in review');
    case 'revising':
      return l10n.t('being revised');
    case 'merging':
      return l10n.t('being integrated');
    case 'approved':
      return l10n.t('approved');
    case 'integrated':
      return l10n.t('integrated');
    case 'parked':
      return l10n.t('waits for you');
    case 'failed':
      return l10n.t('failed');
  }
}

export function agentStatusText({ l10n }: Wording, agent: AgentView): string {
  switch (agent.status) {
    case 'idle':
      return l10n.t('idle');
    case 'working':
      return l10n.t('working');
    case 'blocked':
      return agent.blockedUntil === null ? l10n.t('blocked') : l10n.t('waits for its model');
  }
}

/** Models of the editor are named `<vendor>/<id>` and have no known price. */
export function agentCostText(wording: Wording, agent: AgentView): string {
  if (agent.model?.includes('/') && agent.costUsd === 0) return wording.l10n.t('price unknown');
  return usdText(wording, agent.costUsd);
}
