import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CommitId, CommitMessage, NewEntry } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import { commitDateSeconds, messageText } from './commit-message.ts';
import { entriesAt, entriesTaken, requireRepositoryPath } from './entries.ts';
import { type Git, type GitPlace, gitText, placeOf } from './git-command.ts';
import { recentIdentity } from './identity.ts';
import { expectCommit, readObjects } from './objects.ts';
import { OWN_INDEX_CONFIG, withTempIndex } from './temp-index.ts';

export interface NewCommit {
  tree: string;
  parents: readonly CommitId[];
  firstParentSeconds: number | null;
  message: CommitMessage;
  identity: { name: string; email: string };
}

/** Writes a commit object. Same input, same id: the dates come from the message or the first parent. */
export function writeCommit(git: Git, at: string | GitPlace, commit: NewCommit): Promise<CommitId> {
  const { name, email } = commit.identity;
  const who = `${name} <${email}> ${commitDateSeconds(commit.message, commit.firstParentSeconds)} +0000`;
  const header = [
    `tree ${commit.tree}`,
    ...commit.parents.map((parent) => `parent ${parent}`),
    `author ${who}`,
    `committer ${who}`,
  ];
  const stdin = `${header.join('\n')}\n\n${messageText(commit.message)}`;
  return gitText(git, { ...placeOf(at), args: ['hash-object', '-t', 'commit', '-w', '--stdin'], stdin });
}

/** Commits a tree on parents (none makes a root commit). Calling again with the same input gives the same id. */
export async function commitTree(
  git: Git,
  repoDir: string,
  tree: string,
  parents: readonly CommitId[],
  message: CommitMessage,
): Promise<CommitId> {
  const [identity, [treeObject, ...parentObjects]] = await Promise.all([
    recentIdentity(git, repoDir),
    readObjects(git, repoDir, [`${tree}^{tree}`, ...parents]),
  ]);
  if (treeObject?.type !== 'tree') throw missingTree(repoDir, tree);
  const headers = parents.map((parent, index) => expectCommit(parentObjects[index], parent));
  return writeCommit(git, repoDir, {
    tree: treeObject.id,
    parents: headers.map((header) => header.id),
    firstParentSeconds: headers[0]?.dateSeconds ?? null,
    message,
    identity,
  });
}

function missingTree(repoDir: string, name: string): AppError {
  return new AppError({
    code: 'git_failed',
    message: `not a commit or tree: ${name}`,
    userMessage: `The commit ${name} is not in the repository ${repoDir} any more.`,
  });
}

const WRITES_AT_ONCE = 32;

/** Writes contents as blobs, unfiltered, with one process; ids in the order given. */
async function writeBlobs(git: Git, repoDir: string, dir: string, contents: readonly string[]): Promise<string[]> {
  await mkdir(dir);
  const files = contents.map((_content, index) => path.join(dir, String(index)));
  for (let at = 0; at < files.length; at += WRITES_AT_ONCE) {
    const portion = files.slice(at, at + WRITES_AT_ONCE);
    await Promise.all(portion.map((file, offset) => writeFile(file, contents[at + offset] ?? '')));
  }
  const text = await gitText(git, {
    args: ['hash-object', '-w', '--no-filters', '--stdin-paths'],
    cwd: repoDir,
    stdin: files.map((file) => `${file}\n`).join(''),
  });
  return text.split(/\r?\n/);
}

/**
 * Commits files on top of a parent, in memory; content null removes one, one that exists keeps its executable bit, and one
 * taken from another commit is as it is there.
 */
