import { execFile } from 'node:child_process';
import { createInterface } from 'node:readline/promises';
import { promisify } from 'node:util';
import type { Intent } from '../protocol/intents.ts';
import type { Answer } from '../protocol/plan.ts';
import { removableTests } from '../protocol/removable-tests.ts';
import type { RunView, Waiting } from '../protocol/view.ts';
import { type Io, say } from './io.ts';
import { needsLines } from './needs-lines.ts';
import { previewLines } from './progress/deployment-lines.ts';
import { diffCounts, estimateText } from './progress/event-lines.ts';
import { clean, cleanBlock, createPaint, type Paint, plural } from './progress/text.ts';

/** Asking a person on the terminal. Null as an answer means: decide later. */

interface Asking {
  io: Io;
  signal: AbortSignal;
  /** Called for Ctrl-C, which a terminal in line mode hands to the reader and not to the process. */
  interrupt(): void;
}

async function ask(asking: Asking, prompt: string): Promise<string | null> {
  const { io, signal } = asking;
  const reader = createInterface({ input: io.stdin, output: io.stderr, terminal: io.isInteractive });
  reader.on('SIGINT', () => {
    io.stderr.write('\n');
    asking.interrupt();
  });
  const ended = new Promise<null>((resolve) => reader.once('close', () => resolve(null)));
  const answer = reader.question(prompt, { signal });
  try {
    // After Ctrl-D the question never settles.
    return await Promise.race([answer, ended]);
  } finally {
    answer.catch(() => undefined);
    reader.close();
  }
}

/** Asks for what the entry waits for; rejects when the signal ends the question. Not for the gate `resume`. */
export async function askGate(asking: Asking, view: RunView, entry: Waiting): Promise<Intent | null> {
  const paint = createPaint(asking.io.hasColor);
  switch (entry.gate) {
    case 'questions':
      return askQuestions(asking, view, paint);
    case 'plan':
      for (const line of planLines(view, paint)) say(asking.io, line);
      return askApproval(asking, view, entry, 'plan');
    case 'diff':
      for (const line of diffLines(view, paint)) say(asking.io, line);
      return askApproval(asking, view, entry, 'diff');
    case 'subtask':
      say(asking.io, clean(entry.message));
      return askApproval(asking, view, entry, 'subtask');
    case 'deployment':
      for (const line of previewLines(view, paint)) say(asking.io, line);
      return askDestructive(asking, view, entry);
    case 'resume':
      return null;
  }
}

async function askQuestions(asking: Asking, view: RunView, paint: Paint): Promise<Intent | null> {
  const answers: Answer[] = [];
  for (const [index, question] of view.questions.entries()) {
    say(asking.io, `\n${paint('bold', `${index + 1}. ${clean(question.text)}`)}`);
    const text = await ask(asking, `[${clean(question.defaultAnswer)}] `);
    if (text === null) return null;
    answers.push(
      text.trim() === ''
        ? { questionId: question.id, text: question.defaultAnswer, source: 'default' }
        : { questionId: question.id, text: text.trim(), source: 'person' },
    );
  }
  return { type: 'answer', runId: view.runId, answers };
}

/** Every question with its default, stated on stderr. */
export function defaultAnswers(io: Io, view: RunView): Intent {
  const answers = view.questions.map((question): Answer => {
    say(io, `Question: ${clean(question.text)}\n  taken: ${clean(question.defaultAnswer)} (default)`);
    return { questionId: question.id, text: question.defaultAnswer, source: 'default' };
  });
  return { type: 'answer', runId: view.runId, answers };
}

async function askApproval(
  asking: Asking,
  view: RunView,
  entry: Waiting,
  gate: 'plan' | 'diff' | 'subtask',
): Promise<Intent | null> {
  const about = { runId: view.runId, topic: entry.topic, waitOn: entry.waitOn };
  const patch = gate === 'diff' ? ' / [p]atch' : '';
  for (;;) {
    const text = await ask(asking, `Approve? [y]es / [n]o with a comment${patch} / [q]uit and decide later: `);
    const answer = text?.trim().toLowerCase() ?? 'q';
    if (answer === 'y' || answer === 'yes') return { type: 'approve', gate, ...about };
    if (answer === 'q' || answer === 'quit') return null;
    if (answer === 'n' || answer === 'no') {
      const comment = await ask(asking, 'What should be different? ');
      if (comment === null) return null;
      if (comment.trim() !== '') return { type: 'reject', comment: comment.trim(), ...about };
    }
    if (gate === 'diff' && (answer === 'p' || answer === 'patch')) say(asking.io, await readPatch(asking, view));
  }
}

