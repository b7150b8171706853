import type { ComponentChildren } from 'preact';
import type { DeploymentNeeds, FunctionNeed, SiteNeed, TableNeed } from '../../src/protocol/deployment-needs.ts';
import { columnNotation, indexNotation } from '../../src/protocol/needs-notation.ts';
import { t } from '../l10n.ts';
import { Capped } from '../ui/capped.tsx';
import { ScrollX } from '../ui/section.tsx';
import './needs.css';

/** Parts with more lines than this together are folded at first. */
const MOST_LINES = 16;
const SHOWN = 30;

/** What the plan wants of Appwrite: tables, functions, sites and the requests that are made to them. */
export function Needs({ needs }: { needs: DeploymentNeeds }) {
  const { databaseId, tables, functions, sites, liveChecks } = needs;
  if (tables.length + functions.length + sites.length === 0) return null;
  const lines = tables.reduce((sum, { columns, indexes }) => sum + columns.length + indexes.length + 2, 0);
  const isOpen = lines + (functions.length + sites.length) * 4 <= MOST_LINES;
  return (
    <section class="plan-section" aria-labelledby="needs-title">
      <h2 id="needs-title">{t('What is deployed')}</h2>
      {databaseId === null || tables.length === 0 ? null : (
        <p>
          {t('Database')} <code>{databaseId}</code>
        </p>
      )}
      <Capped items={tables} step={SHOWN} class="needs">
        {(table) => <Table key={table.id} table={table} isOpen={isOpen} />}
      </Capped>
      <Capped items={functions} step={SHOWN} class="needs">
        {(need) => <FunctionPart key={need.id} need={need} isOpen={isOpen} />}
      </Capped>
      <Capped items={sites} step={SHOWN} class="needs">
        {(need) => <SitePart key={need.id} need={need} isOpen={isOpen} />}
      </Capped>
      {liveChecks.length === 0 ? null : (
        <dl class="facts">
          <Fact
            name={t('Requests after deployment')}
            values={liveChecks.map(({ target, method, path, status }) => `${target}: ${method} ${path} → ${status}`)}
          />
        </dl>
      )}
    </section>
  );
}

interface PartProps {
  kind: string;
  need: { id: string; name: string };
  note: string;
  isOpen: boolean;
  children: ComponentChildren;
}

function Part({ kind, need: { id, name }, note, isOpen, children }: PartProps) {
  return (
    <li>
      <details open={isOpen}>
        <summary>
          {kind} <strong>{name}</strong> {name === id ? null : <code>{id}</code>} <span class="muted">{note}</span>
        </summary>
        <div class="need">{children}</div>
      </details>
    </li>
  );
}

/** Nothing for what the plan does not say. */
function Fact({ name, values }: { name: string; values: readonly string[] }) {
  if (values.length === 0) return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>
        {values.map((value) => (
          <div key={value}>
            <code>{value}</code>
          </div>
        ))}
      </dd>
    </>
  );
}

function count(one: string, many: (count: number) => string, of: readonly unknown[]): string {
  return of.length === 1 ? one : many(of.length);
}

function Table({ table, isOpen }: { table: TableNeed; isOpen: boolean }) {
  const { columns, indexes, permissions, rowSecurity } = table;
  const note = [
    count(t('1 column'), (n) => t('{0} columns', n), columns),
    indexes.length === 0 ? '' : count(t('1 index'), (n) => t('{0} indexes', n), indexes),
  ];
  return (
    <Part kind={t('Table')} need={table} note={note.filter((part) => part !== '').join(' · ')} isOpen={isOpen}>
      {columns.length === 0 ? null : (
        <ScrollX label={table.name}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t('Column')}</th>
                <th scope="col">{t('Type')}</th>
                <th scope="col">{t('Required')}</th>
                <th scope="col">{t('Default')}</th>
              </tr>
            </thead>
            <tbody>
              {columns.map((column) => (
                <tr key={column.key}>
                  <th scope="row">
                    <code>{column.key}</code>
                  </th>
                  <td>
                    <code>{columnNotation(column)}</code>
                  </td>
                  <td>{column.required ? t('yes') : t('no')}</td>
                  <td>{column.default === null ? '–' : <code>{JSON.stringify(column.default)}</code>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollX>
      )}
      <dl class="facts">
        <Fact name={t('Indexes')} values={indexes.map((index) => `${index.key}: ${indexNotation(index)}`)} />
        <dt>{t('Permissions')}</dt>
        <dd>
          {permissions.length === 0 ? t('none') : <code>{permissions.join(', ')}</code>}
          {rowSecurity ? <div>{t('Rows have permissions of their own, too.')}</div> : null}
        </dd>
      </dl>
    </Part>
  );
}

const assigned = (variables: readonly { key: string; value: string }[]) =>
  variables.map(({ key, value }) => `${key}=${value}`);
const given = (value: string | null) => (value === null ? [] : [value]);

function FunctionPart({ need, isOpen }: { need: FunctionNeed; isOpen: boolean }) {
  const { path, runtime, execute, events, schedule, scopes, variables, domains, timeoutSeconds } = need;
  return (
    <Part kind={t('Function')} need={need} note={`${path} · ${runtime}`} isOpen={isOpen}>
      <dl class="facts">
        <dt>{t('May be called by')}</dt>
        <dd>{execute.length === 0 ? t('nobody') : <code>{execute.join(', ')}</code>}</dd>
        <Fact name={t('Started by events')} values={events} />
        <Fact name={t('Schedule')} values={given(schedule)} />
        <Fact name={t('Scopes')} values={scopes} />
        <Fact name={t('Variables')} values={assigned(variables)} />
        <Fact name={t('Time limit')} values={given(timeoutSeconds === null ? null : `${timeoutSeconds} s`)} />
        <Fact name={t('Own domains')} values={domains} />
      </dl>
    </Part>
  );
}

function SitePart({ need, isOpen }: { need: SiteNeed; isOpen: boolean }) {
  const { path, framework, adapter, buildCommand, outputDirectory, variables, domains } = need;
  return (
    <Part kind={t('Site')} need={need} note={`${path} · ${framework}`} isOpen={isOpen}>
      <dl class="facts">
        <Fact name={t('Output folder')} values={[outputDirectory]} />
        <Fact name={t('Build')} values={given(buildCommand)} />
        <Fact name={t('Adapter')} values={given(adapter)} />
        <Fact name={t('Variables')} values={assigned(variables)} />
        <Fact name={t('Own domains')} values={domains} />
      </dl>
    </Part>
  );
}
