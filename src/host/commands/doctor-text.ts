import type { Diagnosis } from '../../protocol/service.ts';

export interface DoctorWords {
  title: string;
  states: Record<Diagnosis['state'], string>;
  /** Before what is to be done. */
  todo: string;
}

/** A table in plain text: state, name, what was found; below it what to do. */
export function doctorText(diagnoses: readonly Diagnosis[], words: DoctorWords): string {
  const width = (texts: string[]) => Math.max(0, ...texts.map((text) => text.length));
  const stateWidth = width(Object.values(words.states));
  const nameWidth = width(diagnoses.map(({ name }) => name));
  const rows = diagnoses.flatMap(({ name, state, found, fix }) => {
    const begin = `${words.states[state].padEnd(stateWidth)}  ${name.padEnd(nameWidth)}  `;
    const lines = found.split('\n').map((line, index) => `${index === 0 ? begin : ' '.repeat(begin.length)}${line}`);
    return fix === '' ? lines : [...lines, `${' '.repeat(begin.length)}${words.todo}: ${fix}`];
  });
  return `${[words.title, '', ...rows].map((row) => row.trimEnd()).join('\n')}\n`;
}
