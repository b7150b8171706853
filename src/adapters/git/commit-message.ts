import { inertText, withoutSkips } from '../../core/inert-text.ts';
import type { CommitMessage } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';

/** Names the run and step that made a commit; searched for before a commit is made again. */
export const KEY_TRAILER = 'Orchestrator-Key';
/** ISO date of the commit; taken out of the text. */
const DATE_TRAILER = 'Orchestrator-At';

function oneLine(text: string): string {
  return text.replace(/[\s\0]+/g, ' ').trim();
}

/**
 * The text of a commit: subject, body and trailers with a blank line between them, as `git interpret-trailers` reads
 * it. The same message gives the same bytes. Subjects and bodies are made of what issues and models say, and do nothing on
 * the forge: no checks are left out, no issue is closed, nobody is called.
 */
export function messageText(message: CommitMessage): string {
  const trailers = Object.entries(message.trailers)
    .filter(([name]) => name !== DATE_TRAILER)
    .map(([name, value]) => {
      if (!/^[A-Za-z0-9-]+$/.test(name)) {
        throw new AppError({ code: 'internal', message: `not a trailer name: ${JSON.stringify(name)}` });
      }
      return `${name}: ${oneLine(value)}`;
    });
  const said = inertText(`${oneLine(message.subject) || '(no subject)'}\n\n${message.body}`).trim();
  const parts = [said, trailers.join('\n')].filter((part) => part !== '');
  return withoutSkips(`${parts.join('\n\n')}\n`);
}

/**
 * Date of a commit in seconds since the epoch: that of the trailer `Orchestrator-At`, else one second after the first
 * parent. No clock is asked, so that the same call made again gives the same commit id.
 */
export function commitDateSeconds(message: CommitMessage, firstParentSeconds: number | null): number {
  const given = message.trailers[DATE_TRAILER];
  if (given === undefined) return (firstParentSeconds ?? 0) + 1;
  const ms = Date.parse(given);
  if (Number.isNaN(ms) || ms < 0) {
    throw new AppError({ code: 'internal', message: `${DATE_TRAILER} is not an ISO date: ${JSON.stringify(given)}` });
  }
  return Math.floor(ms / 1000);
}

/** Value of a trailer in the last paragraph of a commit's text, or null. */
export function trailerValue(text: string, name: string): string | null {
  const last = text.trimEnd().split(/\n\n+/).at(-1) ?? '';
  const line = last.split('\n').find((candidate) => candidate.startsWith(`${name}: `));
  return line === undefined ? null : line.slice(name.length + 2);
}
