import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

export interface Row {
  /** Dotted: `turn.zero-latency.median`. */
  name: string;
  value: number;
  unit: 'ms' | 's' | 'kB' | 'MB' | 'ratio' | '1/s' | 'count';
  /** The value is to stay below (or, for `1/s`, above) this; null when nothing is promised. */
  target: number | null;
  /** What exactly was measured. */
  note: string;
}

export interface MeasureOptions {
  /** Times that each run is repeated. */
  runs: number;
  /** Progress, for people. */
  say(text: string): void;
}

export interface Measure {
  name: string;
  about: string;
  measure(options: MeasureOptions): Promise<Row[]>;
}

export function machineFacts() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryMb: Math.round(totalmem() / 2 ** 20),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    git: execFileSync('git', ['--version'], { encoding: 'utf8' }).trim().replace('git version ', ''),
  };
}

export const loadNow = (): number[] => loadavg().map((load) => Math.round(load * 100) / 100);

function verdict({ value, target, unit }: Row): string {
  if (target === null) return '';
  const met = unit === '1/s' ? value >= target : value <= target;
  return met ? 'met' : 'MISSED';
}

const digits = (value: number): string => value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);

export function renderTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.name,
    `${digits(row.value)} ${row.unit}`,
    row.target === null ? '' : `${row.unit === '1/s' ? '>=' : '<='} ${row.target}`,
    verdict(row),
    row.note,
  ]);
  const head = ['measure', 'value', 'target', '', 'what'];
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  return [head, ...cells]
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
