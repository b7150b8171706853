import type { Check } from '../../protocol/plan.ts';

/** What the command line of a check runs, read without running it. */

const INTERPRETER = /^(?:node|deno|bun|python3?|sh|bash|ruby|tsx|ts-node)$/;
const SCRIPT = /\.(?:[cm]?[jt]sx?|py|sh|rb)$/;

/** What runners load before anything else. */
const LOADED = /(?:^|\s)(?:-r|--require|--import|--loader)[= ](\.{0,2}[\w./-]+)/g;

/** Repository paths of scripts that the checks run by name, or have loaded: `node check.mjs`, `./check.sh`, `mocha -r a.js`. */
export function namedScripts(checks: readonly Check[]): Set<string> {
  const scripts = new Set<string>();
  for (const { command } of checks) {
    let folder = '';
    for (const part of command.split(/&&|\|\||[;|\n]/)) {
      const [program = '', ...words] = part.trim().split(/\s+/);
      if (program === 'cd') folder = `${(words[0] ?? '').replace(/^\.\/|(?<!\/)\/+$/g, '')}/`;
      const loaded = [...part.matchAll(LOADED)].map(([, path = '']) => path);
      const paths = INTERPRETER.test(program) ? words.filter((word) => !word.startsWith('-')) : [];
      const found = program.startsWith('./') ? [program] : [...paths, ...loaded].filter((path) => SCRIPT.test(path));
      for (const path of found) scripts.add(folder + path.replace(/^\.\//, ''));
    }
  }
  return scripts;
}

const RUNS_SCRIPT =
  /\b(?:npm|pnpm|yarn|bun)\s+(?:(?:--(?:prefix|dir|workspace|filter|cwd)|-[CwF])[ =]\S+\s+|-\S+\s+|workspace\s+\S+\s+)*(?:run(?:-script)?\s+(?:-\S+\s+)*)?([\w:.-]+)/g;
const LIFECYCLE = ['', 'pre', 'post'];

/** True when a check runs a package script, whatever its name. */
export function runsPackageScripts(checks: readonly Check[]): boolean {
  return checks.some(({ command }) => command.search(RUNS_SCRIPT) >= 0);
}

/** Names of the package scripts that the checks run, those called by other scripts and their pre and post ones included. */
export function packageScriptsOf(checks: readonly Check[], scripts: Readonly<Record<string, string>>): string[] {
  const found = new Set<string>();
  const follow = (command: string): void => {
    for (const [, called = ''] of command.matchAll(RUNS_SCRIPT)) {
      const main = called === 't' ? 'test' : called;
      for (const name of LIFECYCLE.map((prefix) => prefix + main)) {
        const line = scripts[name];
        if (line === undefined || found.has(name)) continue;
        found.add(name);
        follow(line);
      }
    }
  };
  for (const check of checks) follow(check.command);
  return [...found];
}

const HARMLESS =
  /^(?:|true|:|exit(?:\s+0)?|(?:echo|printf|cat|tee|head|tail|sleep)\b.*|node\s+(?:-e|--eval|-p)\s+(?:''|""|["']?process\.exit\(0?\);?["']?|["']?\d*["']?))$/;

/** True for a shell line that ends with success whatever the program in it does. */
export function cannotFail(line: string): boolean {
  const text = withoutComment(line)
    .trim()
    .replace(/(?<![;\s])[;\s]+$/, '');
  // In the background nobody looks at its end.
  if (/[^&]&$/.test(text)) return true;
  const steps = splitOutsideQuotes(text, /^(?:;|\n)/);
  // What comes after it is never run.
  if (steps.some((step) => /^exit(?:\s+0)?$/.test(step.trim()))) return true;
  const last = steps.at(-1) ?? '';
  return splitOutsideQuotes(last, /^\|\|/).some((choice) =>
    splitOutsideQuotes(choice, /^&&/).every((step) => {
      const end = splitOutsideQuotes(step, /^\|(?!\|)/).at(-1) ?? '';
      return HARMLESS.test(end.trim().replace(/^\(\s*|(?<!\s)\s*\)$/g, ''));
    }),
  );
}

function withoutComment(line: string): string {
  const [first = ''] = splitOutsideQuotes(` ${line}`, /^\s#/);
  return first;
}

function splitOutsideQuotes(text: string, separator: RegExp): string[] {
  const parts: string[] = [];
  let start = 0;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (quote !== '') {
      if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else {
      const found = separator.exec(text.slice(at, at + 2))?.[0] ?? '';
      // `||` is not two pipes.
      if (found === '' || (found === '|' && text[at - 1] === '|')) continue;
      parts.push(text.slice(start, at));
      at += found.length - 1;
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}
