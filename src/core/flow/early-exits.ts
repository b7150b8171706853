import { codeOf, isTestPath, readTestSource } from './test-source.ts';

/** Where a script or a test file ends with success before its work is done, seen from its text alone. */

const PASSES_AT_ONCE =
  /\bprocess\.exit\(\s*(?:0\s*)?\)|\b(?:sys|os)\.(?:_)?exit\(\s*(?:0\s*)?\)|^[ \t]*exit(?:[ \t]+0)?[ \t]*$/gm;
const SAYS_SUCCESS = /\bprocess\.exitCode\s*=\s*0\b/g;
const AT_THE_END = /\bon(?:ce)?\(\s*['"`](?:exit|beforeExit)['"`]/;

const countOf = (pattern: RegExp, text: string) => [...text.matchAll(pattern)].length;

/** What a script does itself, not what it says in strings. */
export function exits(path: string, text: string): number {
  const code = codeOf(path, text);
  return countOf(PASSES_AT_ONCE, code) + countOf(SAYS_SUCCESS, code);
}

/** Tests run programs that end well, and reset what they set: only what the file itself does counts. */
export function endsIn(path: string, text: string): number {
  const code = codeOf(path, text);
  return countOf(PASSES_AT_ONCE, code) + (AT_THE_END.test(text) ? countOf(SAYS_SUCCESS, code) : 0);
}

/** A file of tests which does that more often than before. Without tests in it, it may be a program that they run. */
export function endsEarly(path: string, before: string | null, after: string | null): boolean {
  if (after === null || !isTestPath(path) || readTestSource(path, after).tests.length === 0) return false;
  return endsIn(path, after) > endsIn(path, before ?? '');
}
