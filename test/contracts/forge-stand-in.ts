import { createForge, type GithubForgeOptions } from '../../src/adapters/github/forge.ts';
import type { ForgeRepository } from '../../src/core/ports.ts';
import { type GithubStandIn, startGithubStandIn } from '../../src/sandbox/github/stand-in.ts';
import { apiClient, createGitPusher, temporaryFolder, until } from '../../src/sandbox/github/test-support.ts';
import { USER_LOGIN } from '../../src/sandbox/github/user-login.ts';
import type { ForgeHarness } from './forge-harness.ts';

const REVIEWER = { login: 'grace', token: 'ghp_grace', association: 'COLLABORATOR' } as const;
const OUTSIDER = { login: 'mallory', token: 'ghp_mallory', association: 'NONE' } as const;
/** May write, with a token that may not. */
const LIMITED = { login: 'linus', token: 'ghp_linus', association: 'MEMBER', scopes: ['gist'] } as const;
/** Short, so that no test waits for the next look. */
const POLL_MS = 20;
const QUEUE_CHECK = 'queue';

type Rule = Parameters<GithubStandIn['setRules']>[3][number];

export interface StandInHarness extends ForgeHarness {
  standIn: GithubStandIn;
  /** Of a member, without the scope `repo`. */
  limitedToken: string;
  another(options?: Partial<GithubForgeOptions>): ForgeHarness['forge'];
}

