import type { CommitId, RepositoryMap } from '../../core/ports.ts';
import { renderTree } from './file-tree.ts';
import type { Git } from './git-command.ts';
import { readObjects } from './objects.ts';

const MANIFESTS = ['package.json', 'pyproject.toml', 'go.mod', 'Cargo.toml', 'pom.xml'];
const RULES = ['AGENTS.md', 'CLAUDE.md'];
const CHARACTERS_PER_TOKEN = 4;
/** Shares of the budget; what rules and manifest do not use goes to the tree. */
const RULES_SHARE = 0.4;
const MANIFEST_SHARE = 0.2;

function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const mark = '\n[cut]\n';
  return limit <= mark.length ? text.slice(0, Math.max(0, limit)) : text.slice(0, limit - mark.length) + mark;
}

/** What a planner needs to know of a repository: files, manifest, rules; all three together within the budget. */
export async function repositoryMap(
  git: Git,
  repoDir: string,
  commit: CommitId,
  tokenBudget: number,
): Promise<RepositoryMap> {
  const { stdout } = await git({ args: ['ls-tree', '-r', '-z', '--name-only', '--full-tree', commit], cwd: repoDir });
  const paths = stdout
    .toString()
    .split('\0')
    .filter((entry) => entry !== '');
  const top = new Set(paths.filter((entry) => !entry.includes('/')));
  const manifestPath = MANIFESTS.find((name) => top.has(name));
  const readmes = [...top].filter((name) => /^readme(\.|$)/i.test(name)).sort();
  const wanted = [...RULES.filter((name) => top.has(name)), ...readmes];
  const names = manifestPath === undefined ? wanted : [manifestPath, ...wanted];
  const objects = await readObjects(
    git,
    repoDir,
    names.map((name) => `${commit}:${name}`),
  );
  const texts = new Map(names.map((name, index) => [name, objects[index]?.content.toString() ?? '']));

  let left = Math.max(0, Math.floor(tokenBudget * CHARACTERS_PER_TOKEN));
  const manifestLimit = Math.floor(left * MANIFEST_SHARE);
  let rulesLeft = Math.floor(left * RULES_SHARE);
  const rules: RepositoryMap['rules'] = [];
  for (const name of wanted) {
    const text = cut(texts.get(name) ?? '', rulesLeft);
    if (text === '') continue;
    rulesLeft -= text.length;
    left -= text.length;
    rules.push({ path: name, text });
  }
  let manifest: RepositoryMap['manifest'] = null;
  if (manifestPath !== undefined) {
    manifest = { path: manifestPath, text: cut(texts.get(manifestPath) ?? '', manifestLimit) };
    left -= manifest.text.length;
  }
  return { fileCount: paths.length, tree: renderTree(paths, left), manifest, rules };
}
