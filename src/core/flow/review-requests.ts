import { createHash } from 'node:crypto';
import type { Finding, NotedComment } from '../../protocol/work.ts';
import { OWN_MARK } from '../inert-text.ts';
import type { ReviewComment } from '../ports.ts';

/** One line of every pull request: nobody reads documentation before they comment. */
export const HOW_TO_ASK =
  'To have something changed, request changes in a review, remark on a line, or begin a line of a comment with `/revise`. Other comments are read and not acted upon.';

/** Noted in one event; the next look notes the rest. */
const MOST_NOTED = 50;
const NOTED_CHARACTERS = 200;
const FINDING_CHARACTERS = 2_000;
const KEY_CHARACTERS = 16;

/** Not what somebody says here: hidden text and code, whichever begins first, as one may hold the other's marks. */
const NOT_SAID = /<!--[\s\S]*?(?:-->|$(?![\s\S]))|^ {0,3}(`{3,}|~{3,})[\s\S]*?(?:^ {0,3}\1|$(?![\s\S]))/gm;
const COMMAND = /^[ \t]*\/revise(?![\w-]):?/im;

interface Keyed<T> {
  /** Of this version of the comment: another one after an edit. */
  key: string;
  comment: T;
}

/** Keys of versions that earlier looks have seen to. */
interface Heard {
  answered: readonly string[];
  noted: readonly string[];
}

/**
 * Which comments ask for a change. Trusted people do by a review that requests changes, by the first remark of a thread, and
 * anywhere else by a line that begins with `/revise`; who approves afterwards has settled what they asked before. Everything
 * else, apart from our own words, is noted with the reason.
 */
export function sortComments(
  comments: readonly ReviewComment[],
  { answered, noted }: Heard,
): { requests: Keyed<ReviewComment>[]; noted: (NotedComment & { key: string })[] } {
  const keyed = comments
    .filter(({ body }) => !body.includes(OWN_MARK))
    .map((comment) => ({ key: keyOf(comment), comment, why: whyNot(comment) }))
    .filter(({ key }) => !answered.includes(key));
  return {
    requests: keyed.filter(({ why }) => why === null).map(({ key, comment }) => ({ key, comment })),
    noted: keyed
      .filter(({ key }) => !noted.includes(key))
      .flatMap(({ key, comment: { id, author, body }, why }) =>
        why === null ? [] : [{ key, id, author, text: body.slice(0, NOTED_CHARACTERS).toWellFormed(), why }],
      )
      .slice(0, MOST_NOTED),
  };
}

/** For the agent that answers it. */
export function asFinding({ id, file, line, author, body }: ReviewComment): Finding {
  const message = `${author}: ${body}`.slice(0, FINDING_CHARACTERS).toWellFormed();
  return { id: `review-${id}`, file, line, severity: 'major', message };
}

function whyNot({ trusted, kind, body }: ReviewComment): NotedComment['why'] | null {
  if (!trusted) return 'untrusted';
  if (kind === 'settled') return 'settled';
  if (kind === 'request') return body.trim() === '' ? 'empty' : null;
  const said = body.replace(NOT_SAID, '');
  if (!COMMAND.test(said)) return 'no_request';
  return asksNothing(said) ? 'empty' : null;
}

/** Nothing after the command. */
const asksNothing = (said: string): boolean => (said.split(COMMAND, 2)[1] ?? '').trim() === '';

/** GitHub does not say of every kind of comment when it was edited, so the words are compared. */
function keyOf({ id, body }: ReviewComment): string {
  return `${id}:${digestOf(body.replaceAll(/\s+/g, ' ').trim())}`;
}

/** Of an event about all of them: another one when a watch that begins again finds more, which must not be lost with it. */
export function keyOfAll(what: string, all: readonly { key: string }[]): string {
  return `${what}-${digestOf(all.map(({ key }) => key).join(' '))}`;
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, KEY_CHARACTERS);
