import { branchTip, readCommits } from './git.ts';
import { pullCommits, pullFiles } from './pulls.ts';
import { repoWeb } from './shapes-repository.ts';
import type { CheckRun } from './state-checks.ts';
import type { Issue, Pull, Repo } from './state-schema.ts';
import type { World } from './world.ts';

/** The pages a person sees when a link of a run is opened. Plain HTML without scripts. */

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (letter) => ESCAPES[letter] ?? letter);

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1f2328;background:#fff}
a{color:#0550ae}pre{background:#f6f8fa;padding:.75rem;overflow:auto;white-space:pre-wrap}code{font-family:ui-monospace,monospace}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}a{color:#79c0ff}pre{background:#161b22}}`;

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head>
<body>${body}<hr><p>Local GitHub stand-in: nothing here has left this machine.</p></body></html>
`;
}

const link = (href: string, text: string): string => `<a href="${escapeHtml(href)}">${escapeHtml(text)}</a>`;
const section = (title: string, items: readonly string[]): string =>
  `<h2>${escapeHtml(title)}</h2>${items.length === 0 ? '<p>None.</p>' : `<ul>${items.map((item) => `<li>${item}</li>`).join('')}</ul>`}`;
const code = (text: string): string => `<code>${escapeHtml(text)}</code>`;
const subject = (message: string): string => message.split('\n')[0] ?? '';
const pullState = (pull: Pull): string => (pull.mergedAt === null ? pull.state : 'merged');
const runState = (run: CheckRun): string => run.conclusion ?? run.status.replace('_', ' ');

/** HTML of `/owner/repo`, `/owner/repo/pull/n`, `/owner/repo/issues/n`, of a check or of a job; null when there is no such thing. */
export async function renderPage(world: World, path: string): Promise<string | null> {
  // Names of owners and repositories need no escaping, so an escaped path names none of them.
  const job = /^(\/[^/]+\/[^/]+)\/actions\/runs\/\d+\/job\/(\d+)$/.exec(path);
  const [owner = '', name = '', kind, id, ...more] = (job === null ? path : `${job[1]}/runs/${job[2]}`)
    .split('/')
    .slice(1);
  const repo = world.store.findRepo(owner, name.replace(/\.git$/, ''));
  if (repo === undefined || more.length > 0) return null;
  if (kind === undefined || kind === '') return repositoryPage(world, repo);
  const number = Number(id);
  if (kind === 'pull') {
    const pull = world.store.state.pulls.find((entry) => entry.repoId === repo.id && entry.number === number);
    return pull === undefined ? null : pullPage(world, repo, pull);
  }
  if (kind === 'issues') {
    const issue = world.store.state.issues.find((entry) => entry.repoId === repo.id && entry.number === number);
    return issue === undefined ? null : issuePage(world, repo, issue);
  }
  if (kind === 'runs') {
    const run = world.store.state.checkRuns.find((entry) => entry.repoId === repo.id && entry.id === number);
    return run === undefined ? null : runPage(world, repo, run);
  }
  return null;
}

async function repositoryPage(world: World, repo: Repo): Promise<string> {
  const repoDir = world.store.repoDir(repo);
  const tip = await branchTip(world.git, repoDir, repo.defaultBranch);
  const commits = tip === null ? [] : await readCommits(world.git, repoDir, ['-20', tip]);
  const files = tip === null ? '' : await world.git.text(repoDir, ['ls-tree', '-r', '-z', '--name-only', tip]);
  const pulls = world.store.state.pulls.filter((pull) => pull.repoId === repo.id).reverse();
  const issues = world.store.state.issues.filter((issue) => issue.repoId === repo.id).reverse();
  const web = repoWeb(world, repo);
  return page(
    `${repo.owner}/${repo.name}`,
    `<h1>${escapeHtml(`${repo.owner}/${repo.name}`)}</h1><p>${escapeHtml(repo.description ?? '')}</p>
<p>${code(`git clone ${web}.git`)}</p>${section(
      'Pull requests',
      pulls.map(
        (pull) => `${link(`${web}/pull/${pull.number}`, `#${pull.number} ${pull.title}`)} (${pullState(pull)})`,
      ),
    )}${section(
      'Issues',
      issues.map(
        (issue) => `${link(`${web}/issues/${issue.number}`, `#${issue.number} ${issue.title}`)} (${issue.state})`,
      ),
    )}${section(
      `Commits on ${repo.defaultBranch}`,
      commits.map((commit) => `${code(commit.sha.slice(0, 7))} ${escapeHtml(subject(commit.message))}`),
    )}${section(
      'Files',
      files
        .split('\0')
        .filter((file) => file !== '')
        .slice(0, 1000)
        .map(code),
    )}`,
  );
}

async function pullPage(world: World, repo: Repo, pull: Pull): Promise<string> {
  const commits = await pullCommits(world, repo, pull);
  const files = await pullFiles(world, repo, pull);
  const web = repoWeb(world, repo);
  const checks = world.store.state.checkRuns.filter((run) => run.repoId === repo.id && run.sha === pull.headSha);
  const ofPull = (entry: { repoId: number; number: number }) =>
    entry.repoId === repo.id && entry.number === pull.number;
  const reviews = world.store.state.reviews.filter((review) => ofPull(review) && review.submittedAt !== null);
  const lines = world.store.state.reviewComments.filter(ofPull);
  return page(
    `${pull.title} · Pull request #${pull.number}`,
    `<p>${link(web, `${repo.owner}/${repo.name}`)}</p><h1>${escapeHtml(pull.title)} #${pull.number}</h1>
<p><strong>${pullState(pull)}</strong>: ${code(pull.headRef)} into ${code(pull.baseRef)}${
      pull.mergeSha === null ? '' : `, as ${code(pull.mergeSha.slice(0, 7))}`
    }</p><pre>${escapeHtml(pull.body ?? '')}</pre>${section(
      'Checks',
      checks.map(
        (run) => `${link(`${web}/runs/${run.id}`, run.name)}: ${runState(run)} ${escapeHtml(run.title ?? '')}`,
      ),
    )}${section(
      'Commits',
      commits.map((commit) => `${code(commit.sha.slice(0, 7))} ${escapeHtml(subject(commit.message))}`),
    )}${section(
      'Files',
      files.map(
        (file) =>
          `${code(file.path)} ${file.status} +${file.additions} −${file.deletions}<details><summary>Diff</summary><pre>${escapeHtml(
            file.patch ?? 'No text.',
          )}</pre></details>`,
      ),
    )}${section(
      'Reviews',
      reviews.map((review) => said(review.login, review.state.toLowerCase().replace('_', ' '), review.body)),
    )}${section(
      'Comments on lines',
      lines.map((comment) => said(comment.login, `${comment.path}:${comment.line ?? ''}`, comment.body)),
    )}${commentSection(world, repo, pull.number)}`,
  );
}

