import type { Evidence } from '../../protocol/work.ts';

/** The words of the document, in the person's language. */
export interface EvidenceWords {
  title: string;
  command: string;
  outcome: string;
  duration: string;
  output: string;
  none: string;
  noOutput: string;
  exit(code: number): string;
  outcomes: Record<Evidence['outcome'], string>;
}

export interface EvidenceText {
  text: string;
  /** 0-based line at which each piece begins. */
  lines: number[];
}

// Colours and cursor movements of terminals, which an editor would show as boxes.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const TERMINAL_CODES = /\u001b\[[0-9;?]*[ -/]*[@-~]|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f]/g;

/** What the host saw when it ran the checks; `outputs` has the kept outputs by file, where they could be read. */
export function evidenceText(
  evidence: readonly Evidence[],
  outputs: ReadonlyMap<string, string>,
  words: EvidenceWords,
): EvidenceText {
  const rows = [words.title, ''];
  const lines: number[] = [];
  if (evidence.length === 0) rows.push(words.none);
  for (const [index, entry] of evidence.entries()) {
    lines.push(rows.length);
    const exit = entry.exitCode === null ? '' : ` (${words.exit(entry.exitCode)})`;
    rows.push(
      `${index + 1}/${evidence.length} ${entry.name}`,
      `  ${words.command}: ${entry.command}`,
      `  ${words.outcome}: ${words.outcomes[entry.outcome]}${exit}`,
      `  ${words.duration}: ${(entry.durationMs / 1000).toFixed(1)} s`,
      `  ${words.output}:`,
    );
    const kept = entry.outputFile === null ? undefined : outputs.get(entry.outputFile);
    const output = (kept ?? entry.outputTail).replaceAll('\r\n', '\n').replace(TERMINAL_CODES, '').trimEnd();
    rows.push(...(output === '' ? [words.noOutput] : output.split('\n')).map((line) => `    ${line}`.trimEnd()), '');
  }
  return { text: `${rows.join('\n').trimEnd()}\n`, lines };
}
