import type { RunView, SubtaskState, SubtaskView } from '../../protocol/view.ts';
import type { ChangedFile } from '../../protocol/work.ts';
import { canDeploy, canPause, canRollBack, isHeld, retriesOf, waitsAt } from '../commands/fits.ts';
import { plainLine } from '../commands/plain.ts';
import { joined, type Row, type RowIcon } from './nodes.ts';
import {
  dateText,
  isUnfinished,
  rolledBackText,
  runName,
  stageText,
  statusText,
  subtaskStateText,
  type Wording,
} from './wording.ts';

/** What wants a person comes first, what is done last; within a place the order of the plan. */
const PLACES: Record<SubtaskState, number> = {
  parked: 0,
  failed: 0,
  working: 1,
  checking: 1,
  reviewing: 1,
  revising: 1,
  merging: 1,
  approved: 2,
  pending: 3,
  integrated: 4,
};

/** Rows of runs that have not changed are the same objects again. */
export function createTaskRows(wording: Wording): (views: readonly RunView[]) => Row[] {
  const known = new WeakMap<RunView, Row>();
  const filesOf = createFileRows(wording);
  return (views) =>
    views.map((view) => {
      const before = known.get(view);
      if (before !== undefined) return before;
      const row = runRow(wording, view, filesOf);
      known.set(view, row);
      return row;
    });
}

type FileRows = (runId: string, subtask: SubtaskView) => readonly Row[];

function createFileRows(wording: Wording): FileRows {
  const known = new WeakMap<readonly ChangedFile[], readonly Row[]>();
  return (runId, { id, files }) => {
    const before = known.get(files);
    if (before !== undefined) return before;
    const rows = files.map((file) => fileRow(wording, runId, id, file));
    known.set(files, rows);
    return rows;
  };
}

/** What only deploys or undoes has a sign of its own, in the colour of its state; the state stands beside it in words. */
function runIcon(view: RunView): RowIcon {
  const icon = statusIcon(view);
  if (view.purpose === 'build' || view.status === 'waiting') return icon;
  return { ...icon, id: view.purpose === 'rollback' ? 'discard' : 'rocket' };
}

function statusIcon(view: RunView): RowIcon {
  switch (view.status) {
    case 'running':
      return { id: 'play-circle', color: 'charts.blue' };
    case 'waiting':
      return { id: 'bell-dot', color: 'charts.yellow' };
    case 'complete':
      return { id: 'pass-filled', color: 'charts.green' };
    case 'failed':
      return { id: 'error', color: 'charts.red' };
    case 'cancelled':
      return { id: 'circle-slash', color: null };
  }
}

/** Words for the when clauses of package.json. */
function runContext(view: RunView): string {
  const words: [string, boolean][] = [
    ['running', canPause(view)],
    ['waiting', isUnfinished(view) && !(view.status === 'running' && canPause(view))],
    ['ended', !isUnfinished(view)],
    ['plan', view.plan !== null],
    ['diff', waitsAt(view, 'diff').length > 0],
    ['live', view.url !== null],
    ['pr', view.pullRequest !== null],
    ['resumable', isHeld(view)],
    ['deployable', canDeploy(view)],
    ['undoable', canRollBack(view)],
  ];
  return ['run', ...words.filter(([, holds]) => holds).map(([word]) => word)].join(' ');
}

function subtaskContext(view: RunView, subtask: SubtaskView): string {
  const isOpen = isUnfinished(view);
  const words: [string, boolean][] = [
    ['commit', subtask.commit !== null],
    ['evidence', subtask.evidence.length > 0],
    ['retry', isOpen && retriesOf(view, subtask.id).length > 0],
    ['parked', subtask.state === 'parked' && isOpen],
    ['worktree', isOpen && subtask.startedAt !== null && subtask.state !== 'integrated'],
  ];
  return ['subtask', ...words.filter(([, holds]) => holds).map(([word]) => word)].join(' ');
}

function runDescription(wording: Wording, view: RunView): string {
  const subtasks = Object.values(view.subtasks);
  const done = subtasks.filter((subtask) => subtask.state === 'integrated').length;
  const progress = subtasks.length === 0 ? null : wording.l10n.t('{0} of {1} integrated', done, subtasks.length);
  if (!isUnfinished(view)) {
    const at = view.endedAt === null ? null : dateText(wording, view.endedAt);
    return joined([statusText(wording, view.status), at, rolledBackText(wording, view)]);
  }
  const held = view.paused ? wording.l10n.t('pausing') : null;
  return joined([
    view.status === 'waiting' ? statusText(wording, 'waiting') : held,
    stageText(wording, view.stage),
    progress,
    view.held === null ? null : wording.l10n.t('not merged yet: {0}', plainLine(view.held, 60)),
  ]);
}

