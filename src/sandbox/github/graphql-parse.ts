/** The part of GraphQL's language that clients of GitHub use: operations, variables, arguments, aliases, fragments. */

export interface Field {
  name: string;
  alias: string;
  args: Record<string, unknown>;
  selection: Selection[];
}

export type Selection = { field: Field } | { on: string | null; selection: Selection[] } | { spread: string };

export interface Operation {
  kind: 'query' | 'mutation';
  name: string | null;
  defaults: Record<string, unknown>;
  selection: Selection[];
}

export interface Document {
  operations: Operation[];
  fragments: Map<string, { on: string | null; selection: Selection[] }>;
}

/** Stands for a variable until the operation is run. */
export class Variable {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

const TOKEN =
  /[\s,\uFEFF]+|#[^\n]*|(\.\.\.|[{}()[\]:=!$@|])|([A-Za-z_]\w*)|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|("""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*")/y;

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw new Error(`Parse error on ${JSON.stringify(text.charAt(at))} at ${at}`);
    const token = match[1] ?? match[2] ?? match[3] ?? match[4];
    if (token !== undefined) tokens.push(token);
  }
  return tokens;
}

/** Throws an Error whose message is for the client. */
export function parseDocument(text: string): Document {
  const tokens = tokensOf(text);
  let at = 0;
  const peek = (): string => tokens[at] ?? '';
  const next = (): string => tokens[at++] ?? '';
  const take = (wanted: string): void => {
    const found = next();
    if (found !== wanted)
      throw new Error(`Parse error on ${JSON.stringify(found)}: expected ${JSON.stringify(wanted)}`);
  };
  const takeIf = (wanted: string): boolean => {
    if (peek() !== wanted) return false;
    at += 1;
    return true;
  };
  const name = (): string => {
    const found = next();
    if (!/^[A-Za-z_]/.test(found)) throw new Error(`Parse error on ${JSON.stringify(found)}: expected a name`);
    return found;
  };

  const value = (): unknown => {
    const token = next();
    if (token === '$') return new Variable(name());
    if (token === '[') {
      const items: unknown[] = [];
      while (!takeIf(']')) items.push(value());
      return items;
    }
    if (token === '{') return pairs('}');
    if (token.startsWith('"""')) return token.slice(3, -3).trim();
    if (token.startsWith('"')) return JSON.parse(token);
    if (/^-?\d/.test(token)) return Number(token);
    if (token === 'true' || token === 'false') return token === 'true';
    if (token === 'null') return null;
    if (/^[A-Za-z_]/.test(token)) return token;
    throw new Error(`Parse error on ${JSON.stringify(token)}: expected a value`);
  };
  const pairs = (end: string): Record<string, unknown> => {
    const found: Record<string, unknown> = {};
    while (!takeIf(end)) {
      const key = name();
      take(':');
      found[key] = value();
    }
    return found;
  };
  const directives = (): void => {
    while (takeIf('@')) {
      name();
      if (takeIf('(')) pairs(')');
    }
  };
  const selection = (): Selection[] => {
    const found: Selection[] = [];
    take('{');
    while (!takeIf('}')) found.push(takeIf('...') ? fragment() : { field: field() });
    return found;
  };
  const fragment = (): Selection => {
    if (peek() !== 'on' && peek() !== '{' && peek() !== '@') return { spread: name() };
    const on = takeIf('on') ? name() : null;
    directives();
    return { on, selection: selection() };
  };
  const field = (): Field => {
    const first = name();
    const second = takeIf(':') ? name() : first;
    const args = takeIf('(') ? pairs(')') : {};
    directives();
    return { name: second, alias: first, args, selection: peek() === '{' ? selection() : [] };
  };
  const type = (): void => {
    if (takeIf('[')) {
      type();
      take(']');
    } else name();
    takeIf('!');
  };
  const variables = (): Record<string, unknown> => {
    const defaults: Record<string, unknown> = {};
    if (!takeIf('(')) return defaults;
    while (!takeIf(')')) {
      take('$');
      const key = name();
      take(':');
      type();
      if (takeIf('=')) defaults[key] = value();
    }
    return defaults;
  };

  const document: Document = { operations: [], fragments: new Map() };
  while (at < tokens.length) {
    if (peek() === '{') {
      document.operations.push({ kind: 'query', name: null, defaults: {}, selection: selection() });
      continue;
    }
    const kind = name();
    if (kind === 'fragment') {
      const key = name();
      take('on');
      const on = name();
      document.fragments.set(key, { on, selection: selection() });
    } else if (kind === 'query' || kind === 'mutation') {
      const called = /^[A-Za-z_]/.test(peek()) ? name() : null;
      const defaults = variables();
      directives();
      document.operations.push({ kind, name: called, defaults, selection: selection() });
    } else throw new Error(`Parse error on ${JSON.stringify(kind)}: expected an operation`);
  }
  return document;
}
