import type { RunView } from '../../protocol/view.ts';
import type { DeploymentChange } from '../../protocol/work.ts';
import { clean, type Paint, plural } from './text.ts';

/** What deploying or rolling back changes, a line a change. */

const MARKS = { create: '+', change: '~', delete: '-' } as const;

/** `+ create site web`, `~ change column crew/tasks/title: size 20 -> 40`, `- delete table crew/old (loses data)`. */
export function changeText({ action, kind, id, detail, destructive }: DeploymentChange): string {
  const loss = action === 'create' ? ' (leaves data behind)' : ' (loses data)';
  const why = detail === '' ? '' : `: ${detail}`;
  return clean(`${MARKS[action]} ${action} ${kind} ${id}${why}${destructive ? loss : ''}`);
}

export function previewLines({ preview, purpose }: RunView, paint: Paint): string[] {
  if (preview === null) return [];
  const { changes, irreversible } = preview;
  const title = purpose === 'rollback' ? 'Rolling back' : 'Deployment';
  return [
    '',
    paint('bold', changes.length === 0 ? `${title}: nothing to change` : `${title} changes`),
    ...changes.map((change) => `  ${paint(styleOf(change), changeText(change))}`),
    ...irreversible.map((text) => `  ${paint('yellow', `! cannot be undone: ${clean(text)}`)}`),
    '',
  ];
}

export function losesData({ preview }: RunView): boolean {
  return preview?.changes.some(({ destructive }) => destructive) ?? true;
}

function styleOf({ action, destructive }: DeploymentChange): 'red' | 'green' | 'cyan' {
  if (destructive || action === 'delete') return 'red';
  return action === 'create' ? 'green' : 'cyan';
}

const SHOWN_CHANGES = 20;

export const hasLosses = (changes: readonly DeploymentChange[]): boolean =>
  changes.some((change) => change.destructive);

/** What is about to be done: a line that counts, then the changes, unless a gate is going to list them. */
export function previewText(changes: readonly DeploymentChange[]): string[] {
  if (changes.length === 0) return ['deployment: nothing to change'];
  const text = `deployment: ${plural(changes.length, 'change')}`;
  const losing = changes.filter((change) => change.destructive).length;
  if (losing > 0) return [`${text}, ${losing} of them ${losing === 1 ? 'loses' : 'lose'} data`];
  const more = changes.length - SHOWN_CHANGES;
  return [text, ...changes.slice(0, SHOWN_CHANGES).map(changeText), ...(more > 0 ? [`and ${more} more`] : [])];
}
