import { matchAt, readTestCode, type TestCode } from './test-source.ts';

/** Which tests of a file a change switched off: those that ran before, and those that it brought. Seen from the texts alone. */
export interface SwitchedOff {
  /** Line of the first mark that keeps a test from running which ran before; null when there is none. */
  ran: number | null;
  /** Line of the first new test, or suite, that is switched off; null when there is none. */
  fresh: number | null;
}

export interface TestFile {
  path: string;
  text: string;
}

export function switchedOff(before: TestFile, after: TestFile): SwitchedOff {
  const was = readParts(before);
  const now = readParts(after);
  const lines: { ran: number[]; fresh: number[] } = { ran: [], fresh: [] };
  // A mark that belongs to no test by name stops what is there.
  if (now.stops.length > was.stops.length) {
    lines.ran.push(now.stops.find((line) => !was.stops.includes(line)) ?? now.stops[0] ?? 0);
  }
  for (const [name, { off, on }] of now.counts) {
    const earlier = was.counts.get(name) ?? { off: [], on: [] };
    if (off.length <= earlier.off.length) continue;
    // A namesake that runs shows nothing about the one that ran.
    const running = new Set(on);
    const isKept = on.length >= earlier.on.length && earlier.on.every((text) => text !== null && running.has(text));
    lines[isKept ? 'fresh' : 'ran'].push(off.find((line) => !earlier.off.includes(line)) ?? off[0] ?? 0);
  }
  const first = (found: number[]) => found.reduce<number | null>((least, line) => Math.min(least ?? line, line), null);
  return { ran: first(lines.ran), fresh: first(lines.fresh) };
}

/** The file's code without the tests of these titles; '' stands for those without one. */
export function withoutTests({ path, text }: TestFile, titles: ReadonlySet<string>): string {
  const source = readTestCode(path, text);
  const kept: string[] = [];
  let at = 0;
  for (const { isTest, hasTitle, name, start, end } of partsOf(source).parts) {
    if (!isTest || start < at || !titles.has(hasTitle ? name : '')) continue;
    kept.push(source.code.slice(at, start));
    at = end;
  }
  return kept.join('') + source.code.slice(at);
}

interface Count {
  /** Lines of what switches it off. */
  off: number[];
  /** Texts of those that run, white space aside; null for suites and for tests inside of tests, which are not compared. */
  on: (string | null)[];
}

/** Tests and suites by name (several can have the same one), and the lines of marks that stop more than a known test. */
function readParts(file: TestFile): { counts: Map<string, Count>; stops: number[] } {
  const source = readTestCode(file.path, file.text);
  const { parts, stops } = partsOf(source);
  const counts = new Map<string, Count>();
  let compared = 0;
  for (const part of parts) {
    const at = part.off;
    const name = `${part.isTest ? 'test' : 'suite'} ${part.name}`;
    const count = counts.get(name) ?? { off: [], on: [] };
    counts.set(name, count);
    const isCompared = part.isTest && part.start >= compared;
    if (isCompared) compared = part.end;
    if (at !== null) count.off.push(source.lineOf(at));
    else count.on.push(isCompared ? source.code.slice(part.start, part.end).replaceAll(/\s+/g, '') : null);
  }
  return { counts, stops: stops.map(source.lineOf) };
}

/** A test or a suite. */
interface Part {
  name: string;
  /** False: only what would be its text is known. */
  hasTitle: boolean;
  isTest: boolean;
  start: number;
  end: number;
  /** Place of what switches it off, also by way of a suite around it. */
  off: number | null;
  around: Part | null;
}

