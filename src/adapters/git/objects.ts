import { AppError } from '../../protocol/errors.ts';
import { type Git, type GitPlace, placeOf } from './git-command.ts';

export interface BatchObject {
  id: string;
  type: string;
  content: Buffer;
}

/**
 * Reads the answer of `cat-file --batch`: one entry a request, null for what is missing.
 * `<id> <type> <size>\n<content>\n` or `<request> missing\n`.
 */
export function parseBatch(output: Buffer, count: number): (BatchObject | null)[] {
  const objects: (BatchObject | null)[] = [];
  let at = 0;
  while (objects.length < count && at < output.length) {
    const lineEnd = output.indexOf(10, at);
    if (lineEnd < 0) break;
    const header = output.subarray(at, lineEnd).toString();
    const match = /^([0-9a-f]{40,64}) (\w+) (\d+)$/.exec(header);
    at = lineEnd + 1;
    if (match === null) {
      objects.push(null);
      continue;
    }
    const [, id = '', type = '', size = '0'] = match;
    const end = at + Number(size);
    objects.push({ id, type, content: output.subarray(at, end) });
    at = end + 1;
  }
  return objects;
}

/** Objects by name (`<commit>:<path>`, an id, a ref), in the order asked; null for what does not exist. */
export async function readObjects(
  git: Git,
  at: string | GitPlace,
  names: readonly string[],
): Promise<(BatchObject | null)[]> {
  if (names.length === 0) return [];
  for (const name of names) {
    // A line ends a request; a name with NUL cannot exist.
    if (name.includes('\0')) throw new AppError({ code: 'git_failed', message: 'object name holds a NUL byte' });
  }
  const { stdout } = await git({ ...placeOf(at), args: ['cat-file', '--batch', '-z'], stdin: `${names.join('\0')}\0` });
  return parseBatch(stdout, names.length);
}

/** Sizes in bytes of files of a commit, without reading them; null for what is not there. */
export async function fileSizes(
  git: Git,
  repoDir: string,
  commit: string,
  paths: readonly string[],
): Promise<(number | null)[]> {
  if (paths.length === 0) return [];
  const names = paths.map((path) => `${commit}:${path}`);
  const stdin = `${names.join('\0')}\0`;
  const { stdout } = await git({ args: ['cat-file', '--batch-check=%(objectsize)', '-z'], cwd: repoDir, stdin });
  let rest = stdout.toString();
  return names.map((name) => {
    // A name that is not found is repeated, whatever it holds.
    const missing = `${name} missing\n`;
    const answer = rest.startsWith(missing) ? missing : rest.slice(0, rest.indexOf('\n') + 1);
    rest = rest.slice(answer.length);
    return answer === missing ? null : Number(answer);
  });
}

export interface CommitHeader {
  id: string;
  tree: string;
  parents: string[];
  /** Committer's date, seconds since the epoch. */
  dateSeconds: number;
  text: string;
}

export function parseCommit(object: BatchObject): CommitHeader {
  const raw = object.content.toString();
  const split = raw.indexOf('\n\n');
  const head = split < 0 ? raw : raw.slice(0, split);
  const lines = head.split('\n');
  const value = (name: string): string =>
    lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? '';
  return {
    id: object.id,
    tree: value('tree'),
    parents: lines.filter((line) => line.startsWith('parent ')).map((line) => line.slice(7)),
    dateSeconds: Number(/ (\d+) [+-]\d{4}$/.exec(value('committer'))?.[1] ?? 0),
    text: split < 0 ? '' : raw.slice(split + 2),
  };
}

/** A commit that must exist. */
export function expectCommit(object: BatchObject | null | undefined, name: string): CommitHeader {
  if (object?.type === 'commit') return parseCommit(object);
  throw new AppError({
    code: 'git_failed',
    message: `not a commit: ${name}`,
    userMessage: `The commit ${name} is not in the repository any more.`,
  });
}
