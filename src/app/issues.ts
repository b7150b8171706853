import type { Forge, IssuePlace, Repository } from '../core/ports.ts';
import type { Brief } from '../protocol/brief.ts';
import { AppError } from '../protocol/errors.ts';
import type { IssueRef } from '../protocol/work.ts';
import { repositoryOf } from './delete-run.ts';
import { briefOfIssue } from './issue-brief.ts';

/** Issues of GitHub that a run may be started from. */
export interface Issues {
  /** `ref`: `owner/repo#12`, its web address, or `#12` of the workspace's `origin`. */
  read(ref: string, workspaceDir: string, signal: AbortSignal): Promise<{ issue: IssueRef; brief: Brief }>;
  /** Open ones of the workspace's `origin`, the last changed first; none without such an `origin`. */
  open(workspaceDir: string, signal: AbortSignal): Promise<IssueRef[]>;
}

export interface IssuesParts {
  forge: Pick<Forge, 'recognise' | 'issue' | 'issues'>;
  repository: Pick<Repository, 'open' | 'originUrl'>;
}

export function createIssues({ forge, repository }: IssuesParts): Issues {
  const originOf = async (workspaceDir: string): Promise<{ owner: string; name: string } | null> => {
    const repoDir = await repositoryOf({ repository }, workspaceDir);
    const url = repoDir === null ? null : await repository.originUrl(repoDir);
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

  return {
    async read(ref, workspaceDir, signal) {
      const issue = await forge.issue(await placeOf(ref, workspaceDir), signal);
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
