import { randomUUID } from 'node:crypto';
import type { GitCommand } from './git-command.ts';
import { parseBatch } from './objects.ts';
import type { ScratchFiles } from './scratch-files.ts';

/** Asks the process that was started with `args`; null when it does not answer. */
export type Asking = (request: {
  args: readonly string[];
  input: string;
  missing(answer: Buffer): number;
}) => Promise<Buffer | null>;

/** How a command is asked of long-lived processes: gives what the command would print, or null. */
type Question = (ask: Asking) => Promise<Buffer | null>;

/** Of the answer; without one of them git says more about commits than about trees. */
const FORMATS: ReadonlySet<string> = new Set(['--numstat', '-p']);
const ID = /^[0-9a-f]{40}([0-9a-f]{24})?$/;
const TREE = /^[0-9a-f]{40}([0-9a-f]{24})?(\^\{tree\})?$/;

/** Null for a command that git has no such mode for. */
export function questionOf(command: GitCommand, scratch: ScratchFiles): Question | null {
  const { args, stdin } = command;
  const text = typeof stdin === 'string' ? stdin : null;
  if (command.followedBy !== undefined) return null;
  switch (args[0]) {
    case 'cat-file':
      return args.join(' ') === 'cat-file --batch -z' && text !== null ? batch(text) : null;
    case 'update-ref':
      return args.join(' ') === 'update-ref --stdin' && text !== null ? transaction(text) : null;
    case 'hash-object':
      return args.join(' ') === 'hash-object -t commit -w --stdin' && text !== null
        ? commitObject(text, scratch)
        : null;
    case 'diff-tree':
      return differences(args);
    default:
      return null;
  }
}

/** Bytes that complete `count` entries of `cat-file --batch` lack, at least. */
function batchLacks(answer: Buffer, count: number): number {
  let at = 0;
  for (let entries = 0; entries < count; entries += 1) {
    const lineEnd = answer.indexOf(10, at);
    if (lineEnd < 0) return 1;
    const size = /^[0-9a-f]{40,64} \w+ (\d+)$/.exec(answer.subarray(at, lineEnd).toString())?.[1];
    at = lineEnd + 1 + (size === undefined ? 0 : Number(size) + 1);
    if (at > answer.length) return at - answer.length;
  }
  return 0;
}

function batch(names: string): Question | null {
  const count = names.split('\0').length - 1;
  // A name with a line end would be repeated in the answer.
  if (names.includes('\n')) return null;
  return (ask) =>
    ask({ args: ['cat-file', '--batch', '-z'], input: names, missing: (answer) => batchLacks(answer, count) });
}

const DONE = 'start: ok\ncommit: ok\n';

function transaction(lines: string): Question {
  return async (ask) => {
    const input = `start\n${lines}commit\n`;
    const missing = (answer: Buffer) => Math.max(0, DONE.length - answer.length);
    const answer = await ask({ args: ['update-ref', '--stdin'], input, missing });
    return answer?.toString() === DONE ? Buffer.alloc(0) : null;
  };
}

function commitObject(content: string, scratch: ScratchFiles): Question {
  const args = ['hash-object', '-t', 'commit', '-w', '--no-filters', '--stdin-paths'];
  const missing = (answer: Buffer) => (answer.at(-1) === 10 ? 0 : 1);
  return (ask) => scratch.use(content, (file) => ask({ args, input: `${file}\n`, missing }));
}

/**
 * `diff-tree <flags> <from> <to> --`, where both are ids of trees, or `<commit>^{tree}`, which takes a question more. A patch
 * that is too long is left to a process that can be ended in the middle.
 */
function differences(args: readonly string[]): Question | null {
  const [from = '', to = '', end] = args.slice(-3);
  const flags = args.slice(1, -3);
  if (end !== '--' || !TREE.test(from) || !TREE.test(to) || !flags.some((flag) => FORMATS.has(flag))) return null;
  return async (ask) => {
    const [before, after] = await treeIds(ask, from, to);
    if (before === undefined || after === undefined) return null;
    // A line that names no trees is given back.
    const mark = `end-${randomUUID()}\n`;
    const answer = await ask({
      args: ['diff-tree', '--stdin', ...flags],
      input: `${before} ${after}\n${mark}`,
      missing: (all) => (all.subarray(-mark.length).toString('latin1') === mark ? 0 : 1),
    });
    // Of commits it would compare others than these two, and would begin otherwise.
    const header = `${before} ${after}\n`;
    if (answer?.toString('latin1', 0, header.length) !== header) return null;
    return answer.subarray(header.length, -mark.length);
  };
}

/** None when one of them is missing. */
async function treeIds(ask: Asking, ...names: [string, string]): Promise<string[]> {
  if (names.every((name) => ID.test(name))) return names;
  const answer = await batch(names.map((name) => `${name}\0`).join(''))?.(ask);
  const trees = parseBatch(answer ?? Buffer.alloc(0), names.length);
  return trees.flatMap((tree) => (tree?.type === 'tree' ? [tree.id] : []));
}
