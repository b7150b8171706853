import type { TaskRecord } from '../../protocol/records.ts';
import { dateText, type Wording } from '../trees/wording.ts';
import { plainLine } from './plain.ts';

/** A run of the team as a quick pick shows it. No `vscode` here. */
export interface TaskItem {
  label: string;
  description: string;
  detail: string;
  addresses: Address[];
}

interface Address {
  label: string;
  address: string;
}

export function taskItem(wording: Wording, task: TaskRecord): TaskItem {
  const addresses = addressesOf(wording, task);
  return {
    label: plainLine(task.projectName),
    description: plainLine(`${taskStatusText(wording, task.status)} · ${task.userId}`),
    detail: plainLine([changedText(wording, task), ...addresses.map(({ address }) => address)].join(' · '), 300),
    addresses,
  };
}

function changedText(wording: Wording, { updatedAt }: TaskRecord): string {
  // Another program may have written the record.
  return Number.isNaN(Date.parse(updatedAt)) ? updatedAt : dateText(wording, updatedAt);
}

function taskStatusText({ l10n }: Wording, status: TaskRecord['status']): string {
  switch (status) {
    case 'pending':
      return l10n.t('not started');
    case 'processing':
      return l10n.t('running');
    case 'completed':
      return l10n.t('complete');
    case 'failed':
      return l10n.t('failed');
  }
}

/** The web pages of a run: its repository, and every address among what is known of its deployment. */
function addressesOf(wording: Wording, task: TaskRecord): Address[] {
  const { l10n } = wording;
  const found: Address[] = [{ label: l10n.t('Repository'), address: task.githubRepo }];
  const visit = (name: string, value: unknown) => {
    if (typeof value === 'string') found.push({ label: addressLabel(wording, name), address: value });
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) visit(`${name} ${key}`.trim(), inner);
    }
  };
  visit('', task.deploymentInfo);
  const known = new Set<string>();
  return found.filter(({ address }) => {
    if (!/^https?:\/\/\S+$/i.test(address) || known.has(address)) return false;
    known.add(address);
    return true;
  });
}

function addressLabel({ l10n }: Wording, name: string): string {
  if (/^issue\b/.test(name)) return l10n.t('Issue');
  if (/^pullRequest\b/.test(name)) return l10n.t('Pull request');
  if (/^url$|live/i.test(name)) return l10n.t('Live application');
  return /^deployments\b/.test(name) ? l10n.t('Deployment') : plainLine(name, 40);
}
