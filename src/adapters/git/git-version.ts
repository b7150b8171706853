import { AppError } from '../../protocol/errors.ts';
import { gitText } from './git-command.ts';
import { createGit } from './run-git.ts';

/** Merging without a working tree (`merge-tree --write-tree`) came with this version. */
export const MINIMUM_GIT_VERSION = '2.38';

/** Version of the installed git, such as `2.39.5`; throws `configuration` when git cannot be started. */
export async function gitVersion(gitBinary = 'git'): Promise<string> {
  const text = await gitText(createGit(gitBinary), {
    args: ['version'],
    cwd: process.cwd(),
    timeoutMs: 10_000,
  });
  const version = /\d+(\.\d+)+/.exec(text)?.[0];
  if (version !== undefined) return version;
  throw new AppError({
    code: 'configuration',
    message: `git version printed ${JSON.stringify(text.slice(0, 200))}`,
    userMessage: `The version of git could not be read. Install git ${MINIMUM_GIT_VERSION} or newer.`,
  });
}