/** What a rejection of the gate `deployment` says: there is nothing that should be different. */
export const LEFT_OUT = 'Leave out what loses data.';

async function askDestructive(asking: Asking, view: RunView, entry: Waiting): Promise<Intent | null> {
  const about = { runId: view.runId, topic: entry.topic, waitOn: entry.waitOn };
  for (;;) {
    const text = await ask(
      asking,
      'Lose that data? [y]es / [n]o, make the other changes only / [q]uit and decide later: ',
    );
    const answer = text?.trim().toLowerCase() ?? 'q';
    if (answer === 'y' || answer === 'yes') return { type: 'approve', gate: 'deployment', ...about };
    if (answer === 'n' || answer === 'no') return { type: 'reject', comment: LEFT_OUT, ...about };
    if (answer === 'q' || answer === 'quit') return null;
  }
}

export function planLines(view: RunView, paint: Paint): string[] {
  const { plan, estimate } = view;
  if (plan === null) return [];
  const lines = ['', paint('bold', 'Plan'), ...cleanBlock(plan.summary).split('\n'), ''];
  for (const subtask of plan.subtasks) {
    const after = subtask.dependsOn.length === 0 ? '' : paint('dim', ` after ${subtask.dependsOn.join(', ')}`);
    lines.push(`${paint('cyan', subtask.id)} ${clean(subtask.title)} (${subtask.specialization})${after}`);
    for (const criterion of subtask.acceptanceCriteria) lines.push(`    - ${clean(criterion.text)}`);
    for (const path of removableTests(subtask)) {
      lines.push(paint('yellow', `    ! may remove or reduce the tests in ${clean(path)}`));
    }
    for (const check of subtask.checks) lines.push(paint('dim', `    $ ${clean(check.command)}`));
  }
  for (const entry of plan.packages) lines.push(`package ${clean(entry.name)}: ${clean(entry.reason)}`);
  lines.push(...needsLines(plan.deployment, paint));
  if (estimate !== null) lines.push(`estimate ${estimateText(estimate)}`);
  lines.push('');
  return lines;
}

export function diffLines(view: RunView, paint: Paint): string[] {
  const { diff } = view;
  if (diff === null) return [];
  const lines = ['', paint('bold', `Diff: ${plural(diff.files.length, 'file')}, ${diffCounts(diff.files)}`)];
  for (const file of diff.files) {
    const counts = `${paint('green', `+${file.addedLines}`)} ${paint('red', `−${file.removedLines}`)}`;
    lines.push(`  ${file.status.padEnd(8)} ${clean(file.path)} ${counts}`);
  }
  const evidence = [
    ...Object.values(view.subtasks).flatMap((subtask) => subtask.evidence),
    ...view.integrationEvidence,
  ];
  for (const entry of evidence) {
    const mark = entry.outcome === 'passed' ? paint('green', '✓') : paint('red', '✗');
    lines.push(
      `  ${mark} ${clean(entry.command)}: ${entry.exitCode === null ? entry.outcome : `exit ${entry.exitCode}`}`,
    );
  }
  lines.push('');
  return lines;
}

const MAX_PATCH_BYTES = 4_000_000;
const PATCH_LIMIT_MS = 30_000;

async function readPatch(asking: Asking, view: RunView): Promise<string> {
  if (view.diff === null) return '';
  const plain = ['--no-color', '--no-ext-diff', '--no-textconv'];
  const args = ['--no-pager', '-C', view.workspaceDir, 'diff', ...plain, view.diff.baseCommit, view.diff.commit, '--'];
  try {
    const options = { maxBuffer: MAX_PATCH_BYTES, timeout: PATCH_LIMIT_MS, signal: asking.signal };
    const { stdout } = await promisify(execFile)('git', args, options);
    return paintPatch(cleanBlock(stdout), createPaint(asking.io.hasColor));
  } catch (thrown) {
    if (asking.signal.aborted) throw thrown;
    return `The patch cannot be shown here. See it with: git diff ${view.diff.baseCommit} ${view.diff.commit}`;
  }
}

function paintPatch(patch: string, paint: Paint): string {
  return patch
    .split('\n')
    .map((line) => {
      if (line.startsWith('@@')) return paint('cyan', line);
      if (line.startsWith('+')) return paint('green', line);
      return line.startsWith('-') ? paint('red', line) : line;
    })
    .join('\n');
}