function runRow(wording: Wording, view: RunView, filesOf: FileRows): Row {
  const description = runDescription(wording, view);
  const children = Object.values(view.subtasks)
    .sort((a, b) => PLACES[a.state] - PLACES[b.state])
    .map((subtask) => subtaskRow(wording, view, subtask, filesOf));
  return {
    node: { kind: 'run', id: `run ${view.runId}`, runId: view.runId },
    label: runName(wording, view),
    description,
    icon: runIcon(view),
    context: runContext(view),
    // From the start: a row that the editor has once drawn without children stays folded when it gets some.
    folding: isUnfinished(view) ? 'expanded' : children.length === 0 ? 'none' : 'collapsed',
    click: null,
    badge: null,
    speech: joined([wording.l10n.t('Run {0}', runName(wording, view)), description], ', '),
    children,
  };
}

function subtaskIcon(state: SubtaskState): RowIcon {
  switch (state) {
    case 'pending':
      return { id: 'circle-outline', color: null };
    case 'working':
      return { id: 'play-circle', color: 'charts.blue' };
    case 'checking':
      return { id: 'beaker', color: 'charts.blue' };
    case 'reviewing':
      return { id: 'eye', color: 'charts.blue' };
    case 'revising':
      return { id: 'edit', color: 'charts.blue' };
    case 'merging':
      return { id: 'git-merge', color: 'charts.blue' };
    case 'approved':
      return { id: 'pass', color: 'charts.green' };
    case 'integrated':
      return { id: 'pass-filled', color: 'charts.green' };
    case 'parked':
      return { id: 'bell-dot', color: 'charts.yellow' };
    case 'failed':
      return { id: 'error', color: 'charts.red' };
  }
}

/** Titles of what a subtask waits for: dependencies that are not integrated yet. */
function openDependencies(view: RunView, subtask: SubtaskView): string[] {
  return subtask.dependsOn
    .filter((id) => view.subtasks[id]?.state !== 'integrated')
    .map((id) => view.subtasks[id]?.title ?? id);
}

function subtaskRow(wording: Wording, view: RunView, subtask: SubtaskView, filesOf: FileRows): Row {
  const { l10n } = wording;
  const open = subtask.state === 'pending' && isUnfinished(view) ? openDependencies(view, subtask) : [];
  const state = subtaskStateText(wording, subtask.state);
  const round = subtask.round > 1 ? l10n.t('round {0}', subtask.round) : null;
  const after = open.length === 0 ? null : l10n.t('after: {0}', open.join(', '));
  const children = filesOf(view.runId, subtask);
  return {
    node: {
      kind: 'subtask',
      id: `subtask ${view.runId} ${subtask.id}`,
      runId: view.runId,
      subtaskId: subtask.id,
    },
    label: plainLine(subtask.title),
    description: joined([state, round, after]),
    icon: subtaskIcon(subtask.state),
    context: subtaskContext(view, subtask),
    folding: children.length === 0 ? 'none' : 'collapsed',
    click: null,
    badge: subtask.round > 1 ? { kind: 'round', round: subtask.round } : null,
    speech: joined([subtask.title, state, round, after], ', '),
    children,
  };
}

function fileRow(wording: Wording, runId: string, subtaskId: string, file: ChangedFile): Row {
  const { l10n } = wording;
  const slash = file.path.lastIndexOf('/');
  const lines = `+${file.addedLines} −${file.removedLines}`;
  return {
    node: { kind: 'file', id: `file ${runId} ${subtaskId} ${file.path}`, runId, subtaskId, path: file.path },
    label: file.path.slice(slash + 1),
    description: joined([file.path.slice(0, Math.max(0, slash)), lines]),
    icon: null,
    context: 'file',
    folding: 'none',
    click: { command: 'openDiff', title: l10n.t('Open the diff') },
    badge: { kind: 'file', status: file.status },
    speech: joined(
      [
        file.path,
        fileStatusText(wording, file.status),
        l10n.t('{0} lines added, {1} removed', file.addedLines, file.removedLines),
      ],
      ', ',
    ),
    children: [],
  };
}

function fileStatusText({ l10n }: Wording, status: ChangedFile['status']): string {
  switch (status) {
    case 'added':
      return l10n.t('added');
    case 'modified':
      return l10n.t('modified');
    case 'deleted':
      return l10n.t('deleted');
    case 'renamed':
      return l10n.t('renamed');
  }
}
