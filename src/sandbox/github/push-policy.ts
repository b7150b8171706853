import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Account, mayPushWorkflows } from './accounts.ts';
import { type Demand, demandsOf, missingChecks, protectionOf } from './requirements.ts';
import type { Repo } from './state-schema.ts';
import type { World } from './world.ts';

/**
 * What a push may not do is told to git's own hook by a file of lines `kind TAB ref TAB value`: `keep` forbids to delete the
 * branch, `forward` to force it, `allow` names a commit that may come, `deny` forbids every other, `workflow` every change of
 * a workflow. The value is the sentence to refuse with, its lines parted by `|`.
 */
const HOOK = `#!/bin/sh
zero=0000000000000000000000000000000000000000
tab=$(printf '\\t')
failed=0
refuse() {
  printf '%s\\n' "$1" | tr '|' '\\n' | sed 's/^/error: /' >&2
  failed=1
}
[ -f "$STAND_IN_PUSH_POLICY" ] || exit 0
while read -r old new ref; do
  while IFS="$tab" read -r kind name value; do
    [ "$name" = "$ref" ] || [ "$name" = '*' ] || continue
    case "$kind" in
      keep) if [ "$new" = "$zero" ]; then refuse "$value"; break; fi ;;
      forward)
        if [ "$old" != "$zero" ] && [ "$new" != "$zero" ] && ! git merge-base --is-ancestor "$old" "$new"; then
          refuse "$value"; break
        fi ;;
      workflow)
        if [ "$new" != "$zero" ]; then
          file=$(git log -1 --format= --name-only "$new" --not --all -- .github/workflows | head -n 1)
          if [ -n "$file" ]; then
            refuse "refusing to allow a Personal Access Token to create or update workflow \\\`$file\\\` without \\\`workflow\\\` scope"
            break
          fi
        fi ;;
      allow) if [ "$new" = "$value" ]; then break; fi ;;
      deny) refuse "$value"; break ;;
    esac
  done < "$STAND_IN_PUSH_POLICY"
done
exit $failed
`;

/** Lays the hook and its policy down, and gives what the environment of the push must have. */
export async function writePushPolicy(world: World, repo: Repo, user: Account): Promise<Record<string, string>> {
  const repoDir = world.store.repoDir(repo);
  const hooks = join(repoDir, 'hooks');
  mkdirSync(hooks, { recursive: true });
  writeFileSync(join(hooks, 'pre-receive'), HOOK, { mode: 0o755 });
  const file = join(repoDir, 'push-policy');
  const lines = mayPushWorkflows(user) ? [] : ['workflow\t*\t'];
  const branches = new Set(
    [...world.store.state.protections, ...world.store.state.rules]
      .filter(({ repoId }) => repoId === repo.id)
      .map(({ branch }) => branch),
  );
  for (const branch of branches) lines.push(...linesOf(world, repo, branch, user));
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  return { STAND_IN_PUSH_POLICY: file };
}

function linesOf(world: World, repo: Repo, branch: string, user: Account): string[] {
  const ref = `refs/heads/${branch}`;
  const lines: string[] = [];
  const protection = protectionOf(world, repo, branch);
  const refusal = (text: string): string => `GH006: Protected branch update failed for ${ref}.|${text}`;
  if (protection?.deletions === false) lines.push(`keep\t${ref}\t${refusal('Cannot delete this branch')}`);
  if (protection?.forcePushes === false) lines.push(`forward\t${ref}\t${refusal('Cannot force-push to this branch')}`);
  const isAdmin = world.accounts.role(repo, user.login) === 'admin';
  for (const demand of demandsOf(world, repo, branch)) {
    if (demand.sparesAdmins && isAdmin) continue;
    const texts = refusalsOf(world, repo, demand);
    if (texts.length === 0) continue;
    const needsPull = demand.approvals !== null || demand.mergeQueue;
    const passed = needsPull ? [] : commitsThatPass(world, repo, demand.contexts);
    lines.push(...passed.map((sha) => `allow\t${ref}\t${sha}`));
    const text =
      demand.source === 'protection'
        ? refusal(texts.join('|'))
        : `GH013: Repository rule violations found for ${ref}.|${texts.map((entry) => `- ${entry}`).join('|')}`;
    lines.push(`deny\t${ref}\t${text}`);
  }
  return lines;
}

function refusalsOf(world: World, repo: Repo, demand: Demand): string[] {
  const texts: string[] = [];
  if (demand.mergeQueue) texts.push('Changes must be made through the merge queue');
  if (demand.approvals !== null) texts.push('Changes must be made through a pull request.');
  const checks = missingChecks(world, repo, '', demand.contexts);
  if (checks !== null) texts.push(checks);
  return texts;
}

function commitsThatPass(world: World, repo: Repo, contexts: readonly string[]): string[] {
  const { checkRuns, statuses } = world.store.state;
  const known = [...checkRuns, ...statuses].filter(({ repoId }) => repoId === repo.id).map(({ sha }) => sha);
  return [...new Set(known)].filter((sha) => missingChecks(world, repo, sha, contexts) === null);
}
