/** How a repository is named to Octokit, and to people. */

interface RepositoryName {
  owner: string;
  name: string;
}

export const slug = ({ owner, name }: RepositoryName): string => `${owner}/${name}`;

export const place = ({ owner, name }: RepositoryName): { owner: string; repo: string } => ({ owner, repo: name });

export const PAGE_SIZE = 100;
/** 1,000 entries: more than GitHub lets a commit have check suites. */
const PAGE_LIMIT = 10;

/** Every entry of a list, page by page (from 1), until one is not full. */
export async function allPages<T>(read: (page: number) => Promise<T[]>): Promise<T[]> {
  const all: T[] = [];
  for (let page = 1; page <= PAGE_LIMIT; page += 1) {
    const entries = await read(page);
    all.push(...entries);
    if (entries.length < PAGE_SIZE) break;
  }
  return all;
}
