/**
 * A shell line taken apart far enough to judge it: simple commands, their words with quotes removed, and where they write.
 * It is no shell: what it cannot read, it reports as `unreadable`, and the policy refuses that.
 */
export interface SimpleCommand {
  /** Words after quotes are removed, leading assignments and shell keywords left out. */
  words: string[];
  /** Files that `>` and `>>` name. */
  writesTo: string[];
  /** True when the command reads what another one wrote. */
  readsPipe: boolean;
}

export type ShellLine = { ok: true; commands: SimpleCommand[] } | { ok: false; unreadable: string };

const KEYWORDS = new Set(['if', 'then', 'else', 'elif', 'do', 'while', 'until', '!', '{', '}', 'fi', 'done', '(', ')']);
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*=/;

type Token = { kind: 'word'; text: string; quoted: boolean } | { kind: 'operator'; text: string };

const OPERATOR = /^(?:&&|\|\||;;|\|&|&>>|&>|>>|>\||>&|<<<|<<-|<<|<&|[|;&><()\n])/;

export function parseShellLine(line: string): ShellLine {
  const tokens = tokenize(line);
  if (typeof tokens === 'string') return { ok: false, unreadable: tokens };
  const commands: SimpleCommand[] = [];
  let current: SimpleCommand = { words: [], writesTo: [], readsPipe: false };
  const finish = (readsPipe: boolean): void => {
    if (current.words.length > 0 || current.writesTo.length > 0) commands.push(current);
    current = { words: [], writesTo: [], readsPipe };
  };
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token === undefined) break;
    if (token.kind === 'word') {
      const isFirst = current.words.length === 0;
      if (isFirst && !token.quoted && (KEYWORDS.has(token.text) || ASSIGNMENT.test(token.text))) continue;
      current.words.push(token.text);
      continue;
    }
    if (token.text.startsWith('<<')) return { ok: false, unreadable: 'a here-document' };
    if (!/[<>]/.test(token.text)) {
      finish(token.text === '|' || token.text === '|&');
      continue;
    }
    const target = tokens[at + 1];
    if (target?.kind !== 'word') return { ok: false, unreadable: `"${token.text}" without a file` };
    at += 1;
    // `2>&1` writes to no file.
    const isDuplicate = token.text.endsWith('&') && /^(\d+|-)$/.test(target.text);
    if (token.text.includes('>') && !isDuplicate) current.writesTo.push(target.text);
    if (/^\d+$/.test(current.words.at(-1) ?? '')) current.words.pop();
  }
  finish(false);
  return { ok: true, commands };
}

/** Tokens, or what made the line unreadable. */
function tokenize(line: string): Token[] | string {
  const tokens: Token[] = [];
  let text = '';
  let inWord = false;
  let quoted = false;
  const endWord = (): void => {
    if (inWord) tokens.push({ kind: 'word', text, quoted });
    text = '';
    inWord = false;
    quoted = false;
  };
  for (let at = 0; at < line.length; ) {
    const char = line.charAt(at);
    if (char === "'" || char === '"') {
      const closing = readQuoted(line, at);
      if (closing === null) return `an open ${char}`;
      if (closing.substitutes) return 'a command substitution';
      text += closing.text;
      inWord = true;
      quoted = true;
      at = closing.end;
    } else if (char === '\\') {
      text += line.charAt(at + 1) === '\n' ? '' : line.charAt(at + 1);
      inWord ||= line.charAt(at + 1) !== '\n';
      at += 2;
    } else if (char === '`' || line.startsWith('$(', at) || line.startsWith('<(', at) || line.startsWith('>(', at)) {
      return 'a command substitution';
    } else if (char === '#' && !inWord) {
      const end = line.indexOf('\n', at);
      at = end < 0 ? line.length : end;
    } else if (char === ' ' || char === '\t' || char === '\r') {
      endWord();
      at += 1;
    } else {
      const [operator] = OPERATOR.exec(line.slice(at)) ?? [];
      if (operator === undefined) {
        text += char;
        inWord = true;
      } else {
        endWord();
        tokens.push({ kind: 'operator', text: operator });
      }
      at += operator?.length ?? 1;
    }
  }
  endWord();
  return tokens;
}

/** Content of a quoted part that begins at `start`; null when it does not end. */
function readQuoted(line: string, start: number): { text: string; end: number; substitutes: boolean } | null {
  const quote = line.charAt(start);
  let text = '';
  let substitutes = false;
  for (let at = start + 1; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (char === quote) return { text, end: at + 1, substitutes };
    if (quote === '"' && char === '\\' && /["\\$`\n]/.test(line.charAt(at + 1))) {
      at += 1;
      text += line.charAt(at);
      continue;
    }
    if (quote === '"' && (char === '`' || line.startsWith('$(', at))) substitutes = true;
    text += char;
  }
  return null;
}
