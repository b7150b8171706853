import type { Gate } from '../../protocol/events.ts';
import type { RunView, Waiting } from '../../protocol/view.ts';
import { subtaskOf } from '../commands/fits.ts';
import type { CommandName } from '../ids.ts';

/** What a tree hands to the editor, and the editor to a command: plain data, the same object as long as its row is there. */
export type TreeNode =
  | {
      kind: 'wait';
      id: string;
      runId: string;
      gate: Gate;
      topic: string;
      waitOn: string;
      /** Null when the wait is not about one subtask. */
      subtaskId: string | null;
    }
  | { kind: 'agents'; id: string; runId: string }
  | { kind: 'agent'; id: string; runId: string; agentId: string }
  | { kind: 'run'; id: string; runId: string }
  | { kind: 'subtask'; id: string; runId: string; subtaskId: string }
  | { kind: 'file'; id: string; runId: string; subtaskId: string; path: string }
  | { kind: 'failure'; id: string };

/** A codicon with the id of a theme colour. */
export interface RowIcon {
  id: string;
  color: string | null;
}

/** A mark at the end of a row, drawn by a file decoration. */
export type RowBadge =
  | { kind: 'round'; round: number }
  | { kind: 'file'; status: 'added' | 'modified' | 'deleted' | 'renamed' };

/** All that a row shows without being pointed at. */
export interface Row {
  node: TreeNode;
  label: string;
  description: string;
  /** Null: the icon of the file's type. */
  icon: RowIcon | null;
  /** The `viewItem` of the when clauses in package.json. */
  context: string;
  folding: 'none' | 'collapsed' | 'expanded';
  /** Without one, a click only selects or unfolds. */
  click: { command: CommandName; title: string } | null;
  badge: RowBadge | null;
  /** For screen readers. */
  speech: string;
  children: readonly Row[];
}

/** Parts of a description or of what is read out; empty ones fall away. */
export function joined(parts: readonly (string | null)[], separator = ' · '): string {
  return parts.filter((part) => part !== null && part !== '').join(separator);
}

/** The subtask that a wait is about: its engine run is named after it, with the number of the try. */
export function subtaskOfWait(view: RunView, { gate, waitOn }: Waiting): string | null {
  const name = subtaskOf({ waitOn });
  if (name !== null && view.subtasks[name] !== undefined) return name;
  if (gate !== 'subtask') return null;
  const parked = Object.values(view.subtasks).filter((subtask) => subtask.state === 'parked');
  return parked.length === 1 ? (parked[0]?.id ?? null) : null;
}
