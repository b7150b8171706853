import * as z from 'zod';
import { Brief } from '../../protocol/brief.ts';
import type { Wording } from '../trees/wording.ts';
import { escaped } from './markdown.ts';

/** A brief for the form, where what is missing can be filled in. */
export const BriefForForm = Brief.extend({ requirements: z.array(z.string()) });
export type BriefForForm = z.infer<typeof BriefForForm>;

const FORM = `{
  "name": "at most 80 characters",
  "description": "what is to be built, in a few sentences",
  "type": "web" | "mobile" | "api" | "fullstack",
  "requirements": ["at least one; each can be checked"],
  "constraints": ["may be empty"],
  "deployment": {"target": "appwrite", "autoSetup": true, "database": true or false, "functions": true or false}
}`;

export function briefPrompt(words: string): string {
  return `Turn what a person asks for into a brief for a software project. Answer with one JSON object of this form and nothing else: no words before or after it, no code fence.\n${FORM}\nAdd nothing that the person did not ask for or that does not follow from it. Write in the person's language. "database": the project keeps data; "functions": it needs code on a server.\n\nThe person's words:\n${words}`;
}

export function repairPrompt(problem: string): string {
  return `That does not fit: ${problem}\nAnswer with the corrected JSON object and nothing else.`;
}

export type ParsedBrief = { ok: true; brief: Brief } | { ok: false; problem: string };

/** The brief in an answer, whatever is said around it. */
export function parseBriefAnswer(answer: string): ParsedBrief {
  const json = answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { ok: false, problem: 'it is not one JSON object.' };
  }
  const parsed = Brief.safeParse(value);
  return parsed.success ? { ok: true, brief: parsed.data } : { ok: false, problem: z.prettifyError(parsed.error) };
}

const MAX_NAME_CHARS = 60;

/** Without a model: the words are the description, the rest is the person's to fill in. */
export function briefOfWords(words: string): BriefForForm {
  const [line = ''] = words.trim().split(/[\n.!?]/);
  const name = line.length <= MAX_NAME_CHARS ? line : line.slice(0, MAX_NAME_CHARS).replace(/\s+\S*$/, '');
  return {
    name: name.trim() || words.trim().slice(0, MAX_NAME_CHARS),
    description: words.trim(),
    type: 'web',
    requirements: [],
    constraints: [],
    deployment: { target: 'appwrite', autoSetup: true, database: false, functions: false },
  };
}

export function briefMarkdown({ l10n }: Wording, brief: BriefForForm): string {
  const list = (title: string, items: readonly string[]) =>
    items.length === 0 ? [] : [`**${escaped(title)}**`, '', ...items.map((item) => `- ${escaped(item)}`), ''];
  return [
    `### ${escaped(brief.name)}`,
    '',
    escaped(brief.description),
    '',
    ...list(l10n.t('Requirements'), brief.requirements),
    ...list(l10n.t('Constraints'), brief.constraints),
    '',
  ].join('\n');
}
