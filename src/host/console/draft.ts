import { isAbsolute } from 'node:path';
import type { Brief } from '../../protocol/brief.ts';
import { BriefDraft } from '../../protocol/console.ts';
import type { BriefProblem } from '../../protocol/service.ts';
import type { IssueRef } from '../../protocol/work.ts';

/** The brief form's content, and what becomes of it. No `vscode` here. */

const MAX_BUDGET_USD = 100_000;

/** What a form begins with. */
export interface DraftDefaults {
  /** Absolute; the first one is taken. */
  workspaceDirs: readonly string[];
  budgetUsd: number;
}

export function emptyDraft({ workspaceDirs, budgetUsd }: DraftDefaults): BriefDraft {
  return {
    name: '',
    description: '',
    type: 'web',
    requirements: [],
    constraints: [],
    autoSetup: true,
    database: false,
    functions: false,
    workspaceDir: workspaceDirs[0] ?? '',
    budgetUsd: String(budgetUsd),
    askQuestions: true,
    until: 'deploy',
    local: false,
    issue: null,
  };
}

/** A kept draft, or an empty one when there is none or its form is of another version. */
export function readDraft(kept: unknown, defaults: DraftDefaults): BriefDraft {
  const parsed = BriefDraft.safeParse(kept);
  const empty = emptyDraft(defaults);
  if (!parsed.success) return empty;
  return parsed.data.workspaceDir === '' ? { ...parsed.data, workspaceDir: empty.workspaceDir } : parsed.data;
}

/** The draft with a brief in place of its own, and the issue that it was made of; what a brief does not hold stays as it was. */
export function withBrief(draft: BriefDraft, brief: Brief, issue: IssueRef | null = null): BriefDraft {
  const { name, description, type, requirements, constraints, deployment } = brief;
  const { autoSetup, database, functions } = deployment;
  return { ...draft, name, description, type, requirements, constraints, autoSetup, database, functions, issue };
}

export interface DraftBrief {
  /** In the form of a brief, not checked. */
  brief: unknown;
  /** The field of the form that a problem of the brief belongs to: rows that were left out move the numbers. */
  fieldOf(field: string): string;
}

/** Empty rows of lists are left out. */
export function briefOf(draft: BriefDraft): DraftBrief {
  const { name, description, type, autoSetup, database, functions } = draft;
  const rows = { requirements: filled(draft.requirements), constraints: filled(draft.constraints) };
  const brief = {
    name,
    description,
    type,
    requirements: rows.requirements.map(({ text }) => text),
    constraints: rows.constraints.map(({ text }) => text),
    deployment: { target: 'appwrite', autoSetup, database, functions },
  };
  const fieldOf = (field: string) =>
    field.replace(/^(requirements|constraints)\[(\d+)\]$/, (_, list: keyof typeof rows, at: string) => {
      const row = rows[list][Number(at)]?.row ?? Number(at);
      return `${list}[${row}]`;
    });
  return { brief, fieldOf };
}

const filled = (items: readonly string[]) =>
  items.map((text, row) => ({ text: text.trim(), row })).filter(({ text }) => text !== '');

/** As typed, with a point or a comma; null when it is no amount above zero that a run may have. */
export function parseBudget(typed: string): number | null {
  const text = typed
    .trim()
    .replace(/^\$\s*/, '')
    .replace(',', '.');
  if (!/^\d+(\.\d+)?$/.test(text)) return null;
  const usd = Number(text);
  return usd > 0 && usd <= MAX_BUDGET_USD ? usd : null;
}

export type FolderProblem = 'none_chosen' | 'not_absolute' | 'not_open';

/** Runs work in folders of the window, where the editor shows what becomes of them. */
export function folderProblem(workspaceDir: string, workspaceDirs: readonly string[]): FolderProblem | null {
  if (workspaceDir === '') return 'none_chosen';
  if (!isAbsolute(workspaceDir)) return 'not_absolute';
  return workspaceDirs.includes(workspaceDir) ? null : 'not_open';
}

/** The form of a brief's text: by the file's name, else by how it begins. */
export function briefFormat(name: string, text: string): 'yaml' | 'json' | 'markdown' {
  const ending = /\.([^.]+)$/.exec(name.toLowerCase())?.[1];
  if (ending === 'json') return 'json';
  if (ending === 'md' || ending === 'markdown') return 'markdown';
  if (ending === 'yaml' || ending === 'yml') return 'yaml';
  const start = text.trimStart();
  if (start.startsWith('{')) return 'json';
  return start.startsWith('---') ? 'markdown' : 'yaml';
}

/** The problems of the brief at the fields of the form. */
export function atFields(problems: readonly BriefProblem[], draft: DraftBrief): BriefProblem[] {
  return problems.map((problem) => ({ ...problem, field: draft.fieldOf(problem.field) }));
}
