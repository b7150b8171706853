import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { Brief } from '../protocol/brief.ts';
import { AppError } from '../protocol/errors.ts';
import type { BriefCheck } from '../protocol/service.ts';
import { type FieldPath, listProblems, type Problem, parseLocated, schemaProblems } from './located.ts';

const MAX_SIZE_BYTES = 1_000_000;

const FORMATS: Record<string, 'yaml' | 'json' | 'markdown'> = {
  '.yaml': 'yaml',
  '.yml': 'yaml',
  '.json': 'json',
  '.md': 'markdown',
  '.markdown': 'markdown',
};

/**
 * Reads a brief from YAML, JSON, or Markdown with front matter. In Markdown the front matter holds the fields; the body is
 * the description (or is added to it), and its lists under `## Requirements` and `## Constraints` are taken when the front
 * matter has none. Throws `brief_invalid` naming every bad field with its line. At most 1 MB.
 */
export async function readBrief(path: string): Promise<Brief> {
  const format = FORMATS[extname(path).toLowerCase()];
  if (format === undefined) {
    throw refusal(path, [
      { field: '', line: null, message: 'is no brief: allowed are .yaml, .yml, .json and .md files' },
    ]);
  }
  const text = (await readLimited(path)).replace(/^\uFEFF/, '');
  return parseBrief(path, text, format);
}

async function readLimited(path: string): Promise<string> {
  try {
    const info = await stat(path);
    if (!info.isFile()) throw refusal(path, [{ field: '', line: null, message: 'is not a file' }]);
    if (info.size > MAX_SIZE_BYTES) {
      throw refusal(path, [{ field: '', line: null, message: `is ${info.size} bytes; allowed: at most 1 MB` }]);
    }
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown';
    const message = code === 'ENOENT' ? 'does not exist; give the path of a brief file' : `cannot be read (${code})`;
    throw refusal(path, [{ field: '', line: null, message }], thrown);
  }
}

/** As `readBrief`, for a text already read; `path` is for messages only. */
export function parseBrief(path: string, text: string, format: 'yaml' | 'json' | 'markdown'): Brief {
  const source = format === 'markdown' ? readMarkdown(text) : parseLocated(text, { format });
  if (source.problems.length > 0) throw refusal(path, source.problems);
  const value = source.value ?? {};
  const parsed = Brief.safeParse(value);
  if (parsed.success) return parsed.data;
  throw refusal(path, schemaProblems(Brief, parsed.error, value, source.lineOf));
}

/** A brief that did not come from a file, such as a form's. Never throws. */
export function checkBrief(value: unknown): BriefCheck {
  const parsed = Brief.safeParse(value);
  if (parsed.success) return { ok: true, brief: parsed.data };
  return { ok: false, problems: schemaProblems(Brief, parsed.error, value, () => null) };
}

interface MarkdownSource {
  value: unknown;
  problems: Problem[];
  lineOf(path: FieldPath): number | null;
}

function readMarkdown(text: string): MarkdownSource {
  const lines = text.split(/\r?\n/);
  const end =
    lines[0]?.trimEnd() === '---' ? lines.findIndex((line, index) => index > 0 && /^(---|\.\.\.)\s*$/.test(line)) : -1;
  if (end < 0) {
    const message = 'has no front matter: a Markdown brief begins with the fields between two lines of "---"';
    return { value: null, problems: [{ field: '', line: 1, message }], lineOf: () => null };
  }
  const front = parseLocated(lines.slice(1, end).join('\n'), { format: 'yaml', lineOffset: 1 });
  const fields: unknown = front.value ?? {};
  if (front.problems.length > 0 || typeof fields !== 'object' || Array.isArray(fields)) return front;
  const body = readBody(lines, end + 1, Object.keys(fields ?? {}));
  return {
    value: withBody({ ...fields }, body),
    problems: [],
    lineOf: (path) => {
      const [first, index] = path;
      const list = first === 'requirements' || first === 'constraints' ? body.lists[first] : undefined;
      if (list !== undefined) return list.lines[typeof index === 'number' ? index : 0] ?? list.line;
      return front.lineOf(path);
    },
  };
}

interface BodyList {
  line: number;
  items: string[];
  lines: number[];
}

interface MarkdownBody {
  text: string;
  lists: { requirements?: BodyList; constraints?: BodyList };
}

/** Splits the body into prose and the two lists; a section whose field the front matter has stays prose. */
function readBody(lines: readonly string[], from: number, taken: readonly string[]): MarkdownBody {
  const prose: string[] = [];
  const lists: MarkdownBody['lists'] = {};
  let open: BodyList | null = null;
  for (let index = from; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const heading = /^#{1,6}\s+(.*?)\s*#*\s*$/.exec(line)?.[1];
    if (heading !== undefined) {
      const name = heading.toLowerCase().replace(/:$/, '');
      open = null;
      if ((name === 'requirements' || name === 'constraints') && !taken.includes(name) && lists[name] === undefined) {
        open = { line: index + 1, items: [], lines: [] };
        lists[name] = open;
        continue;
      }
    }
    if (open === null) prose.push(line);
    else addToList(open, line, index + 1);
  }
  return { text: prose.join('\n').trim(), lists };
}

function addToList(list: BodyList, line: string, lineNumber: number): void {
  const item = /^\s*(?:[-*+]|\d+[.)])(?:$|\s+(.*)$)/.exec(line);
  const last = list.items.length - 1;
  if (item !== null) {
    list.items.push((item[1] ?? '').trim());
    list.lines.push(lineNumber);
  } else if (line.trim() !== '' && last >= 0) {
    list.items[last] = `${list.items[last]} ${line.trim()}`;
  }
}

function withBody(fields: Record<string, unknown>, body: MarkdownBody): Record<string, unknown> {
  const next = { ...fields };
  if (body.text !== '') {
    const own = next.description;
    if (own === undefined || own === null) next.description = body.text;
    else if (typeof own === 'string') next.description = `${own.trim()}\n\n${body.text}`;
  }
  if (body.lists.requirements !== undefined) next.requirements = body.lists.requirements.items;
  if (body.lists.constraints !== undefined) next.constraints = body.lists.constraints.items;
  return next;
}

function refusal(path: string, problems: readonly Problem[], cause?: unknown): AppError {
  const list = listProblems(path, problems);
  return new AppError({
    code: 'brief_invalid',
    message: list,
    userMessage: `The brief cannot be used:\n${list}`,
    cause,
    details: { path, problems: problems.map((problem) => ({ ...problem })) },
  });
}
