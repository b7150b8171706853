import type { Ctx } from '../engine/port.ts';
import { inertLine, inertText, OWN_MARK, withoutSkips } from '../inert-text.ts';
import type { Repository } from '../ports.ts';
import type { CommitInput } from './commit-input.ts';
import type { BuildInput } from './policy.ts';
import { HOW_TO_ASK } from './review-requests.ts';
import type { Services } from './services.ts';

/** Where GitHub looks for the project's own template, in its order. */
const TEMPLATES = ['.github', '.', 'docs'].flatMap((folder) =>
  ['pull_request_template.md', 'PULL_REQUEST_TEMPLATE.md'].map((name) => (folder === '.' ? name : `${folder}/${name}`)),
);

/** The text of the project's template as of the commit, or null. */
export async function readTemplate(repository: Repository, repoDir: string, commit: string): Promise<string | null> {
  for (const path of TEMPLATES) {
    const text = await repository.readFile(repoDir, commit, path);
    if (text !== null) return text.trim();
  }
  return null;
}

/** A brief's name as the title of a pull request and of its merge. */
export function pullRequestTitle(name: string): string {
  return inertLine(name) || 'Untitled';
}

/** The words by which GitHub closes the issue when the pull request is merged; '' without one. */
function closing({ issue }: Pick<BuildInput, 'issue'>, repository: { owner: string; name: string }): string {
  if (issue == null) return '';
  const isHere = issue.owner === repository.owner && issue.name === repository.name;
  return `Closes ${isHere ? '' : `${issue.owner}/${issue.name}`}#${issue.number}\n\n`;
}

/** GitHub refuses more than 65,536. */
const MOST_CHARACTERS = 60_000;

/**
 * The project's own template first, then what, why, evidence, cost, cut where GitHub would refuse it; at its end, how to ask for
 * a change. What issues and models say is inert in it; the template is the project's own.
 */
export function pullRequestBody(
  ctx: Pick<Ctx, 'rootRunId'>,
  services: { ledger: Pick<Services['ledger'], 'totals'> },
  input: Pick<BuildInput, 'brief' | 'issue'>,
  work: Pick<CommitInput, 'plan' | 'evidence' | 'commit' | 'files'>,
  place: { repository: { owner: string; name: string }; template: string | null },
): string {
  const requirements = input.brief.requirements.map((text, index) => `${index + 1}. ${inertText(text)}`).join('\n');
  const subtasks = work.plan.subtasks.map((s) => `- **${s.id}**: ${inertLine(s.title)}`).join('\n');
  const evidence = work.evidence
    .map(
      (e) =>
        `| \`${withoutSkips(e.command).replaceAll('|', '\\|')}\` | ${e.outcome} | ${e.exitCode ?? ''} | ${(e.durationMs / 1000).toFixed(1)} s |`,
    )
    .join('\n');
  const { settledUsd, calls } = services.ledger.totals(ctx.rootRunId);
  const template = place.template === null ? '' : `${place.template}\n\n---\n\n`;
  const text = `${template}${closing(input, place.repository)}## What
${inertText(work.plan.summary)}

${subtasks}

## Why
${inertText(input.brief.description)}

${requirements}

## Evidence
Run by the host on commit ${work.commit}; ${work.files.length} files changed.

| check | outcome | exit code | time |
| --- | --- | --- | --- |
${evidence || '| (the plan names no integration checks) | | | |'}

## Cost
${settledUsd.toFixed(2)} USD in ${calls} model calls so far.
`;
  const cut =
    text.length > MOST_CHARACTERS
      ? `${text.slice(0, MOST_CHARACTERS).toWellFormed()}…\n\n**The text was cut here**: GitHub takes no longer one. The rest is in the records of the run.\n`
      : text;
  return `${cut}\n${HOW_TO_ASK}\n\nRun ${ctx.rootRunId}\n${OWN_MARK}\n`;
}
