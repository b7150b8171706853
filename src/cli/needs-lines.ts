import type { DeploymentNeeds, FunctionNeed, SiteNeed, TableNeed } from '../protocol/deployment-needs.ts';
import { columnNotation, indexNotation } from '../protocol/needs-notation.ts';
import { clean, type Paint } from './progress/text.ts';

/** What a plan wants of Appwrite, as text: tables with their columns, functions with what starts them, sites, requests. */
export function needsLines(needs: DeploymentNeeds, paint: Paint): string[] {
  const block = (kind: string, need: { id: string; name: string }, facts: string, lines: readonly string[]) => {
    const name = need.name === need.id ? '' : ` ${clean(need.name)}`;
    const head = `${kind} ${paint('cyan', clean(need.id))}${name}${facts === '' ? '' : paint('dim', ` ${clean(facts)}`)}`;
    return [head, ...lines.map((line) => `    ${clean(line)}`)];
  };
  return [
    ...(needs.databaseId === null ? [] : [`database ${paint('cyan', clean(needs.databaseId))}`]),
    ...needs.tables.flatMap((table) => block('table', table, '', tableLines(table))),
    ...needs.functions.flatMap((each) => block('function', each, `${each.path}, ${each.runtime}`, functionLines(each))),
    ...needs.sites.flatMap((site) => block('site', site, `${site.path}, ${site.framework}`, siteLines(site))),
    ...needs.liveChecks.map(({ target, method, path, status, contains }) => {
      const text = contains === '' ? '' : `, contains ${JSON.stringify(contains)}`;
      return clean(`live check ${target}: ${method} ${path} gives ${status}${text}`);
    }),
  ];
}

const listed = (name: string, values: readonly string[]): string[] =>
  values.length === 0 ? [] : [`${name} ${values.join(', ')}`];

function tableLines({ columns, indexes, permissions, rowSecurity }: TableNeed): string[] {
  const width = Math.max(0, ...columns.map(({ key }) => key.length));
  return [
    ...columns.map((column) => {
      const required = column.required ? ', required' : '';
      const value = column.default === null ? '' : `, default ${JSON.stringify(column.default)}`;
      return `${column.key.padEnd(width)}  ${columnNotation(column)}${required}${value}`;
    }),
    ...indexes.map((index) => `index ${index.key}: ${indexNotation(index)}`),
    permissions.length === 0 ? 'permissions none' : `permissions ${permissions.join(', ')}`,
    ...(rowSecurity ? ['rows have permissions of their own'] : []),
  ];
}

const variables = (all: readonly { key: string; value: string }[]) => all.map(({ key, value }) => `${key}=${value}`);

function functionLines(need: FunctionNeed): string[] {
  return [
    need.execute.length === 0 ? 'may be called by nobody' : `may be called by ${need.execute.join(', ')}`,
    ...listed('on', need.events),
    ...(need.schedule === null ? [] : [`schedule ${need.schedule}`]),
    ...listed('scopes', need.scopes),
    ...listed('variables', variables(need.variables)),
    ...(need.timeoutSeconds === null ? [] : [`at most ${need.timeoutSeconds} s`]),
    ...listed('domains', need.domains),
  ];
}

function siteLines(need: SiteNeed): string[] {
  return [
    ...(need.adapter === null ? [] : [`adapter ${need.adapter}`]),
    ...(need.buildCommand === null ? [] : [`build ${need.buildCommand}`]),
    ...listed('variables', variables(need.variables)),
    ...listed('domains', need.domains),
  ];
}
