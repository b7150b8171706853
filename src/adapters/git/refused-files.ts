import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../protocol/errors.ts';
import type { Git } from './git-command.ts';
import { redactUrls } from './git-errors.ts';
import { objectsOf, type WorktreeLayout } from './worktree-layout.ts';
import { worktreeCommand } from './worktrees.ts';

const MAX_SAID_CHARS = 2_000;

/** What the system or an index at fault says, whatever the files are. */
const NOT_THE_FILES =
  /No space left|Disk quota|Read-only file system|Input\/output error|Too many open files|Cannot allocate memory|out of memory|cannot fork|(?<!unable to )index file/i;

/**
 * The failure of `add` as `files_refused` when it is the files that git does not take: a name, a filter that fails, an encoding,
 * a file that it cannot read. Found out by adding them once more to an index and objects of its own: what is wrong with those
 * of the repository (a lock, rights, damage) is not in the way there. Every other failure as it is.
 */
export async function asRefusal(git: Git, layout: WorktreeLayout, cause: unknown): Promise<unknown> {
  if (!(cause instanceof AppError) || cause.code !== 'git_failed' || NOT_THE_FILES.test(cause.message)) return cause;
  const said = await refusal(git, layout).catch(() => null);
  if (said === null || NOT_THE_FILES.test(said)) return cause;
  return new AppError({
    code: 'files_refused',
    message: `git refuses files in ${layout.dir}: ${said}`,
    userMessage: `The files in ${layout.dir} cannot be committed, because git refuses them: ${said}\nMend or remove that there, then resume the run.`,
    cause,
    details: { said },
  });
}

function ignoreMissing(thrown: NodeJS.ErrnoException): void {
  if (thrown.code !== 'ENOENT') throw thrown;
}

/** What git says against the files; null when it takes them. */
async function refusal(git: Git, layout: WorktreeLayout): Promise<string | null> {
  // It goes with the worktree, should this program end here.
  const scratch = path.join(layout.gitDir, `refused-${randomUUID().slice(0, 8)}`);
  await mkdir(scratch);
  try {
    const index = path.join(scratch, 'index');
    // Without one, git makes it anew.
    await copyFile(path.join(layout.gitDir, 'index'), index).catch(ignoreMissing);
    const command = worktreeCommand(layout, ['add', '--all']);
    const { exitCode, stderr } = await git({
      ...command,
      env: {
        ...command.env,
        GIT_INDEX_FILE: index,
        GIT_OBJECT_DIRECTORY: scratch,
        GIT_ALTERNATE_OBJECT_DIRECTORIES: path.join(objectsOf(layout).cwd, 'objects'),
      },
      okExitCodes: 'any',
    });
    return exitCode === 0 ? null : redactUrls(stderr.trim()).slice(-MAX_SAID_CHARS);
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}
