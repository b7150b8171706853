import type { RestEndpointMethodTypes } from '@octokit/rest';
import { type Git, resolveCommit } from './git.ts';
import { ApiError, type Call, notFound, type Reply, type Route, reply } from './http.ts';
import { repoOf } from './routes-repos.ts';
import { repoApi, repoWeb } from './shapes-repository.ts';
import type { Repo } from './state-schema.ts';
import type { World } from './world.ts';

type ContentJson = RestEndpointMethodTypes['repos']['getContent']['response']['data'];
type FileJson = Extract<ContentJson, { type: 'file' }>;
type EntryJson = Extract<ContentJson, readonly unknown[]>[number];

/** Larger files have no content in this answer, and beyond the second limit none at all. */
const CONTENT_LIMIT_BYTES = 1024 * 1024;
const FILE_LIMIT_BYTES = 100 * 1024 * 1024;

interface TreeEntry {
  mode: string;
  sha: string;
  size: number;
  path: string;
}

/** One entry of the tree for a path, or those below it when it ends with a slash. */
async function treeEntries(git: Git, repoDir: string, sha: string, path: string): Promise<TreeEntry[]> {
  const place = path === '' ? [] : ['--', path];
  const text = await git.text(repoDir, ['ls-tree', '-z', '-l', '--full-tree', sha, ...place]);
  return text
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const [head = '', name = ''] = line.split('\t');
      const [mode = '', , id = '', size = ''] = head.split(/ +/);
      return { mode, sha: id, size: Number(size) || 0, path: name };
    });
}

const kindOf = ({ mode }: TreeEntry): 'dir' | 'submodule' | 'symlink' | 'file' =>
  mode === '040000' ? 'dir' : mode === '160000' ? 'submodule' : mode === '120000' ? 'symlink' : 'file';

function entryUrls(world: World, repo: Repo, entry: TreeEntry, ref: string) {
  const path = entry.path.split('/').map(encodeURIComponent).join('/');
  const kind = kindOf(entry) === 'dir' ? 'tree' : 'blob';
  const url = `${repoApi(world, repo)}/contents/${path}?ref=${encodeURIComponent(ref)}`;
  const gitUrl = `${repoApi(world, repo)}/git/${kind}s/${entry.sha}`;
  const page = `${repoWeb(world, repo)}/${kind}/${ref}/${path}`;
  return {
    name: entry.path.split('/').at(-1) ?? '',
    path: entry.path,
    sha: entry.sha,
    size: entry.size,
    url,
    html_url: page,
    git_url: gitUrl,
    download_url: kind === 'tree' ? null : `${repoWeb(world, repo)}/raw/${ref}/${path}`,
    _links: { self: url, git: gitUrl, html: page },
  };
}

async function getContents(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const repoDir = world.store.repoDir(repo);
  const ref = call.query.get('ref') ?? repo.defaultBranch;
  const commit = await resolveCommit(world.git, repoDir, ref);
  if (commit === null) {
    throw call.query.has('ref') ? new ApiError(404, `No commit found for the ref ${ref}`) : emptyOrNot();
  }
  const path = (call.params.path ?? '').replaceAll(/^\/+|\/+$/g, '');
  if (path.split('/').includes('..')) throw notFound();
  const [entry] = path === '' ? [] : await treeEntries(world.git, repoDir, commit, path);
  if (path !== '' && entry === undefined) throw notFound();
  if (entry !== undefined && kindOf(entry) !== 'dir') return reply(200, await fileJson(world, repo, entry, ref));
  const below = await treeEntries(world.git, repoDir, commit, path === '' ? '' : `${path}/`);
  const entries: EntryJson[] = below.map((found) => {
    const kind = kindOf(found);
    // GitHub lists a link as one and a submodule as a file, for the sake of old clients.
    return {
      type: kind === 'submodule' ? 'file' : kind === 'symlink' ? 'symlink' : kind,
      ...entryUrls(world, repo, found, ref),
    } as EntryJson;
  });
  return reply(200, entries);
}

const emptyOrNot = (): ApiError => new ApiError(404, 'This repository is empty.');

async function fileJson(world: World, repo: Repo, entry: TreeEntry, ref: string): Promise<FileJson> {
  if (entry.size > FILE_LIMIT_BYTES) {
    throw new ApiError(
      403,
      'This API returns blobs up to 100 MB in size. The requested blob is too large to fetch via the API.',
      [{ resource: 'Blob', field: 'data', code: 'too_large' }],
    );
  }
  const isLarge = entry.size > CONTENT_LIMIT_BYTES;
  const content = isLarge ? '' : await world.git.base64(world.store.repoDir(repo), ['cat-file', 'blob', entry.sha]);
  return {
    type: 'file',
    encoding: isLarge ? 'none' : 'base64',
    ...entryUrls(world, repo, entry, ref),
    content: content.replaceAll(/.{1,60}/g, '$&\n'),
  };
}

export function contentRoutes(world: World): Route[] {
  const contents = '/repos/:owner/:repo/contents';
  return [
    { method: 'GET', path: contents, handle: (call) => getContents(world, call) },
    { method: 'GET', path: `${contents}/*path`, handle: (call) => getContents(world, call) },
  ];
}
