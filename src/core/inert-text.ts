import { stripVTControlCharacters } from 'node:util';

/**
 * Text that others wrote (an issue, a model, a brief) on its way into commits, titles and descriptions on the forge. It reads as
 * before, but does nothing there by accident: it leaves out no checks, closes no issue and calls nobody.
 */

/** In what we write on the forge, where nobody sees it: with it we know our own words, whoever's token they were sent with. */
export const OWN_MARK = '<!-- ai-development-orchestrator -->';

const SERVICES = 'ci|cd|actions|azp|azurepipelines|travis|appveyor|circleci|netlify|vercel|render|deploy|build';
/** In brackets of another kind they are words. */
const SKIPS = new RegExp(`\\[((?:skip|no)[ _:-](?:${SERVICES})|(?:${SERVICES})[ _:-]skip)\\]`, 'gi');
const STARRED_SKIP = /\*{3}(NO_CI)\*{3}/gi;
const SKIP_TRAILER = /\bskip-checks:(?=\s{0,4}true\b)/gi;

const CLOSING =
  /\b(close[sd]?|fix(?:e[sd])?|resolve[sd]?)([\s:*_]{0,8})(?:([\w.-]{1,100}\/[\w.-]{1,100})?#|GH-|https?:\/\/[^\s/]{1,200}\/([\w.-]{1,100}\/[\w.-]{1,100})\/(?:issues|pull)\/)(\d+)\b/gi;
/** A web address is matched so that what is in it stays. */
const MENTION = /https?:\/\/\S+|(?<![\w@])@(?=[a-z\d])/gi;
const CONTROL = /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** Words by which checks are left out, as words; nothing else changes. */
export function withoutSkips(text: string): string {
  return text.replace(SKIPS, '($1)').replace(STARRED_SKIP, '$1').replace(SKIP_TRAILER, 'skip-checks is');
}

/** In one line, without space at its ends and characters that nobody sees but which move or turn others. */
export function visibleLine(text: string): string {
  return visibleText(stripVTControlCharacters(text).replace(/[\s\p{Cc}]+/gu, ' ')).trim();
}

function visibleText(text: string): string {
  return stripVTControlCharacters(text.toWellFormed())
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(CONTROL, (character) => (character === '\n' || character === '\t' ? character : ''));
}

/** Lines stay. */
export function inertText(text: string): string {
  return withoutSkips(visibleText(text))
    .replace(CLOSING, (_all, word: string, between: string, place?: string, linked?: string, number?: string) => {
      const where = place ?? linked;
      return `${word}${between === '' ? ' ' : between}issue ${number}${where === undefined ? '' : ` of ${where}`}`;
    })
    .replace(MENTION, (found) => (found === '@' ? '@\u200B' : found));
}

/** In one line, without space at its ends. */
export function inertLine(text: string): string {
  return inertText(visibleLine(text));
}
