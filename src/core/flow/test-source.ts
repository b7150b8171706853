/** What a test file's text says, read without running it: which tests are active, which are switched off, what is asserted. */
export interface TestSource {
  /** Active tests, in order; the title is empty where it is not a plain string. */
  tests: { title: string; line: number }[];
  /** Lines where tests are switched off, or where one is singled out so that the others do not run. */
  disabled: number[];
  /** Number of assertions whose outcome depends on something. */
  assertions: number;
  /** Lines of assertions that cannot fail. */
  constant: number[];
  /** Text of the lines with assertions, without the space around it. */
  asserted: string[];
}

const CODE = /\.(?:[cm]?[jt]sx?|py|go|rs|java|kt|cs|rb|php|sh)$/;
const TEST_PATH =
  /(?:^|\/)(?:tests?|__tests__|specs?|e2e|cypress)\/|[._-](?:test|spec|cy)\.[cm]?[jt]sx?$|(?:^|\/)test(?:-[^/]+)?\.[cm]?[jt]sx?$|(?:^|\/)(?:test_[^/]+|tests?)\.py$|_(?:test|spec)\.(?:py|go|rb)$|(?:Tests?|Spec)\.(?:java|kt|cs)$/;

export function isTestPath(path: string): boolean {
  return CODE.test(path) && TEST_PATH.test(path);
}

/** How a language shows where a test ends: by the brackets of a call, by indentation, or by braces. */
type Blocks = 'calls' | 'indented' | 'braces';

interface Dialect {
  blocks: Blocks;
  comments: 'slashes' | 'hash';
  quotes: string;
  /** Group 1 is the title, where there is one. */
  test: RegExp;
  disabled: RegExp;
}

