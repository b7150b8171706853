import { isMap, isNode, isPair, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import * as z from 'zod';

/** Reading a YAML or JSON text so that every complaint can name the field and its line. */

export type FieldPath = readonly PropertyKey[];

export interface Problem {
  /** `requirements[0]`, `XAI_BASE_URL`, `--budget`; empty when the whole text is meant. */
  field: string;
  /** 1-based; null when the problem has no place in a text. */
  line: number | null;
  /** What is wrong and what is allowed. */
  message: string;
}

export interface LocatedText {
  value: unknown;
  /** Syntax errors; when there are any, `value` is not to be used. */
  problems: Problem[];
  /** Line of the field, or of its nearest parent that is written down. */
  lineOf(path: FieldPath): number | null;
}

export interface ParseOptions {
  format: 'yaml' | 'json';
  /** Lines of the file that come before the text; default 0. */
  lineOffset?: number;
}

export function parseLocated(text: string, options: ParseOptions): LocatedText {
  const counter = new LineCounter();
  const offset = options.lineOffset ?? 0;
  const document = parseDocument(text, {
    lineCounter: counter,
    prettyErrors: false,
    uniqueKeys: true,
    ...(options.format === 'json' ? { schema: 'json' as const } : {}),
  });
  const lineAt = (position: number) => counter.linePos(position).line + offset;
  const problems: Problem[] = document.errors.map((error) => ({
    field: '',
    line: lineAt(error.pos[0]),
    message:
      error.code === 'MULTIPLE_DOCS'
        ? 'holds several YAML documents (a line of ---); only one is allowed'
        : `is not valid ${options.format === 'json' ? 'JSON' : 'YAML'}: ${error.message}`,
  }));
  if (options.format === 'json') {
    const refused = strictJsonProblem(text, lineAt);
    // Its words fit JSON; what follows from one mistake is noise.
    if (refused !== null)
      problems.splice(0, problems.length, { ...refused, line: refused.line ?? problems[0]?.line ?? null });
  }
  const value = problems.length === 0 ? plainValue(document, problems) : null;
  return {
    value,
    problems,
    lineOf: (path) => {
      const position = positionOf(document.contents, path);
      return position === null ? null : lineAt(position);
    },
  };
}

/** The document as plain data; one that refers to itself has none, and is a problem of its own. */
function plainValue(document: ReturnType<typeof parseDocument>, problems: Problem[]): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 50 });
    JSON.stringify(value);
    return value;
  } catch {
    const message = 'uses an alias (*name) inside its own anchor, or far too many; write the value out';
    problems.push({ field: '', line: null, message });
    return null;
  }
}

/** The YAML reader takes more than JSON (comments, trailing commas); the JSON reader has the last word. */
function strictJsonProblem(text: string, lineAt: (position: number) => number): Problem | null {
  try {
    JSON.parse(text);
    return null;
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    // The engine gives the place in its text only, and not always.
    const position = /position (\d+)/.exec(reason)?.[1];
    const line = position === undefined ? null : lineAt(Number(position));
    return { field: '', line, message: `is not valid JSON: ${reason}` };
  }
}

function startOf(node: unknown): number | null {
  return isNode(node) && node.range ? node.range[0] : null;
}

/** Position of the deepest part of the path that exists; for a map entry, that of its key. */
function positionOf(root: Node | null, path: FieldPath): number | null {
  let node: unknown = root;
  let position = startOf(root);
  for (const segment of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === segment);
      if (pair === undefined) break;
      position = startOf(pair.key) ?? position;
      node = pair.value;
    } else {
      const items: unknown = typeof node === 'object' && node !== null && 'items' in node ? node.items : null;
      const item: unknown = Array.isArray(items) && typeof segment === 'number' ? items[segment] : undefined;
      if (item === undefined) break;
      position = startOf(item) ?? position;
      node = item;
    }
  }
  return position;
}

function fieldName(path: FieldPath): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`))
    .join('');
}

/** Every complaint of a schema about a value, in words, with lines and a hint for misspelt names. */
export function schemaProblems(
  schema: z.ZodType,
  error: z.ZodError,
  value: unknown,
  lineOf: (path: FieldPath) => number | null,
): Problem[] {
  return error.issues.flatMap((issue): Problem[] => {
    if (issue.code !== 'unrecognized_keys') {
      return [
        {
          field: fieldName(issue.path),
          line: lineOf(issue.path),
          message: issueText(issue, valueAt(value, issue.path)),
        },
      ];
    }
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      const near = nearest(key, known);
      const hint = near === null ? `known fields: ${known.join(', ')}` : `did you mean "${near}"?`;
      return { field: fieldName(path), line: lineOf(path), message: `is not a known field; ${hint}` };
    });
  });
}

function valueAt(value: unknown, path: FieldPath): unknown {
  let current: unknown = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = Reflect.get(current, part);
  }
  return current;
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

const WORDS: Record<string, string> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of fields',
};

function issueText(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type': {
      const wanted = WORDS[issue.expected] ?? issue.expected;
      return value === undefined ? `is missing; ${wanted} is needed` : `is ${shown(value)}; allowed: ${wanted}`;
    }
    case 'invalid_value':
      return `is ${shown(value)}; allowed: ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array'
        ? 'is empty; at least one is needed'
        : `is ${shown(value)}; allowed: ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
    case 'too_big':
      return issue.origin === 'string'
        ? `is too long; allowed: at most ${issue.maximum} characters`
        : `is ${shown(value)}; allowed: at most ${issue.maximum}`;
    default:
      return `is ${shown(value)}; ${issue.message}`;
  }
}

function knownKeys(schema: z.ZodType, path: FieldPath): string[] {
  let current: unknown = schema;
  for (const part of path) {
    const inner = unwrapped(current);
    if (inner instanceof z.ZodObject) current = Reflect.get(inner.shape, part);
    else if (inner instanceof z.ZodArray) current = inner.element;
  }
  const last = unwrapped(current);
  return last instanceof z.ZodObject ? Object.keys(last.shape) : [];
}

function unwrapped(schema: unknown): unknown {
  let current = schema;
  while (
    current instanceof z.ZodOptional ||
    current instanceof z.ZodDefault ||
    current instanceof z.ZodPrefault ||
    current instanceof z.ZodNullable
  ) {
    current = current.unwrap();
  }
  return current;
}

/** The known name closest to a misspelt one, or null when none is near. */
export function nearest(name: string, known: readonly string[]): string | null {
  const limit = Math.max(2, Math.floor(name.length / 3));
  let best: { name: string; distance: number } | null = null;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance <= limit && (best === null || distance < best.distance)) best = { name: candidate, distance };
  }
  return best?.name ?? null;
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** `brief.yaml:3: requirements: is missing; a list is needed`, one a line. */
export function listProblems(source: string, problems: readonly Problem[]): string {
  return problems
    .map(({ field, line, message }) => {
      const place = line === null ? source : `${source}:${line}`;
      return `${place === '' ? '' : `${place}: `}${field === '' ? '' : `${field} `}${message}`;
    })
    .join('\n');
}
