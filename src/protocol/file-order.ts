/** The kinds of files, in the order in which they matter to a person who reviews a change. */
const KINDS = ['source', 'test', 'documentation', 'media', 'configuration', 'generated'] as const;
export type FileKind = (typeof KINDS)[number];

const GENERATED = [
  /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|deno\.lock)$/i,
  /(^|\/)(composer\.lock|gemfile\.lock|cargo\.lock|poetry\.lock|pipfile\.lock|uv\.lock|pubspec\.lock|go\.sum)$/i,
  /(^|\/)(dist|out|node_modules|vendor|coverage|__snapshots__|\.next|\.nuxt|\.svelte-kit)\//i,
  /\.(min\.(js|css)|map|snap|lock)$/i,
  /[._-](generated|gen|pb)\.[a-z]+$/i,
];

const TEST = [
  /(^|\/)(tests?|__tests__|specs?|e2e)\//i,
  /[._-](test|spec)s?\.[a-z]+$/i,
  /(^|\/)(test_[^/]+|conftest\.py)$/i,
];

const DOCUMENTATION = [
  /(^|\/)(docs?|documentation)\//i,
  /\.(md|mdx|rst|adoc)$/i,
  /(^|\/)(readme|changelog|licen[sc]e)(\.[a-z]+)?$/i,
];

const MEDIA = [/\.(svg|png|jpe?g|gif|webp|avif|ico|icns|bmp|woff2?|[ot]tf|eot|mp[34]|webm|ogg|wav|pdf)$/i];

const CONFIGURATION = [
  // Files and folders with a dot: .github, .gitignore, .editorconfig.
  /(^|\/)\.[^/]+/,
  /(^|\/)(package|appwrite|deno|composer|vercel|firebase|biome|turbo|nx|lerna|[jt]sconfig[^/]*)\.jsonc?$/i,
  /[.-]config\.[a-z]+$/i,
  /\.(ya?ml|toml|ini|cfg|properties)$/i,
  /(^|\/)((dockerfile|makefile|procfile|gemfile|rakefile)[^/]*|go\.mod|requirements[^/]*\.txt|setup\.py)$/i,
];

const is = (patterns: readonly RegExp[], path: string): boolean => patterns.some((pattern) => pattern.test(path));

/** What a file is, by its path (with `/`) alone. */
export function fileKind(path: string): FileKind {
  if (is(GENERATED, path)) return 'generated';
  if (is(DOCUMENTATION, path)) return 'documentation';
  if (is(TEST, path)) return 'test';
  if (is(MEDIA, path)) return 'media';
  return is(CONFIGURATION, path) ? 'configuration' : 'source';
}

const names = new Intl.Collator('en');

/** The files of a change as they are shown everywhere: what matters first, within one kind by path. */
export function inReviewOrder<T extends { path: string }>(files: readonly T[]): T[] {
  return files
    .map((file) => ({ file, rank: KINDS.indexOf(fileKind(file.path)) }))
    .sort((a, b) => a.rank - b.rank || names.compare(a.file.path, b.file.path))
    .map(({ file }) => file);
}
