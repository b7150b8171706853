import { join } from 'node:path';
import { Octokit } from '@octokit/rest';
import { watchTraffic } from '../../../test/specs/traffic.ts';
import { type GithubStandInOptions, startGithubStandIn } from './stand-in.ts';
import { createGitPusher, runGit, temporaryFolder } from './test-support.ts';

/** For tests only: a stand-in with one repository, GitHub's own client for it, and git. Its answers are held to GitHub's description. */
export const OWNER = 'local-developer';

export const basic = (token: string): string => `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;

export type Rig = Awaited<ReturnType<typeof openRig>>;

export async function openRig(options: Omit<GithubStandInOptions, 'dataDir'> = {}) {
  const folder = await temporaryFolder();
  const standIn = await startGithubStandIn({ runChecks: false, ...options, dataDir: join(folder.path, 'data') });
  // What a test asks may be wrong on purpose; what is answered may not.
  const traffic = watchTraffic('github', standIn.apiUrl, { requests: 'none' });
  const clientOf = (token: string): Octokit =>
    new Octokit({ auth: token, baseUrl: standIn.apiUrl, log: { debug() {}, info() {}, warn() {}, error() {} } });
  const pusher = createGitPusher(folder, basic(standIn.token));
  const octokit = clientOf(standIn.token);
  await octokit.rest.repos.createForAuthenticatedUser({ name: 'shop' });
  const place = { owner: OWNER, repo: 'shop' };
  const url = `${standIn.url}/${OWNER}/shop.git`;
  await pusher.push(url, 'main', null, { 'README.md': 'one\ntwo\nthree\n' });
  return {
    standIn,
    octokit,
    /** The client of another person. */
    as: clientOf,
    place,
    url,
    pusher,
    /** Commits files on main to a branch and opens a pull request of it. */
    async openPull(branch: string, files: Record<string, string>, more: { draft?: boolean; body?: string } = {}) {
      const head = await pusher.push(url, branch, 'main', files);
      const { data } = await octokit.rest.pulls.create({
        ...place,
        title: branch,
        head: branch,
        base: 'main',
        ...more,
      });
      return { number: data.number, head, id: data.node_id };
    },
    pull: async (number: number) => (await octokit.rest.pulls.get({ ...place, pull_number: number })).data,
    git: (token: string, ...args: string[]) => runGit(folder.path, args, basic(token)),
    async close() {
      await standIn.close();
      await folder.remove();
      traffic.close();
      await traffic.assertClean();
    },
  };
}

export interface Refusal {
  status: number;
  message: string;
  headers: Record<string, string | number | undefined>;
  data: { message: string; errors?: unknown[] };
}

/** What a call is refused with; fails when it is answered. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call;
  } catch (error) {
    const refused = error as { status: number; response?: { headers: Refusal['headers']; data: Refusal['data'] } };
    const { status, response } = refused;
    if (response === undefined) throw error;
    return { status, message: response.data.message, headers: response.headers, data: response.data };
  }
  throw new Error('The call was answered.');
}
