import type { BriefDraft, DraftCheck } from '../../src/protocol/console.ts';

/** What is wrong with the form, field by field. Pure. */

/** Fields of the form in the order in which they stand; a row of a list is `requirements[2]`. */
export const FIELD_ORDER = [
  'name',
  'type',
  'description',
  'requirements',
  'constraints',
  'deployment',
  'workspaceDir',
  'budgetUsd',
] as const;
export type FieldName = (typeof FIELD_ORDER)[number];

export interface FieldProblem {
  /** `name`, `requirements`, `requirements[2]` …; '' when it is about no field that is shown. */
  field: string;
  message: string;
}

/** The list or field that a path belongs to: `requirements[2]` -> `requirements`; null when there is none. */
export function fieldOf(path: string): FieldName | null {
  const name = path.split(/[.[]/)[0] ?? '';
  return FIELD_ORDER.find((field) => field === name) ?? null;
}

/** In the order of the form; at most one for each field or row. */
export function problemsOf(check: DraftCheck | null): FieldProblem[] {
  if (check === null) return [];
  const all: FieldProblem[] = [...(check.check.ok ? [] : check.check.problems), ...check.problems];
  const first = all.filter(({ field }, index) => all.findIndex((other) => other.field === field) === index);
  const place = ({ field }: FieldProblem) => {
    const name = fieldOf(field);
    return name === null ? -1 : FIELD_ORDER.indexOf(name);
  };
  return first.sort((a, b) => place(a) - place(b) || a.field.localeCompare(b.field, 'en', { numeric: true }));
}

/** The check without what it says about fields that have changed since. */
export function withoutFields(check: DraftCheck | null, fields: readonly string[]): DraftCheck | null {
  if (check === null) return null;
  const isKept = ({ field }: { field: string }) => !fields.includes(fieldOf(field) ?? '');
  const problems = check.problems.filter(isKept);
  if (check.check.ok) return { ...check, problems };
  return { ...check, problems, check: { ok: false, problems: check.check.problems.filter(isKept) } };
}

/** True when nothing was filled in for the field: then it is said what is needed, not what is wrong. */
export function isBlank(draft: BriefDraft, field: FieldName): boolean {
  switch (field) {
    case 'requirements':
    case 'constraints':
      return draft[field].every((row) => row.trim() === '');
    case 'type':
    case 'deployment':
      return false;
    default:
      return draft[field].trim() === '';
  }
}

/** Id of the control to go to for a problem. */
export function controlOf({ field }: FieldProblem): string {
  const row = /^(\w+)\[(\d+)\]/.exec(field);
  if (row !== null) return `${row[1]}-${row[2]}`;
  const name = fieldOf(field);
  return name === 'requirements' || name === 'constraints' ? `${name}-0` : (name ?? '');
}

/** True when a draft holds something that its person wrote. */
export const hasContent = (draft: BriefDraft): boolean =>
  [draft.name, draft.description, ...draft.requirements, ...draft.constraints].some((text) => text.trim() !== '');
