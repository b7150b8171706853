// Makes the pruned API descriptions of test/specs/ from the vendors' own files. Run by hand when a vendor has a new
// version; neither tests nor builds need it:
//
//   node scripts/specs.mjs appwrite <server.json> [<patch.json>]   the OpenAPI file of the server API, and an RFC 6902
//                                                                  patch that is applied to it first
//   node scripts/specs.mjs github <api.github.com.json>            of the npm package @octokit/openapi, folder generated/
//
// Writes test/specs/<vendor>/api.json: the operations below and the components that they name, without prose and
// examples, one path or component a line. Prints the checksums that the README beside it names.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head'];

/** Paths of the services that the product uses or that the local cloud answers. */
const KEPT = {
  appwrite: [/^\/(account|databases|functions|proxy|sites|tablesdb|teams|users)(\/|$)/, /^\/health$/],
  github: [
    /^\/(license|licenses|meta|rate_limit|search\/issues|user|user\/repos|users\/\{username\})$/,
    /^\/orgs\/\{org\}(\/repos)?$/,
    ...[
      /(\/(labels|milestones)(\/\{[^}]+\})?)?$/,
      /\/(languages|license|merges|readme|tags|topics)$/,
      /\/actions\/(workflows|runs|jobs)(\/|$)/,
      /\/branches(\/\{branch\}(\/protection(\/(enforce_admins|required_\w+|restrictions))?)?)?$/,
      /\/rules\/branches\/\{branch\}$/,
      /\/check-(runs|suites)(\/|$)/,
      /\/collaborators(\/|$)/,
      /\/commits(\/|$)/,
      /\/compare\//,
      /\/contents\//,
      /\/git\//,
      /\/issues(\/comments(\/\{comment_id\})?)?$/,
      /\/issues\/\{issue_number\}(\/(assignees|comments|labels|lock)(\/\{\w+\})?)?$/,
      /\/pulls(\/|$)(?!.*(codespaces|merge-async|reactions))/,
      /\/statuses\//,
    ].map((path) => new RegExp(`^/repos/\\{owner\\}/\\{repo\\}${path.source}`)),
  ],
};
/** What no operation names, but every error is. */
const ALWAYS = { appwrite: ['schemas/error'], github: ['schemas/basic-error'] };

/** Keys that say something to people only. Ajv takes a `$id` within an example for an identifier. */
const PROSE = new Set([
  ...['description', 'summary', 'example', 'examples', 'externalDocs', 'tags', 'title', 'x-example'],
  ...['x-github', 'x-octokit', 'x-appwrite', 'security', 'deprecated', 'x-enum-name', 'x-enum-keys', 'x-upload-id'],
]);

/** Keys whose value is data, and keys whose value is a map from the vendor's own names. */
const DATA = new Set(['default', 'enum']);
const NAMES = new Set(['properties', 'patternProperties']);

function pointer(path) {
  return path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The three operations of RFC 6902 that change one place. */
function applyPatch(document, operations) {
  for (const { op, path, value } of operations) {
    const parts = pointer(path);
    const last = parts.pop();
    const target = parts.reduce((at, part) => at[part], document);
    if (target === undefined) throw new Error(`patch: ${path} is not there`);
    if (op !== 'add' && !(last in target)) throw new Error(`patch: ${op} ${path}: nothing is there`);
    if (op === 'remove') delete target[last];
    else if (op === 'replace' || (op === 'add' && !Array.isArray(target))) target[last] = value;
    else if (op === 'add') target.splice(last === '-' ? target.length : Number(last), 0, value);
    else throw new Error(`patch: unknown operation ${op}`);
  }
}

/** A copy without prose. `inNames`: the keys are names that the vendor has chosen, not words of OpenAPI. */
function strip(value, inNames = false) {
  if (Array.isArray(value)) return value.map((item) => strip(item));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => inNames || !PROSE.has(key));
  return Object.fromEntries(
    kept.map(([key, item]) => [key, !inNames && DATA.has(key) ? item : strip(item, !inNames && NAMES.has(key))]),
  );
}

/** Names of all components that `value` needs, such as `schemas/table`. */
function addReferences(document, value, found) {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    const name = key === '$ref' && typeof item === 'string' ? item.replace('#/components/', '') : null;
    if (name === null) addReferences(document, item, found);
    else if (!found.has(name)) {
      found.add(name);
      const [kind, component] = name.split('/');
      const target = document.components[kind]?.[component];
      if (target === undefined) throw new Error(`${item} is not there`);
      addReferences(document, strip(target), found);
    }
  }
}

function prunePath(entry) {
  const kept = Object.entries(entry).filter(([key]) => METHODS.includes(key) || key === 'parameters');
  return Object.fromEntries(
    kept.map(([method, operation]) => {
      const pruned = strip(operation);
      // A response without content has nothing left but its status; its headers are not checked.
      for (const response of Object.values(pruned.responses ?? {})) delete response.headers;
      return [method, pruned];
    }),
  );
}

function prune(vendor, document) {
  const paths = {};
  for (const [path, entry] of Object.entries(document.paths)) {
    if (KEPT[vendor].some((pattern) => pattern.test(path))) paths[path] = prunePath(entry);
  }
  const names = new Set(ALWAYS[vendor]);
  for (const name of ALWAYS[vendor]) {
    const [kind, component] = name.split('/');
    addReferences(document, strip(document.components[kind][component]), names);
  }
  addReferences(document, paths, names);
  const components = {};
  for (const name of [...names].sort()) {
    const [kind, component] = name.split('/');
    components[kind] ??= {};
    components[kind][component] = strip(document.components[kind][component]);
    delete components[kind][component].headers;
  }
  const { title, version, license } = document.info;
  return { openapi: document.openapi, info: { title, version, license }, paths, components };
}

/** JSON with a line for each path and component, so that a new version can be compared. */
function print({ openapi, info, paths, components }) {
  const lines = (entries) =>
    Object.entries(entries).map(([key, item]) => `${JSON.stringify(key)}:${JSON.stringify(item)}`);
  const kinds = Object.entries(components).map(([kind, entries]) => `"${kind}":{\n${lines(entries).join(',\n')}\n}`);
  return `{"openapi":${JSON.stringify(openapi)},"info":${JSON.stringify(info)},
"paths":{\n${lines(paths).join(',\n')}\n},
"components":{\n${kinds.join(',\n')}\n}}\n`;
}

function read(path) {
  const bytes = readFileSync(path);
  console.log(`sha256 ${createHash('sha256').update(bytes).digest('hex')}  ${path}`);
  return JSON.parse(bytes.toString('utf8'));
}

const [vendor, source, patch] = process.argv.slice(2);
if (!(vendor in KEPT) || source === undefined) {
  console.error('usage: node scripts/specs.mjs appwrite <server.json> [<patch.json>] | github <api.github.com.json>');
  process.exit(2);
}
const document = read(source);
if (patch !== undefined) applyPatch(document, read(patch));
const pruned = prune(vendor, document);
const text = print(pruned);
const target = join(root, 'test', 'specs', vendor, 'api.json');
writeFileSync(target, text);
const operations = Object.values(pruned.paths).flatMap((entry) =>
  Object.keys(entry).filter((key) => METHODS.includes(key)),
);
const counts = Object.entries(pruned.components).map(([kind, entries]) => `${Object.keys(entries).length} ${kind}`);
console.log(`${operations.length} operations on ${Object.keys(pruned.paths).length} paths, ${counts.join(', ')}`);
console.log(`sha256 ${createHash('sha256').update(text).digest('hex')}  ${text.length} bytes`);
