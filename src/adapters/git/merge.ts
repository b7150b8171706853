import type { MergeConflict, MergeOutcome } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import type { Git } from './git-command.ts';

/**
 * Reads `merge-tree --write-tree -z --messages`: the tree, then `<mode> <id> <stage>\t<path>` a conflicted entry, an
 * empty field, then messages of `<count>, <path>..., <kind>, <text>`. Kinds are git's stable short words.
 */
export function parseMerge(output: string): MergeOutcome {
  const fields = output.split('\0');
  const tree = fields[0] ?? '';
  const conflicts = new Map<string, MergeConflict>();
  const entries = new Set<string>();
  let at = 1;
  for (; at < fields.length && fields[at] !== ''; at += 1) {
    const field = fields[at] ?? '';
    entries.add(field.slice(field.indexOf('\t') + 1));
  }
  at += 1;
  while (at < fields.length) {
    const count = Number.parseInt(fields[at] ?? '', 10);
    if (!Number.isInteger(count)) break;
    const path = fields[at + 1] ?? '';
    const kind = fields[at + 1 + count] ?? '';
    if (count > 0 && kind.startsWith('CONFLICT')) conflicts.set(path, { path, kind });
    at += count + 3;
  }
  for (const path of entries) {
    if (!conflicts.has(path)) conflicts.set(path, { path, kind: 'CONFLICT' });
  }
  return { tree, conflicts: [...conflicts.values()] };
}

/** Merges two commits in memory; only objects are written. */
export async function merge(git: Git, repoDir: string, ours: string, theirs: string): Promise<MergeOutcome> {
  const { stdout, exitCode } = await git({
    args: ['merge-tree', '--write-tree', '-z', '--messages', ours, theirs],
    cwd: repoDir,
    config: ['merge.renames=true', 'merge.conflictStyle=merge'],
    okExitCodes: [0, 1],
  });
  const outcome = parseMerge(stdout.toString());
  if (exitCode === 0) return { tree: outcome.tree, conflicts: [] };
  if (outcome.conflicts.length > 0) return outcome;
  throw new AppError({
    code: 'git_failed',
    message: `merge-tree reported conflicts without naming them (${ours}, ${theirs})`,
    userMessage: 'git could not merge two pieces of work and did not say why.',
  });
}

export async function mergeBase(git: Git, repoDir: string, a: string, b: string): Promise<string> {
  const { stdout, exitCode } = await git({ args: ['merge-base', a, b], cwd: repoDir, okExitCodes: [0, 1] });
  if (exitCode === 0) return stdout.toString().trim();
  throw new AppError({
    code: 'git_failed',
    message: `no common ancestor of ${a} and ${b}`,
    userMessage: `The commits ${a} and ${b} have no common history.`,
  });
}

export async function hasCommonHistory(git: Git, repoDir: string, a: string, b: string): Promise<boolean> {
  const { exitCode } = await git({ args: ['merge-base', a, b], cwd: repoDir, okExitCodes: [0, 1] });
  return exitCode === 0;
}
