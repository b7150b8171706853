import { realpathSync } from 'node:fs';
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
function canonical(path: string): string {
  try {
    // Asked before every file tool: a few names looked up at once take less than the way to another thread and back.
    return realpathSync.native(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(canonical(parent), path.slice(parent.length));
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

/** A path as it is on the disk, with links resolved, or why a tool may not touch it, in words for the model. */
export type JudgedPath = { real: string; refusal: null } | { real: null; refusal: string };

const refused = (refusal: string): JudgedPath => ({ real: null, refusal });

export function judgePath(worktreeDir: string, path: string, use: 'read' | 'write'): JudgedPath {
  const root = canonical(worktreeDir);
  const target = resolve(root, path);
  // An absolute path may use the worktree's other name, when a link leads to it.
  const real = canonical(target);
  const inside = relative(root, real);
  if (inside === '..' || inside.startsWith(`..${sep}`) || resolve(inside) === inside) {
    return refused(`"${path}" is outside the project. Give a path relative to the project's root.`);
  }
  const named = relative(root, target);
  if ([...segmentsOf(inside), ...segmentsOf(named)].some(isGitName)) {
    return refused(`"${path}" is refused: .git belongs to the orchestrator, which commits your work by itself.`);
  }
  if (use === 'write' && (isConfiguration(inside) || isConfiguration(named))) {
    return refused(`"${path}" is refused: files that configure agents and editors are changed by people only.`);
  }
  return { real, refusal: null };
}