export async function commitFiles(
  git: Git,
  repoDir: string,
  parent: CommitId,
  files: readonly NewEntry[],
  message: CommitMessage,
  tempDir: () => string,
): Promise<CommitId> {
  for (const file of files) requireRepositoryPath(file.path);
  if (files.length === 0) return parent;
  return withTempIndex(tempDir(), async (dir, env) => {
    const own = { cwd: repoDir, env, config: OWN_INDEX_CONFIG };
    // First and alone: with a commit that is missing nothing else may be under way when the folder goes.
    const header = expectCommit((await readObjects(git, repoDir, [parent]))[0], parent);
    const taken = await entriesTaken(git, repoDir, files);
    const written = files.flatMap((file) =>
      'content' in file && file.content !== null ? [{ path: file.path, content: file.content }] : [],
    );
    const [blobs, there, identity] = await Promise.all([
      writeBlobs(
        git,
        repoDir,
        path.join(dir, 'blobs'),
        written.map((file) => file.content),
      ),
      entriesAt(
        git,
        repoDir,
        parent,
        written.map((file) => file.path),
      ),
      recentIdentity(git, repoDir),
      git({ ...own, args: ['read-tree', `${parent}^{tree}`] }),
    ]);
    const added = [
      ...written.map(({ path: name }, index) => {
        const mode = there.get(name)?.mode === '100755' ? '100755' : '100644';
        return `${mode} ${blobs[index] ?? ''}\t${name}\0`;
      }),
      ...[...taken].map(([name, { mode, id }]) => `${mode} ${id}\t${name}\0`),
    ];
    const isRemoved = (file: NewEntry) => ('from' in file ? !taken.has(file.path) : file.content === null);
    const removed = files.filter(isRemoved).map((file) => `0 ${'0'.repeat(parent.length)}\t${file.path}\0`);
    // Removals first: a folder may come where a file was.
    const stdin = [...removed, ...added].join('');
    await git({ ...own, args: ['update-index', '-z', '--index-info'], stdin });
    const tree = await gitText(git, { ...own, args: ['write-tree'] });
    if (tree === header.tree) return parent;
    return writeCommit(git, repoDir, {
      tree,
      parents: [parent],
      firstParentSeconds: header.dateSeconds,
      message,
      identity,
    });
  });
}

/** File content at a commit or tree; null when there is no file of that name. */
export async function readFile(git: Git, repoDir: string, commitOrTree: string, file: string): Promise<string | null> {
  // `<commit>:./x` would be taken relative to the current folder.
  if (/^\.{0,2}(\/|$)/.test(file)) return null;
  const [root, blob] = await readObjects(git, repoDir, [`${commitOrTree}^{tree}`, `${commitOrTree}:${file}`]);
  if (root === null || root === undefined) throw missingTree(repoDir, commitOrTree);
  return blob?.type === 'blob' ? blob.content.toString() : null;
}

/** Paths below a folder of a commit. */
export async function listFiles(git: Git, repoDir: string, commit: string, folder: string): Promise<string[]> {
  const args = ['ls-tree', '-r', '-z', '--full-tree', '--name-only', commit, '--', `${folder}/`];
  return (await gitText(git, { args, cwd: repoDir })).split('\0').filter((path) => path !== '');
}

/** Writes the files of a commit into an empty or missing folder, with the line ends that they have in the repository. */
export async function exportTree(
  git: Git,
  repoDir: string,
  commit: CommitId,
  dir: string,
  tempDir: () => string,
): Promise<void> {
  await mkdir(dir, { recursive: true });
  if ((await readdir(dir)).length > 0) {
    throw new AppError({
      code: 'git_failed',
      message: `cannot export into ${dir}: it is not empty`,
      userMessage: `The folder ${dir} must be empty before the files of a commit are written there.`,
    });
  }
  const gitDir = await gitText(git, { args: ['rev-parse', '--absolute-git-dir'], cwd: repoDir });
  await withTempIndex(tempDir(), async (_dir, env) => {
    await git({
      args: ['read-tree', '--reset', '-u', `${commit}^{tree}`],
      cwd: dir,
      env: { ...env, GIT_DIR: gitDir, GIT_WORK_TREE: dir },
      config: [...OWN_INDEX_CONFIG, 'core.autocrlf=false', 'core.eol=lf'],
    });
  });
}