/** The adapter with the stand-in: real HTTP, real git, and people with tokens of their own. */
export async function startForgeHarness(): Promise<StandInHarness> {
  const folder = await temporaryFolder();
  const users = [REVIEWER, OUTSIDER, LIMITED];
  const standIn = await startGithubStandIn({ dataDir: folder.path, runChecks: false, users });
  const warnings: string[] = [];
  const log = {
    info() {},
    warn: (message: string, fields?: unknown) => void warnings.push(`${message} ${JSON.stringify(fields)}`),
  };
  const another = (more: Partial<GithubForgeOptions> = {}) =>
    createForge({ token: standIn.token, apiUrl: standIn.apiUrl, log, pollMs: POLL_MS, retryBaseMs: POLL_MS, ...more });
  const forge = another();
  const pusher = createGitPusher(folder, forge.gitAuthorization());
  const own = apiClient(standIn.apiUrl, standIn.token);
  const graphql = apiClient(new URL('/api', standIn.apiUrl).href, standIn.token);
  const people = {
    own,
    reviewer: apiClient(standIn.apiUrl, REVIEWER.token),
    outsider: apiClient(standIn.apiUrl, OUTSIDER.token),
  };
  const at = ({ owner, name }: ForgeRepository): string => `/repos/${owner}/${name}`;
  const rules = new Map<string, Rule[]>();
  const addRules = (repository: ForgeRepository, branch: string, more: Rule[]): void => {
    const key = `${at(repository)} ${branch}`;
    const all = [...(rules.get(key) ?? []), ...more];
    rules.set(key, all);
    standIn.setRules(repository.owner, repository.name, branch, all);
  };
  const setQueueCheck = (repository: ForgeRepository, commit: string, state: 'success' | 'failure') =>
    own.must(201, 'POST', `${at(repository)}/statuses/${commit}`, { state, context: QUEUE_CHECK });
  /** What the queue of the branch tests. */
  const groupOf = ({ owner, name }: ForgeRepository, branch: string): Promise<string> =>
    until(async () => {
      const path = `/repos/${owner}/${name}/git/matching-refs/heads/gh-readonly-queue/${branch}`;
      const found = await own.must<{ object: { sha: string } }[]>(200, 'GET', path);
      return found.body[0]?.object.sha ?? null;
    });

  return {
    forge,
    standIn,
    limitedToken: LIMITED.token,
    another,
    warnings,
    reviewer: REVIEWER.login,
    outsider: OUTSIDER.login,
    own: USER_LOGIN,
    stranger: createForge({ token: 'ghp_unknown', apiUrl: standIn.apiUrl }),
    push: ({ cloneUrl }, branch, from, files) => pusher.push(cloneUrl, branch, from, files),
    deleteBranch: ({ cloneUrl }, branch) => pusher.deleteBranch(cloneUrl, branch),
    tip: ({ cloneUrl }, branch) => pusher.tip(cloneUrl, branch),
    async extras(repository, number) {
      const { body } = await own.must<{
        draft: boolean;
        labels: { name: string }[];
        requested_reviewers: { login: string }[];
        requested_teams: { slug: string }[];
      }>(200, 'GET', `${at(repository)}/pulls/${number}`);
      return {
        draft: body.draft,
        labels: body.labels.map((label) => label.name),
        reviewers: body.requested_reviewers.map(({ login }) => login),
        teams: body.requested_teams.map(({ slug }) => slug),
      };
    },
    async say(repository, number, by, words) {
      const { must } = people[by];
      const pull = `${at(repository)}/pulls/${number}`;
      if (words.kind === 'talk') {
        const path = `${at(repository)}/issues/${number}/comments`;
        return String((await must<{ id: number }>(201, 'POST', path, { body: words.body })).body.id);
      }
      if (words.kind === 'remark') {
        const head = (await own.must<{ head: { sha: string } }>(200, 'GET', pull)).body.head.sha;
        const remark = { body: words.body, path: words.file, line: words.line, commit_id: head };
        const made = await must<{ id: number }>(201, 'POST', `${pull}/comments`, remark);
        return String(made.body.id);
      }
      const review = { event: words.kind.toUpperCase(), body: words.body };
      return String((await must<{ id: number }>(200, 'POST', `${pull}/reviews`, review)).body.id);
    },
    rename: (repository, name) => standIn.rename(repository.owner, repository.name, name),
    // The suite of the adapter's reviews covers threads.
    canResolve: false,
    async settle(repository, number, said) {
      const path = `${at(repository)}/pulls/${number}/reviews/${said}/dismissals`;
      await own.must(200, 'PUT', path, { message: 'Settled.' });
    },
    async edit(repository, _number, said, body) {
      await own.must(200, 'PATCH', `${at(repository)}/issues/comments/${said}`, { body });
    },
    async requireReview(repository, branch) {
      const parameters = { required_approving_review_count: 1 };
      addRules(repository, branch, [{ type: 'pull_request', parameters }]);
    },
    async requireUpToDate(repository, branch) {
      const protection = {
        required_status_checks: { strict: true, contexts: [] },
        enforce_admins: true,
        required_pull_request_reviews: null,
        restrictions: null,
      };
      await own.must(200, 'PUT', `${at(repository)}/branches/${branch}/protection`, protection);
    },
    async useQueue(repository, branch) {
      // The check keeps the first of the queue in it until `runQueue`; the heads that are there have passed it.
      const parameters = { required_status_checks: [{ context: QUEUE_CHECK }] };
      addRules(repository, branch, [{ type: 'merge_queue' }, { type: 'required_status_checks', parameters }]);
      const pulls = await own.must<{ head: { sha: string } }[]>(200, 'GET', `${at(repository)}/pulls`);
      for (const { head } of pulls.body) await setQueueCheck(repository, head.sha, 'success');
    },
    async runQueue(repository, branch) {
      await setQueueCheck(repository, await groupOf(repository, branch), 'success');
    },
    async emptyQueue(repository, branch, by) {
      const group = await groupOf(repository, branch);
      if (by === 'checks') return void (await setQueueCheck(repository, group, 'failure'));
      const [first] = (await own.must<{ node_id: string }[]>(200, 'GET', `${at(repository)}/pulls`)).body;
      const query = 'mutation ($id: ID!) { dequeuePullRequest(input: {id: $id}) { clientMutationId } }';
      await graphql.must(200, 'POST', '/graphql', { query, variables: { id: first?.node_id } });
    },
    async addIssue(repository, { state, ...issue }) {
      const made = await own.must<{ number: number }>(201, 'POST', `${at(repository)}/issues`, issue);
      const path = `${at(repository)}/issues/${made.body.number}`;
      if (state === 'closed') await own.must(200, 'PATCH', path, { state });
      return made.body.number;
    },
    async addWorkflow(repository, file, { outcome, log: text }) {
      const command = { passed: '', failed: '; exit 3', hangs: '; sleep 600' }[outcome ?? 'passed'];
      const trigger = outcome === null ? 'push' : 'workflow_dispatch';
      const content = [
        'name: Deploy',
        `on: [${trigger}]`,
        'jobs:',
        '  ship:',
        '    runs-on: ubuntu-latest',
        '    steps:',
        `      - run: "echo '${text}'${command}"`,
        '',
      ].join('\n');
      await pusher.push(repository.cloneUrl, 'main', 'main', { [`.github/workflows/${file}`]: content });
    },
    async close() {
      await standIn.close();
      await folder.remove();
    },
  };
}
