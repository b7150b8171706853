import { basename } from 'node:path';
import type { Repository } from '../../core/ports.ts';
import { commitFiles, commitTree, exportTree, listFiles, readFile } from './commits.ts';
import { changedFiles, patch } from './diff.ts';
import { land, landAgain } from './land.ts';
import { hasCommonHistory, merge, mergeBase } from './merge.ts';
import { fileSizes } from './objects.ts';
import { openRepository } from './open.ts';
import { listRefs, readRef, setRef } from './refs.ts';
import { fetch, originUrl, push } from './remote.ts';
import { repositoryMap } from './repository-map.ts';
import { openGit } from './run-git.ts';
import { trustedGit } from './trusted-git.ts';
import { parents, undo } from './undo.ts';
import { commitWorktree } from './worktree-commit.ts';
import {
  checkoutTree,
  findWorktree,
  GONE,
  openWorktree,
  removeWorktree,
  resetWorktree,
  type Trash,
  uncommitted,
} from './worktrees.ts';

interface RepositoryOptions {
  /** Gives the folder for temporary files; called when one is needed. */
  tempDir: () => string;
  /** Default `git`, looked up in PATH. */
  gitBinary?: string;
}

/**
 * The `Repository` port on the installed git, 2.38 or newer. Holds no state but the last commit of each worktree, which
 * saves reading it again, and processes that stay until `close`. Any number of calls may run at the same time, except two
 * that change the same worktree.
 *
 * `commitFiles`, `commitTree` and `commitWorktree` give the same commit id for the same input: author and committer
 * date are those of the trailer `Orchestrator-At` (ISO; not kept in the text), else one second after the first parent.
 */
export function createRepository({ tempDir, gitBinary }: RepositoryOptions): Repository {
  const { git, close } = openGit(tempDir, gitBinary);
  const network = trustedGit(git, tempDir);
  const trash: Trash = new Set();
  return {
    open: (workspaceDir, signal) => openRepository(git, workspaceDir, signal),
    map: (repoDir, commit, tokenBudget) => repositoryMap(git, repoDir, commit, tokenBudget),
    readRef: (repoDir, ref) => readRef(git, repoDir, ref),
    setRef: (repoDir, ref, commit, expected) => setRef(git, repoDir, ref, commit, expected),
    listRefs: (repoDir, prefix) => listRefs(git, repoDir, prefix),
    commitFiles: (repoDir, parent, files, message) => commitFiles(git, repoDir, parent, files, message, tempDir),
    openWorktree: (repoDir, dir, commit) => openWorktree(git, repoDir, dir, commit),
    findWorktree: (repoDir, dir, commit) => findWorktree(git, repoDir, dir, commit),
    resetWorktree: (dir, commit) => resetWorktree(git, dir, commit),
    checkoutTree: (dir, tree) => checkoutTree(git, dir, tree),
    commitWorktree: (dir, parents, ref, message) => commitWorktree(git, dir, parents, ref, message),
    uncommitted: (dir) => uncommitted(git, dir),
    removeWorktree: (repoDir, dir) => removeWorktree(git, trash, repoDir, dir),
    isGivenUp: (dir) => GONE.test(basename(dir)),
    discardWorktree(repoDir, dir) {
      const removing = removeWorktree(git, trash, repoDir, dir).finally(() => trash.delete(removing));
      trash.add(removing);
    },
    merge: (repoDir, ours, theirs) => merge(git, repoDir, ours, theirs),
    mergeBase: (repoDir, a, b) => mergeBase(git, repoDir, a, b),
    hasCommonHistory: (repoDir, a, b) => hasCommonHistory(git, repoDir, a, b),
    originUrl: (repoDir) => originUrl(git, repoDir),
    commitTree: (repoDir, tree, parents, message) => commitTree(git, repoDir, tree, parents, message),
    parents: (repoDir, commit) => parents(git, repoDir, commit),
    undo: (repoDir, head, change) => undo(git, repoDir, head, change),
    changedFiles: (repoDir, from, to) => changedFiles(git, repoDir, from, to),
    patch: (repoDir, from, to, maxBytes) => patch(git, repoDir, from, to, maxBytes),
    readFile: (repoDir, commitOrTree, path) => readFile(git, repoDir, commitOrTree, path),
    fileSizes: (repoDir, commit, paths) => fileSizes(git, repoDir, commit, paths),
    listFiles: (repoDir, commit, folder) => listFiles(git, repoDir, commit, folder),
    exportTree: (repoDir, commit, dir) => exportTree(git, repoDir, commit, dir, tempDir),
    land: (state, branch, commit) => land(git, state, branch, commit),
    landAgain: (state, branch, from, commit) => landAgain(git, state, branch, from, commit),
    push: (repoDir, url, refspecs, authorization, signal) =>
      push(network, repoDir, url, refspecs, authorization, signal),
    async close() {
      close();
      while (trash.size > 0) await Promise.all(trash);
    },
    fetch: (repoDir, url, branch, authorization, signal) => fetch(network, repoDir, url, branch, authorization, signal),
  };
}
