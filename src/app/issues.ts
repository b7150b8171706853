import type { Forge, IssuePlace, Repository } from '../core/ports.ts';
import type { Brief } from '../protocol/brief.ts';
import { AppError } from '../protocol/errors.ts';
import type { IssueRef } from '../protocol/work.ts';
import { openedRepository } from './delete-run.ts';
import { briefOfIssue } from './issue-brief.ts';

/** Issues of GitHub that a run may be started from. */
export interface Issues {
  /**
   * `ref`: `owner/repo#12`, its web address, or `#12` of the workspace's `origin`. Throws `usage` for a workspace from which
   * nothing could be pushed into the issue's repository: a run would find that out after its work is paid.
   */
  read(ref: string, workspaceDir: string, signal: AbortSignal): Promise<{ issue: IssueRef; brief: Brief }>;
  /** Open ones of the workspace's `origin`, the last changed first; none without such an `origin`. */
  open(workspaceDir: string, signal: AbortSignal): Promise<IssueRef[]>;
}

export interface IssuesParts {
  forge: Pick<Forge, 'recognise' | 'issue' | 'issues' | 'findRepository' | 'gitAuthorization'>;
  repository: Pick<Repository, 'open' | 'originUrl' | 'fetch' | 'hasCommonHistory'>;
}

export function createIssues({ forge, repository }: IssuesParts): Issues {
  const originOf = async (workspaceDir: string): Promise<{ owner: string; name: string } | null> => {
    const opened = await openedRepository({ repository }, workspaceDir);
    const url = opened === null ? null : await repository.originUrl(opened.repoDir);
    return url === null ? null : forge.recognise(url);
  };

  const placeOf = async (ref: string, workspaceDir: string): Promise<IssuePlace> => {
    const text = ref.trim();
    const short = /^(?:([A-Za-z0-9-]+)\/([A-Za-z0-9._-]+))?#([1-9]\d{0,9})$/.exec(text);
    if (short !== null) {
      const [, owner, name, number] = short;
      if (owner !== undefined && name !== undefined) return { owner, name, number: Number(number) };
      const origin = await originOf(workspaceDir);
      if (origin !== null) return { ...origin, number: Number(number) };
      throw new AppError({
        code: 'usage',
        message: `${text} in ${workspaceDir}, which has no origin on GitHub`,
        userMessage: `${text} needs a repository: ${workspaceDir} has no "origin" on the configured GitHub. Write owner/repo${text}.`,
      });
    }
    const web = /^(https?:\/\/.+)\/issues\/([1-9]\d{0,9})\/?(?:[?#].*)?$/.exec(text);
    const found = web?.[1] === undefined ? null : forge.recognise(web[1]);
    if (found !== null) return { ...found, number: Number(web?.[2]) };
    throw new AppError({
      code: 'usage',
      message: `"${text}" is no issue`,
      userMessage: `"${text}" is no issue of the configured GitHub. Write owner/repo#12, its web address, or #12 in a clone.`,
    });
  };

  const requireHistory = async ({ owner, name }: IssuePlace, workspaceDir: string, signal: AbortSignal) => {
    const opened = await openedRepository({ repository }, workspaceDir);
    const url = opened === null ? null : await repository.originUrl(opened.repoDir);
    const origin = url === null ? null : forge.recognise(url);
    if (origin !== null && isSame(origin, { owner, name })) return;
    const found = await forge.findRepository({ owner, name }, signal);
    if (found.empty) return;
    if (opened !== null) {
      const authorization = forge.gitAuthorization();
      const head = await repository.fetch(opened.repoDir, found.cloneUrl, found.defaultBranch, authorization, signal);
      if (await repository.hasCommonHistory(opened.repoDir, opened.baseCommit, head)) return;
    }
    throw new AppError({
      code: 'usage',
      message: `${workspaceDir} has no history in common with ${owner}/${name}`,
      userMessage: `${owner}/${name} has code, and the workspace ${workspaceDir} is no clone of it. Work in one: git clone ${found.cloneUrl}`,
    });
  };

  return {
    async read(ref, workspaceDir, signal) {
      const issue = await forge.issue(await placeOf(ref, workspaceDir), signal);
      await requireHistory(issue, workspaceDir, signal);
      const { owner, name, number, url, title } = issue;
      return { issue: { owner, name, number, url, title }, brief: briefOfIssue(issue) };
    },
    async open(workspaceDir, signal) {
      const origin = await originOf(workspaceDir);
      if (origin === null) return [];
      const issues = await forge.issues(origin, signal);
      return issues.map(({ owner, name, number, url, title }) => ({ owner, name, number, url, title }));
    },
  };
}

/** GitHub does not tell capital letters apart. */
function isSame(a: { owner: string; name: string }, b: { owner: string; name: string }): boolean {
  return `${a.owner}/${a.name}`.toLowerCase() === `${b.owner}/${b.name}`.toLowerCase();
}
