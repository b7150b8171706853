/** What decides, beside the checks themselves, what a check looks at and whether it can fail: read, never run. */

const CONFIG_STEMS = [
  ...['jest', 'vitest', 'vite', 'playwright', 'karma', 'ava', 'eslint', 'cypress', 'nyc', 'babel', 'stylelint'],
  ...['webpack', 'rollup', 'web-test-runner', 'tap', 'biome', 'oxlint', 'prettier'],
].join('|');
const RC_STEMS = 'mocha|c8|nyc|eslint|babel|swc|jshint|stylelint|tap|oxlint|prettier|npm|yarn|pylint|coverage';
const OTHERS = [
  'biome\\.jsonc?|tsconfig[^/]*\\.json|jsconfig\\.json|tslint\\.json|deno\\.jsonc?|node\\.config\\.json|bunfig\\.toml',
  'vitest\\.workspace\\.[^/]+|\\.pnpmfile\\.cjs|\\.(?:eslint|prettier|stylelint)ignore|turbo\\.json|nx\\.json',
  'pytest\\.ini|conftest\\.py|tox\\.ini|setup\\.cfg|pyproject\\.toml|noxfile\\.py|\\.?ruff\\.toml|mypy\\.ini|\\.rspec',
  '(?:GNU)?[Mm]akefile|[Jj]ustfile|Taskfile\\.ya?ml|Rakefile|phpunit\\.xml(?:\\.dist)?|\\.golangci\\.[^/]+',
].join('|');
const RUNNER_CONFIG = new RegExp(
  `(?:^|/)(?:(?:${CONFIG_STEMS})\\.(?:\\w+\\.)?(?:conf|config)\\.[^/]+|\\.(?:${RC_STEMS})rc[^/]*|${OTHERS})$`,
);

/** Configuration of the usual test runners, checkers and package managers. */
export function isRunnerConfig(path: string): boolean {
  return RUNNER_CONFIG.test(path);
}

const EXPECTED =
  /\.snap(?:shot)?$|(?:^|\/)__(?:image_)?snapshots__\/|\.[jt]sx?-snapshots\/|\.(?:approved|golden)(?:\.[^/]+)?$/;

/** Files in which test runners keep what tests expect. */
export function isExpectedOutput(path: string): boolean {
  return EXPECTED.test(path);
}

/** Settings of npm that decide what runs in the place of a script, or let a missing one pass. */
const NPM_TRAP = /^[ \t]*(script-shell|node-options|if-present|ignore-scripts)[ \t]*=.*$/gim;

/** Lines of an `.npmrc` that change what a script runs, by setting. */
export function scriptSettings(npmrc: string | null): Map<string, string> {
  return new Map([...(npmrc ?? '').matchAll(NPM_TRAP)].map(([line, name = '']) => [name.toLowerCase(), line.trim()]));
}

/** Parts of a package.json that configure what checks look at. */
const MANIFEST_KEYS = [
  ...['jest', 'mocha', 'ava', 'vitest', 'nyc', 'c8', 'tap', 'babel', 'eslintConfig', 'eslintIgnore', 'prettier'],
  ...['stylelint', 'xo', 'standard', 'imports', 'overrides', 'resolutions', 'workspaces'],
];

/** Names of those parts that differ between two manifests. */
export function changedSettings(before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  return MANIFEST_KEYS.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
}
