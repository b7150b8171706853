import type { Brief } from '../../protocol/brief.ts';
import type { ColumnNeed, DeploymentNeeds, FunctionNeed, TableNeed } from '../../protocol/deployment-needs.ts';
import { duplicates } from './duplicates.ts';
import { normalisePath } from './owned-paths.ts';

/** What is wrong with what a plan wants of Appwrite, each fault a sentence that the lead can act on. */
export function deploymentFaults(needs: DeploymentNeeds, brief: Brief): string[] {
  return [
    ...wishFaults(needs, brief),
    ...targetFaults(needs),
    ...needs.tables.flatMap((table) => tableFaults(table, needs)),
    ...needs.functions.flatMap(triggerFaults),
    ...liveCheckFaults(needs),
  ];
}

function wishFaults(needs: DeploymentNeeds, brief: Brief): string[] {
  const faults: string[] = [];
  if (needs.tables.length > 0 && needs.databaseId === null) faults.push('The deployment has tables but no databaseId.');
  if (needs.tables.length > 0 && !brief.deployment.database) {
    faults.push('The deployment has tables, but the brief says that no database is wanted (deployment.database).');
  }
  if (needs.functions.length > 0 && !brief.deployment.functions) {
    faults.push(
      'The deployment has functions, but the brief says that no functions are wanted (deployment.functions).',
    );
  }
  return faults;
}

function targetFaults(needs: DeploymentNeeds): string[] {
  const targets = [...needs.functions, ...needs.sites];
  const faults = duplicates(targets.map((t) => t.id)).map((id) => `The deployment names "${id}" twice.`);
  for (const domain of alike(targets.flatMap((t) => t.domains)))
    faults.push(`The deployment names the domain "${domain}" twice.`);
  for (const target of targets) {
    if (target.path !== '.' && normalisePath(target.path) === null) {
      faults.push(`"${target.id}" is deployed from "${target.path}", which is not a folder inside the repository.`);
    }
    for (const key of duplicates(target.variables.map((v) => v.key)))
      faults.push(`"${target.id}" has the variable "${key}" twice.`);
    for (const { key } of target.variables) {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) faults.push(`"${key}" of "${target.id}" cannot be a variable's name.`);
      if (/^(APPWRITE|ORCHESTRATOR)_/.test(key))
        faults.push(`The variable "${key}" of "${target.id}" is set by the host; leave it out.`);
    }
    for (const domain of target.domains) {
      if (!/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/i.test(domain))
        faults.push(`"${domain}" of "${target.id}" is not a domain: give it without scheme, port and path.`);
    }
  }
  return faults;
}

/** To Appwrite's database and to the DNS, names that differ in case only are the same; each later one is named. */
function alike(names: readonly string[]): string[] {
  const lower = names.map((name) => name.toLowerCase());
  return [...new Set(names.filter((name, position) => lower.indexOf(name.toLowerCase()) !== position))];
}

function tableFaults(table: TableNeed, needs: DeploymentNeeds): string[] {
  const where = `of table "${table.id}"`;
  const columns = new Map(table.columns.map((c) => [c.key, c]));
  const faults = alike(needs.tables.map((t) => t.id))
    .filter((id) => id === table.id && needs.tables.find((t) => t.id === id) === table)
    .map((id) => `The deployment names the table "${id}" twice.`);
  for (const key of alike(table.columns.map((c) => c.key))) faults.push(`The column "${key}" ${where} is there twice.`);
  for (const key of alike(table.indexes.map((i) => i.key))) faults.push(`The index "${key}" ${where} is there twice.`);
  for (const column of table.columns) {
    faults.push(...columnFaults(column, needs).map((fault) => `The column "${column.key}" ${where} ${fault}.`));
  }
  for (const index of table.indexes) {
    for (const key of index.columns) {
      const column = columns.get(key);
      if (column === undefined && !key.startsWith('$')) {
        faults.push(`The index "${index.key}" ${where} names the unknown column "${key}".`);
      } else if (column?.array || column?.type === 'relationship') {
        faults.push(`The index "${index.key}" ${where} is on "${key}", but lists and relationships cannot be indexed.`);
      }
    }
    if (index.orders.length > 0 && index.orders.length !== index.columns.length)
      faults.push(`The index "${index.key}" ${where} needs as many orders as columns, or none.`);
  }
  return faults;
}

function columnFaults(column: ColumnNeed, needs: DeploymentNeeds): string[] {
  const faults: string[] = [];
  const say = (isWrong: boolean, fault: string) => isWrong && faults.push(fault);
  const isSized = column.type === 'string' || column.type === 'varchar';
  say(isSized && column.size === null, 'needs a size');
  say(
    column.type === 'varchar' && (column.size ?? 0) > 16_381,
    'is longer than a varchar can be (16,381); take "text"',
  );
  say(column.type === 'enum' && column.elements.length === 0, 'is an enum without elements');
  say(column.type === 'relationship' && column.relationship === null, 'is a relationship to nothing');
  const other = column.relationship?.table;
  say(other !== undefined && !needs.tables.some((t) => t.id === other), `points to the unknown table "${other}"`);
  say(column.required && column.default !== null, 'is required, so it cannot have a default');
  say(column.array && column.default !== null, 'is a list, so it cannot have a default');
  say(column.min !== null && column.max !== null && column.min > column.max, 'has a min above its max');
  return faults;
}

function triggerFaults({ id, events, schedule }: FunctionNeed): string[] {
  const faults = events
    .filter((event) => event.startsWith('functions.'))
    .map((event) => `The function "${id}" cannot be started by "${event}": events of functions are not allowed.`);
  if (schedule !== null && schedule.trim().split(/\s+/).length !== 5)
    faults.push(`The schedule "${schedule}" of function "${id}" is not a cron expression of five fields.`);
  return faults;
}

function liveCheckFaults(needs: DeploymentNeeds): string[] {
  const ids = new Set([...needs.functions, ...needs.sites].map((t) => t.id));
  const asked = new Set(needs.liveChecks.map((check) => check.target));
  const isPublic = ({ execute }: FunctionNeed) => execute.includes('any') || execute.includes('guests');
  return [
    ...needs.liveChecks
      .filter((check) => !ids.has(check.target))
      .map((check) => `A live check asks "${check.target}", which is neither a function nor a site of the deployment.`),
    // A site is fetched in any case; what a function answers is known to the plan alone.
    ...needs.functions
      .filter((need) => isPublic(need) && !asked.has(need.id))
      .map((need) => `The function "${need.id}" answers everybody, but no live check asks it.`),
  ];
}
