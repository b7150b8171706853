import * as z from 'zod';

interface Field {
  min: number;
  max: number;
  /** Words that stand for numbers, the first for `min` (or 0 for weekdays). */
  names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELDS: readonly Field[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: MONTHS },
  // 7 is Sunday too.
  { min: 0, max: 7, names: WEEKDAYS },
];

/** Minutes, hours, days, months, weekdays; UTC. */
export interface Cron {
  fields: readonly ReadonlySet<number>[];
  /** Whether days and weekdays are free; when neither is, either of them is enough. */
  anyDay: boolean;
  anyWeekday: boolean;
}

/** Null when the text is no five-field expression: lists, ranges, steps, names of months and weekdays. */
export function parseCron(text: string): Cron | null {
  const parts = text.trim().toLowerCase().split(/\s+/);
  if (parts.length !== FIELDS.length) return null;
  const fields: Set<number>[] = [];
  for (const [index, field] of FIELDS.entries()) {
    const values = readField(parts[index] ?? '', field);
    if (values === null) return null;
    fields.push(values);
  }
  const weekdays = fields[4];
  if (weekdays?.delete(7)) weekdays.add(0);
  return { fields, anyDay: parts[2]?.startsWith('*') === true, anyWeekday: parts[4]?.startsWith('*') === true };
}

function readField(text: string, field: Field): Set<number> | null {
  const values = new Set<number>();
  for (const item of text.split(',')) {
    const [, range = '', step = '1'] = /^([^/]+)(?:\/(\d+))?$/.exec(item) ?? [];
    const ends = range === '*' ? [field.min, field.max] : range.split('-').map((end) => readNumber(end, field));
    const [first, last = item.includes('/') ? field.max : first] = ends;
    const valid = ends.length <= 2 && first !== undefined && last !== undefined && Number(step) > 0;
    if (!valid || !(first >= field.min && last <= field.max && first <= last)) return null;
    for (let value = first; value <= last; value += Number(step)) values.add(value);
  }
  return values;
}

function readNumber(text: string, field: Field): number {
  const named = field.names?.indexOf(text) ?? -1;
  if (named >= 0) return named + (field.names === MONTHS ? 1 : 0);
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

/** Whether the expression names the minute that holds this moment (milliseconds since the epoch). */
export function cronMatches(cron: Cron, epochMs: number): boolean {
  const at = new Date(epochMs);
  const now = [at.getUTCMinutes(), at.getUTCHours(), at.getUTCDate(), at.getUTCMonth() + 1, at.getUTCDay()];
  const [minute, hour, day, month, weekday] = cron.fields.map((values, index) => values.has(now[index] ?? -1));
  if (!minute || !hour || !month) return false;
  if (cron.anyDay || cron.anyWeekday) return day === true && weekday === true;
  return day === true || weekday === true;
}

export const cronParam = z
  .string()
  .refine((text) => text === '' || parseCron(text) !== null, 'Value must be a valid cron expression');