const JAVASCRIPT: Dialect = {
  blocks: 'calls',
  comments: 'slashes',
  quotes: '\'"`',
  test: /(?<![.\w$])(?:it|test|specify)(?:\.(?!skip\b|todo\b|only\b|fixme\b)\w+)*\s*\(\s*(?:(['"`])((?:\\.|(?!\1)[^\\])*)\1)?/g,
  disabled:
    /(?<![.\w$])(?:[xf](?:it|test|specify|describe|context)|(?:it|test|specify|describe|suite|context)(?:\.\w+){0,8}(?:\.|\[\s*['"`])(?:skip|todo|only|fixme|fails|failing|skipIf|runIf)(?:['"`]\s*\])?(?:\.\w+){0,8})\s*\(|\b(?:skip|todo)\s*:\s*(?:true\b|['"`])|\bonly\s*:\s*true\b|\b(?:this|t|ctx|context)\.(?:skip|todo)\(/g,
};
const PYTHON: Dialect = {
  blocks: 'indented',
  comments: 'hash',
  quotes: '',
  test: /^[ \t]*(?:async[ \t]+)?def[ \t]+()(test\w*)/gm,
  disabled: /@(?:pytest\.mark\.(?:skip|xfail)|unittest\.(?:skip|expectedFailure))|\bpytest\.skip\(|\bself\.skipTest\(/g,
};
const OTHER: Dialect = {
  blocks: 'braces',
  comments: 'slashes',
  quotes: '"`',
  test: /^func[ \t]+()(Test\w+)\(|#\[(?:\w+::)?test\]|@(?:Parameterized)?Test\b|\[(?:Fact|Test|Theory)\]/gm,
  disabled: /\bt\.Skip(?:f|Now)?\(|#\[ignore|@(?:Disabled|Ignore)\b|\[Ignore/g,
};

function dialectOf(path: string): Dialect {
  if (/\.[cm]?[jt]sx?$/.test(path)) return JAVASCRIPT;
  return /\.(?:py|rb|sh)$/.test(path) ? PYTHON : OTHER;
}

const ASSERTION =
  /\bassert\w*!?(?:\.\w+){0,8}\s*\(|^[ \t]*assert[ \t]+\S|\bexpect\s*\(|\.should\b|\bt\.(?:ok|is|equal|deepEqual|Error|Fatal)\w*\(/gm;
const LITERAL = `true|!0|\\d+|'[^'\\n]*'|"[^"\\n]*"`;
const CONSTANT = new RegExp(
  [
    `\\bassert(?:!|\\.ok|\\.isTrue|True)?\\(\\s*(?:${LITERAL}|True)\\s*[,)]`,
    `\\bassert\\.\\w+\\(\\s*(${LITERAL}|false|null|undefined)\\s*,\\s*\\1\\s*[,)]`,
    `\\bexpect\\(\\s*(${LITERAL}|false|null)\\s*\\)\\.(?:toBeTruthy\\(|toBeDefined\\(|to(?:Be|Equal|StrictEqual)\\(\\s*\\2\\s*\\))`,
    '\\bassert[ \\t]+(?:True|1)[ \\t]*(?:$|,)',
  ].join('|'),
  'gm',
);

export function readTestSource(path: string, text: string): TestSource {
  const dialect = dialectOf(path);
  const code = withoutComments(text, dialect);
  const lineOf = lineFinder(code);
  const lines = (pattern: RegExp) => [...code.matchAll(pattern)].map((match) => lineOf(match.index));
  const constant = lines(CONSTANT);
  const assertions = [...code.matchAll(ASSERTION)];
  const allLines = code.split('\n');
  return {
    tests: [...code.matchAll(dialect.test)].map((match) => ({ title: match[2] ?? '', line: lineOf(match.index) })),
    disabled: lines(dialect.disabled),
    assertions: assertions.length - constant.length,
    constant,
    asserted: assertions.map((match) => (allLines[lineOf(match.index) - 1] ?? '').trim()),
  };
}

/** The text as code: what is needed to tell which test a mark belongs to. */
export interface TestCode {
  blocks: Blocks;
  /** Without comments. */
  code: string;
  /** Without strings too; the same places as in `code`, except in Python. */
  bare: string;
  /** What switches tests off, in order. */
  marks: { at: number; text: string }[];
  lineOf(at: number): number;
}

export function readTestCode(path: string, text: string): TestCode {
  const dialect = dialectOf(path);
  const code = withoutComments(text, dialect);
  const marks = [...code.matchAll(dialect.disabled)].map((match) => ({ at: match.index, text: match[0] }));
  return { blocks: dialect.blocks, code, bare: codeOf(path, text), marks, lineOf: lineFinder(code) };
}

/** Tells the line of a place, 1-based, without going through the text for each. */
function lineFinder(text: string): (index: number) => number {
  const ends: number[] = [];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) ends.push(at);
  return (index) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? 0) < index) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}

/** The text with comments, strings and regular expressions blanked; line numbers stay. */
export function codeOf(path: string, text: string): string {
  const dialect = dialectOf(path);
  const code = withoutComments(text, dialect, 'blank');
  return dialect.quotes === '' ? withoutQuoted(code) : code;
}

const QUOTED = /(['"])(?:\\.|(?!\1)[^\\\n])*(\1)?/y;

/** What is quoted within a line emptied. A quote that does not close stays, as does all behind it that is not quoted itself. */
function withoutQuoted(code: string): string {
  const parts: string[] = [];
  let kept = 0;
  /** The quotes that do not close any more in this line: looking again from each that is escaped would take for ever. */
  let open = '';
  for (const { index, 0: char } of code.matchAll(/['"\n\r\u2028\u2029]/g)) {
    if (char !== "'" && char !== '"') open = '';
    else if (index >= kept && !open.includes(char)) {
      const [quoted = '', , close] = matchAt(QUOTED, code, index) ?? [];
      if (close === undefined) open += char;
      else {
        parts.push(code.slice(kept, index), char, char);
        kept = index + quoted.length;
      }
    }
  }
  parts.push(code.slice(kept));
  return parts.join('');
}

export function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** The text with comments blanked; line numbers stay. Strings stay unless told otherwise, because titles are strings. */
function withoutComments(text: string, { comments, quotes }: Dialect, strings: 'keep' | 'blank' = 'keep'): string {
  if (comments === 'hash') return text.replaceAll(/(^|[ \t])#.*$/gm, '$1');
  const blank = (from: number, to: number) => text.slice(from, to).replaceAll(/[^\n]/g, ' ');
  const parts: string[] = [];
  let kept = 0;
  /** Newest character that is not white space: tells a division from the start of a regular expression. */
  let before = '';
  for (let at = 0; at < text.length; ) {
    const char = text[at] ?? '';
    let end = at + 1;
    if (char === '/' && (text[end] === '/' || text[end] === '*')) {
      const close = text[end] === '/' ? text.indexOf('\n', at) : text.indexOf('*/', at + 2);
      end = close < 0 ? text.length : close + (text[end] === '/' ? 0 : 2);
      parts.push(text.slice(kept, at), blank(at, end));
      kept = end;
    } else if (quotes.includes(char)) {
      end = endOfQuoted(text, at, char);
      before = char;
      if (strings === 'blank') {
        parts.push(text.slice(kept, at), blank(at, end));
        kept = end;
      }
    } else if (char === '/' && /^$|[=(,:[!&|?{};>]/.test(before)) {
      end = endOfQuoted(text, at, '/');
      if (strings === 'blank') {
        parts.push(text.slice(kept, at), blank(at, end));
        kept = end;
      }
    }
    if (char.trim() !== '' && kept !== end) before = char;
    at = end;
  }
  parts.push(text.slice(kept));
  return parts.join('');
}

/** Index after the closing mark; only a template may go over lines. */
function endOfQuoted(text: string, start: number, mark: string): number {
  let inClass = false;
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text[at];
    if (char === '\\') at += 1;
    else if (char === '\n' && mark !== '`') return at;
    else if (mark === '/' && char === '[') inClass = true;
    else if (mark === '/' && char === ']') inClass = false;
    else if (char === mark && !inClass) return at + 1;
  }
  return text.length;
}
