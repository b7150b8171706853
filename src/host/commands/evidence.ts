import * as vscode from 'vscode';
import type { RunView } from '../../protocol/view.ts';
import type { Evidence } from '../../protocol/work.ts';
import type { HostApp } from '../app.ts';
import { lasting } from './ask.ts';
import { chooseRun } from './choose.ts';
import { showDocument } from './documents.ts';
import { type EvidenceWords, evidenceText } from './evidence-text.ts';
import { subtaskNamed } from './fits.ts';
import { nameOf } from './labels.ts';
import type { Target } from './target.ts';

/** Shows what the host saw when it ran the checks of a subtask, or of the integration when no subtask is named. */
export async function openEvidence(app: HostApp, target: Target): Promise<void> {
  const subtaskId = subtaskNamed(target);
  const view = await chooseRun(app, target, {
    fits: (candidate) => subtaskId === null || candidate.subtasks[subtaskId] !== undefined,
    ask: vscode.l10n.t('Evidence of which run?'),
    none: vscode.l10n.t('There is evidence when the host has run checks.'),
  });
  if (view === null) return;
  const evidence = evidenceOf(view, subtaskId);
  const outputs = await lasting(vscode.l10n.t('Reading evidence'), ({ signal }) =>
    readOutputs(app, view.runId, evidence, signal),
  );
  if (outputs === null) return;
  const name = subtaskId ?? vscode.l10n.t('integration');
  const { text, lines } = evidenceText(evidence, outputs, wordsFor(view, name));
  await showDocument(app, `${view.runId}/${name}.txt`, text, lines[target.index ?? 0] ?? 0);
}

function evidenceOf(view: RunView, subtaskId: string | null): Evidence[] {
  return subtaskId === null ? view.integrationEvidence : (view.subtasks[subtaskId]?.evidence ?? []);
}

/** An output that cannot be read is left out: the end of it is in the evidence. */
async function readOutputs(
  app: HostApp,
  runId: string,
  evidence: readonly Evidence[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const outputs = new Map<string, string>();
  for (const { outputFile } of evidence) {
    if (outputFile === null) continue;
    try {
      outputs.set(outputFile, await app.service.call('output', { runId, outputFile }, { signal }));
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      app.log.warn(`the output ${outputFile} of run ${runId} cannot be read: ${String(thrown)}`);
    }
  }
  return outputs;
}

function wordsFor(view: RunView, name: string): EvidenceWords {
  return {
    title: vscode.l10n.t('Evidence: {0}, run {1} ({2})', name, nameOf(view), view.runId),
    command: vscode.l10n.t('command'),
    outcome: vscode.l10n.t('outcome'),
    duration: vscode.l10n.t('duration'),
    output: vscode.l10n.t('output'),
    none: vscode.l10n.t('No check has run yet.'),
    noOutput: vscode.l10n.t('(no output)'),
    exit: (code) => vscode.l10n.t('exit code {0}', code),
    outcomes: {
      passed: vscode.l10n.t('passed'),
      failed: vscode.l10n.t('failed'),
      timed_out: vscode.l10n.t('ended by its time limit'),
      refused: vscode.l10n.t('refused: the command is not allowed'),
      cancelled: vscode.l10n.t('cancelled'),
    },
  };
}
