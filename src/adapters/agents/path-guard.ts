import { realpath } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';

/** Folders and files that steer coding agents and editors: an agent must not write its own rules, or those of the next one. */
const CONFIGURATION_DIRS = ['.claude', '.cursor', '.codex', '.gemini', '.windsurf', '.continue', '.roo', '.clinerules'];
const CONFIGURATION_FILES = new Set([
  ...['claude.md', 'claude.local.md', 'agents.md', 'agents.override.md', 'agent.md', 'gemini.md'],
  ...['.cursorrules', '.windsurfrules', '.mcp.json', '.aider.conf.yml', 'orchestrator.config.json'],
]);
const CONFIGURATION_PATHS = [
  '.github/copilot-instructions.md',
  '.github/instructions',
  '.github/prompts',
  '.vscode/settings.json',
  '.vscode/tasks.json',
  '.vscode/launch.json',
  '.vscode/mcp.json',
];

/** Path of the deepest existing part with links resolved, and the rest behind it. */
async function canonical(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(await canonical(parent), path.slice(parent.length));
  }
}

/** Characters that macOS leaves out when it compares names. */
const UNSEEN = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/** True for each name that is .git on some system: git refuses all of them everywhere, and then nothing could be committed. */
function isGitName(segment: string): boolean {
  const name = segment
    .replace(UNSEEN, '')
    .replace(/:.*$/s, '')
    .replace(/(?<![. ])[. ]+$/, '');
  return name === '.git' || name === 'git~1';
}

const segmentsOf = (path: string): string[] => path.toLowerCase().split(/[/\\]/);

function isConfiguration(relativePath: string): boolean {
  const segments = segmentsOf(relativePath);
  if (segments.some((segment) => CONFIGURATION_DIRS.includes(segment))) return true;
  if (CONFIGURATION_FILES.has(segments.at(-1) ?? '')) return true;
  const path = segments.join('/');
  return CONFIGURATION_PATHS.some(
    (known) => path === known || path.startsWith(`${known}/`) || path.endsWith(`/${known}`),
  );
}

/** Why a tool may not touch the path, in words for the model; null when it may. Symbolic links are followed first. */
export async function refusePath(worktreeDir: string, path: string, use: 'read' | 'write'): Promise<string | null> {
  const root = await canonical(worktreeDir);
  const target = resolve(root, path);
  // An absolute path may use the worktree's other name, when a link leads to it.
  const real = await canonical(target);
  const inside = relative(root, real);
  if (inside === '..' || inside.startsWith(`..${sep}`) || resolve(inside) === inside) {
    return `"${path}" is outside the project. Give a path relative to the project's root.`;
  }
  const named = relative(root, target);
  if ([...segmentsOf(inside), ...segmentsOf(named)].some(isGitName)) {
    return `"${path}" is refused: .git belongs to the orchestrator, which commits your work by itself.`;
  }
  if (use === 'write' && (isConfiguration(inside) || isConfiguration(named))) {
    return `"${path}" is refused: files that configure agents and editors are changed by people only.`;
  }
  return null;
}