const said = (login: string, where: string, body: string): string =>
  `<strong>${escapeHtml(login)}</strong> ${escapeHtml(where)}<pre>${escapeHtml(body)}</pre>`;

function commentSection(world: World, repo: Repo, number: number): string {
  const comments = world.store.state.comments.filter((entry) => entry.repoId === repo.id && entry.number === number);
  return section(
    'Comments',
    comments.map((comment) => said(comment.login, '', comment.body)),
  );
}

function issuePage(world: World, repo: Repo, issue: Issue): string {
  const labels = issue.labels.map(code).join(' ');
  return page(
    `${issue.title} · Issue #${issue.number}`,
    `<p>${link(repoWeb(world, repo), `${repo.owner}/${repo.name}`)}</p><h1>${escapeHtml(issue.title)} #${issue.number}</h1>
<p><strong>${issue.state}</strong> by ${escapeHtml(issue.login)} ${labels}</p><pre>${escapeHtml(issue.body ?? '')}</pre>${commentSection(
      world,
      repo,
      issue.number,
    )}`,
  );
}

function runPage(world: World, repo: Repo, run: CheckRun): string {
  const log = world.store.state.jobs.find(({ id }) => id === run.id)?.log;
  return page(
    `Check ${run.name}`,
    `<p>${link(repoWeb(world, repo), `${repo.owner}/${repo.name}`)}</p><h1>Check ${escapeHtml(run.name)}: ${runState(run)}</h1>
<p>${code(run.sha)} ${escapeHtml(run.title ?? '')}</p><pre>${escapeHtml(log ?? run.summary ?? '')}</pre>`,
  );
}
