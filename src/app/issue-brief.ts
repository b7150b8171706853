import { visibleLine } from '../core/inert-text.ts';
import type { Issue } from '../core/ports.ts';
import { Brief } from '../protocol/brief.ts';

/** A brief's name has at most so many characters. */
const MAX_NAME = 80;
const REQUIREMENTS = /^(requirements?|acceptance|acceptance criteria|criteria|to ?do|tasks?|definition of done)$/;
const CONSTRAINTS = /^(constraints?|limits?|non-goals?|out of scope)$/;

interface Item {
  text: string;
  isTask: boolean;
}

interface Section {
  /** Of the heading, in lower case; '' before the first one. */
  heading: string;
  /** As they are in the body, with the list item that each belongs to. */
  lines: { text: string; item: Item | null }[];
}

const itemsOf = ({ lines }: Section): Item[] => [
  ...new Set(lines.flatMap(({ item }) => (item === null ? [] : [item]))),
];

/**
 * The brief that an issue stands for. Its text is taken as it is: nothing in it is followed, run or fetched. Requirements are
 * the items of its task lists, else the list items below a heading such as "Requirements" or "Acceptance", else the title.
 * Constraints are the items below "Constraints". What kind of project it is says a label `web`, `mobile`, `api` or
 * `fullstack`, default `web`; labels `database` and `functions` ask for those.
 */
export function briefOfIssue({ title, body, labels }: Pick<Issue, 'title' | 'body' | 'labels'>): Brief {
  const sections = sectionsOf(body);
  const names = labels.map((label) => label.trim().toLowerCase());
  const itemsBelow = (wanted: RegExp) =>
    sections
      .filter(({ heading }) => wanted.test(heading))
      .flatMap((section) => itemsOf(section).map(({ text }) => text));
  const tasks = sections
    .filter(({ heading }) => !CONSTRAINTS.test(heading))
    .flatMap((section) => itemsOf(section).filter(({ isTask }) => isTask))
    .map(({ text }) => text);
  const listed = tasks.length > 0 ? tasks : itemsBelow(REQUIREMENTS);
  const name = nameOf(title);
  return Brief.parse({
    name,
    description: descriptionOf(sections, tasks.length > 0) || name,
    type: TYPES.find((type) => names.includes(type)) ?? 'web',
    requirements: listed.length > 0 ? listed : [name],
    constraints: itemsBelow(CONSTRAINTS),
    deployment: { database: names.includes('database'), functions: names.includes('functions') },
  });
}

const TYPES = Brief.shape.type.options;

function nameOf(title: string): string {
  const name = visibleLine(title) || 'Untitled';
  return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME - 1).trimEnd()}…`.toWellFormed() : name;
}

/** What stays when the lists that became fields are taken out, and headings with nothing below. */
function descriptionOf(sections: readonly Section[], hasTasks: boolean): string {
  const texts = sections.map(({ heading, lines }) => {
    const isConstraints = CONSTRAINTS.test(heading);
    const isTaken = ({ isTask }: Item) => isConstraints || (hasTasks ? isTask : REQUIREMENTS.test(heading));
    const kept = lines.filter(({ item }) => item === null || !isTaken(item));
    const text = kept
      .map((line) => line.text.trimEnd())
      .join('\n')
      .replaceAll(/\n{3,}/g, '\n\n')
      .trim();
    return !text.includes('\n') && titleOf(text) !== null ? '' : text;
  });
  return texts.filter((text) => text !== '').join('\n\n');
}

/** Of a heading, without the marks around it; null for another line. In one pass: a stranger may have written the line. */
function titleOf(line: string): string | null {
  const rest = /^ {0,3}#{1,6}(?=\s)/.exec(line);
  if (rest === null) return null;
  const text = line.slice(rest[0].length).trim();
  let end = text.length;
  while (text[end - 1] === '#') end -= 1;
  return text.slice(0, end).trimEnd();
}

/** Lists inside fences are text. Comments of a template, which GitHub does not show, are left out. */
function sectionsOf(body: string): Section[] {
  let section: Section = { heading: '', lines: [] };
  const sections = [section];
  let fence: string | null = null;
  for (const line of body.replaceAll(/<!--[\s\S]*?(-->|$)/g, '').split(/\r?\n/)) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    const isText = fence !== null || mark !== undefined;
    if (mark !== undefined && (fence === null || mark.startsWith(fence))) fence = fence === null ? mark : null;
    const heading = isText ? null : titleOf(line);
    if (heading !== null) {
      section = { heading: headingOf(heading), lines: [] };
      sections.push(section);
    }
    section.lines.push({ text: line, item: isText ? null : itemAt(line, section) });
  }
  return sections;
}

/** The item that the line begins or, indented, goes on with. */
function itemAt(line: string, { lines }: Section): Item | null {
  const found = /^\s*(?:[-*+]|\d+[.)])\s+(?:\[[ xX]\]\s+)?(\S.*)$/.exec(line);
  if (found !== null) return { text: (found[1] ?? '').trim(), isTask: /^\s*\S+\s+\[[ xX]\]\s/.test(line) };
  const last = lines.at(-1)?.item ?? null;
  if (last === null || !/^\s{2,}\S/.test(line)) return null;
  last.text += ` ${line.trim()}`;
  return last;
}

/** Without emphasis, emoji and the colon at the end. */
function headingOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} -]/gu, '')
    .trim();
}
