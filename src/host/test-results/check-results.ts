import type { RunView } from '../../protocol/view.ts';
import type { Evidence } from '../../protocol/work.ts';
import { plainLine } from '../commands/plain.ts';
import type { Wording } from '../trees/wording.ts';

/** One check of a plan that runs tests, and what the host saw. */
export interface CheckResult {
  id: string;
  label: string;
  command: string;
  /** Place in the evidence of its subtask or integration. */
  index: number;
  outcome: 'passed' | 'failed' | 'errored' | 'skipped';
  /** Why it did not pass, with the end of its output; '' when it passed. */
  message: string;
  output: string;
  durationMs: number;
}

export interface CheckGroup {
  id: string;
  label: string;
  /** Null for the integration. */
  subtaskId: string | null;
  /** Another object after every time the checks ran. */
  evidence: readonly Evidence[];
  checks: CheckResult[];
}

/** Names and commands of checks that run tests, rather than look at files or build. */
const TESTS =
  /(^|[^a-z])(tests?|testing|specs?|jest|vitest|mocha|ava|playwright|cypress|pytest|unittest|phpunit|rspec|ctest)($|[^a-z])/i;

export function runsTests({ name, command }: Pick<Evidence, 'name' | 'command'>): boolean {
  // `test -f file` is a question to the shell.
  return TESTS.test(`${name} ${command}`.replace(/(^|[^a-z-])test -[a-z] /gi, ' '));
}

/** What the host saw of a run's tests; empty when it has run none. */
export function checkGroups(wording: Wording, view: RunView): CheckGroup[] {
  const groups: CheckGroup[] = Object.values(view.subtasks).map(({ id, title, evidence }) =>
    groupOf(wording, `subtask ${id}`, plainLine(title), id, evidence),
  );
  const integration = wording.l10n.t('Integration');
  groups.push(groupOf(wording, 'integration', integration, null, view.integrationEvidence));
  return groups.filter(({ checks }) => checks.length > 0);
}

function groupOf(
  wording: Wording,
  id: string,
  label: string,
  subtaskId: string | null,
  evidence: readonly Evidence[],
): CheckGroup {
  const checks = evidence.flatMap((piece, index) => (runsTests(piece) ? [resultOf(wording, piece, index)] : []));
  return { id, label, subtaskId, evidence, checks };
}

function resultOf(wording: Wording, piece: Evidence, index: number): CheckResult {
  const [outcome, reason] = outcomeOf(wording, piece);
  return {
    id: `${index} ${piece.name}`,
    label: plainLine(piece.name),
    command: plainLine(piece.command),
    index,
    outcome,
    message: outcome === 'passed' ? '' : `${reason}\n${piece.command}\n\n${piece.outputTail}`.trimEnd(),
    output: piece.outputTail,
    durationMs: piece.durationMs,
  };
}

function outcomeOf({ l10n }: Wording, { outcome, exitCode }: Evidence): [CheckResult['outcome'], string] {
  switch (outcome) {
    case 'passed':
      return ['passed', ''];
    case 'failed':
      return ['failed', exitCode === null ? l10n.t('It failed.') : l10n.t('It ended with exit code {0}.', exitCode)];
    case 'timed_out':
      return ['errored', l10n.t('It took too long and was ended.')];
    case 'refused':
      return ['errored', l10n.t('The command was refused.')];
    case 'cancelled':
      return ['skipped', l10n.t('It was cancelled.')];
  }
}