const SINGLES_OUT = /^f|\bonly\b/;
/** Attributes and decorators, which stand before what they are about. */
const STANDS_BEFORE = /^[@#[]/;

/** Goes through declarations and marks in the order of the text, with what is open at each place. */
function partsOf(source: TestCode): { parts: Part[]; stops: number[] } {
  const parts: Part[] = [];
  const stops: number[] = [];
  const open: Part[] = [];
  const marks = source.marks.filter((mark) => !SINGLES_OUT.test(mark.text));
  for (const mark of source.marks) if (SINGLES_OUT.test(mark.text)) stops.push(mark.at);
  /** An attribute whose declaration comes next. */
  let ahead: number | null = null;
  const innermost = (at: number): Part | null => {
    while ((open.at(-1)?.end ?? Number.POSITIVE_INFINITY) <= at) open.pop();
    return open.at(-1) ?? null;
  };
  const put = (at: number, part: Part | null) => {
    if (part === null) stops.push(at);
    else part.off ??= at;
  };
  const take = ({ at, text }: TestCode['marks'][number]) => {
    const part = innermost(at);
    if (STANDS_BEFORE.test(text) && part?.isTest !== true) ahead ??= at;
    else put(at, part);
  };
  let next = 0;
  for (const part of DECLARED[source.blocks](source)) {
    for (let mark = marks[next]; mark !== undefined && mark.at < part.start; mark = marks[next]) {
      take(mark);
      next += 1;
    }
    part.around = innermost(part.start);
    const own = marks[next]?.at === part.start ? part.start : null;
    if (own !== null) next += 1;
    // `test.skip(condition)` inside a test or a suite is about that one.
    if (own !== null && (!part.hasTitle || part.around?.isTest === true)) {
      put(own, part.around);
      continue;
    }
    part.off = own ?? ahead;
    ahead = null;
    parts.push(part);
    open.push(part);
  }
  for (const mark of marks.slice(next)) take(mark);
  if (ahead !== null) stops.push(ahead);
  for (const part of parts) part.off ??= part.around?.off ?? null;
  return { parts, stops: stops.sort((a, b) => a - b) };
}

const part = (name: string, isTest: boolean, start: number, end: number, hasTitle = true): Part => {
  return { name, hasTitle, isTest, start, end, off: null, around: null };
};

/** Declarations in the order of the text, properly nested. */
const DECLARED: Record<TestCode['blocks'], (source: TestCode) => Part[]> = {
  calls: declaredByCalls,
  indented: declaredByIndentation,
  braces: declaredByBraces,
};

/** What may follow the name of a test or suite in its declaration; `test.beforeEach` and the like declare none. */
const KINDS =
  'skip|todo|only|fixme|fails|failing|skipIf|runIf|each|for|concurrent|sequential|serial|parallel|shuffle|describe';
const CALL = new RegExp(
  `(?<![.\\w$])[xf]?(?:it|test|specify|describe|suite|context)(?:\\.(?:${KINDS})|\\[\\s*['"\`](?:${KINDS})['"\`]\\s*\\]){0,8}\\s*\\(`,
  'g',
);
const TITLE = /\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/y;
const NAME_CHARS = 200;

function declaredByCalls({ code, bare }: TestCode): Part[] {
  const closes = closing(bare, '(', ')');
  return [...code.matchAll(CALL)].map((match) => {
    let from = match.index + match[0].length;
    let title = matchAt(TITLE, code, from);
    let close = closes.get(from - 1) ?? code.length;
    // `it.each(rows)('title', …)`
    const second = matchAt(/\s*\(/y, bare, close + 1);
    if (second !== null) {
      from = close + 1 + second[0].length;
      title ??= matchAt(TITLE, code, from);
      close = closes.get(from - 1) ?? code.length;
    }
    const isTest = /^[xf]?(?:it|test|specify)(?!.*\.describe\b)/.test(match[0]);
    const name = title?.[2] ?? code.slice(from, from + NAME_CHARS).split('\n', 1)[0] ?? '';
    return part(name, isTest, match.index, close + 1, title !== null);
  });
}

/** Place of the closing bracket for each opening one that has one. */
function closing(text: string, opens: string, closes: string): Map<number, number> {
  const found = new Map<number, number>();
  const open: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === opens) open.push(at);
    else if (text[at] === closes) {
      const start = open.pop();
      if (start !== undefined) found.set(start, at);
    }
  }
  return found;
}

const DEFINED = /^[ \t]*(?:async[ \t]+)?(?:(def)[ \t]+(test\w*)|class[ \t]+(\w+))/;

function declaredByIndentation({ code }: TestCode): Part[] {
  const parts: Part[] = [];
  const open: { part: Part; indent: number }[] = [];
  let start = 0;
  for (const line of code.split('\n')) {
    const indent = line.search(/\S/);
    // The end of a list of arguments over several lines ends nothing.
    if (indent >= 0 && !')]}'.includes(line[indent] ?? '')) {
      for (let last = open.at(-1); last !== undefined && last.indent >= indent; last = open.at(-1)) {
        last.part.end = start;
        open.pop();
      }
      const found = DEFINED.exec(line);
      if (found !== null) {
        const made = part(found[2] ?? found[3] ?? '', found[1] !== undefined, start, code.length);
        parts.push(made);
        open.push({ part: made, indent });
      }
    }
    start += line.length + 1;
  }
  return parts;
}

const MARKED =
  /^func[ \t]+(Test\w+)\(|#\[(?:\w+::)?test\]|@(?:Parameterized)?Test\b|\[(?:Fact|Test|Theory)\]|^[ \t]*(?:\w+[ \t]+){0,5}(?:class|mod)[ \t]+(\w+)/gm;
/** The first name that is called or declared with arguments, attributes aside. */
const METHOD = /(?<![@\w.:[#])([A-Za-z_]\w*)(?:<[^>{]*>)?\s*\(/;
const HEAD_CHARS = 500;

function declaredByBraces({ bare }: TestCode): Part[] {
  const closes = closing(bare, '{', '}');
  return [...bare.matchAll(MARKED)].map(({ index, 1: go, 2: suite }) => {
    const window = bare.slice(index, index + HEAD_CHARS);
    const at = window.search(/[{;]/);
    const head = at < 0 ? window : window.slice(0, at);
    const end = window[at] === '{' ? (closes.get(index + at) ?? bare.length) : index + head.length;
    return part(go ?? suite ?? METHOD.exec(head)?.[1] ?? head, suite === undefined, index, end + 1);
  });
}
