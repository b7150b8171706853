import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { Client, TablesDB } from 'node-appwrite';
import * as z from 'zod';
import type { AppwriteStandIn } from '../../src/sandbox/appwrite/stand-in.ts';
import { startAppwriteStandIn } from '../../src/sandbox/appwrite/stand-in.ts';
import { useTraffic } from './traffic.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const CLI = fileURLToPath(import.meta.resolve('appwrite-cli'));

const Column = z
  .object({
    key: z.string(),
    type: z.string(),
    required: z.boolean(),
    array: z.boolean(),
    size: z.number().optional(),
    format: z.string().optional(),
    elements: z.array(z.string()).optional(),
    min: z.number().optional(),
    max: z.number().optional(),
  })
  // The server names an empty format of dates.
  .transform(({ format, ...column }) => (format ? { ...column, format } : column));
const Index = z.object({ key: z.string(), type: z.string(), columns: z.array(z.string()) });
const Table = z.object({
  $id: z.string(),
  name: z.string(),
  databaseId: z.string(),
  $permissions: z.array(z.string()),
  rowSecurity: z.boolean(),
  columns: z.array(Column),
  indexes: z.array(Index),
});
const Project = z.object({
  projectId: z.string(),
  tablesDB: z.array(z.object({ $id: z.string(), name: z.string() })),
  tables: z.array(Table),
});
type Table = z.infer<typeof Table>;

/** The fields of the design's "Database Schema", which name what a record holds. */
const FIELDS: Record<string, string[]> = {
  tasks: [
    ...['taskId', 'userId', 'projectName', 'requirements', 'status', 'grokAnalysis', 'claudeAssignments', 'githubRepo'],
    ...['deploymentInfo', 'createdAt', 'updatedAt'],
  ],
  activities: [
    ...['activityId', 'taskId', 'agentId', 'agentType', 'action', 'input', 'output', 'duration', 'status', 'timestamp'],
  ],
  deployments: [
    ...['deploymentId', 'taskId', 'type', 'appwriteProjectId', 'githubRepo', 'buildArtifacts', 'status', 'url', 'logs'],
    'createdAt',
  ],
};

const wanted = Project.parse(JSON.parse(readFileSync(join(ROOT, 'appwrite.json'), 'utf8')));
const byId = (one: Table, two: Table) => one.$id.localeCompare(two.$id);

describe("the project's own appwrite.json", () => {
  it('has every field of the database schema, and requires ids only', () => {
    assert.deepEqual(wanted.tablesDB, [{ $id: 'orchestrator', name: 'AI Development Orchestrator' }]);
    assert.deepEqual(
      Object.fromEntries(wanted.tables.map(({ $id, columns }) => [$id, columns.map(({ key }) => key)])),
      FIELDS,
    );
    for (const { columns } of wanted.tables) {
      const required = columns.filter((column) => column.required).map(({ key }) => key);
      assert.deepEqual(required, columns.map(({ key }) => key).slice(0, required.length));
      assert.ok(required.every((key) => /^(activity|deployment|task)Id$/.test(key)));
    }
  });
});

describe("the vendor's own command line with the project's appwrite.json", function () {
  this.timeout(120_000);
  let root: string;
  let server: AppwriteStandIn;
  let tablesDB: TablesDB;

  /** Runs the program in the folder of the copy; its standard output without colours. */
  const appwrite = (...args: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const env = { PATH: process.env.PATH, HOME: join(root, 'home'), CI: '1' };
      execFile(process.execPath, [CLI, ...args], { cwd: join(root, 'project'), env }, (error, stdout, stderr) => {
        const text = stripVTControlCharacters(stdout);
        if (error === null) resolve(text);
        else reject(new Error(`appwrite ${args.join(' ')}: ${error.message}\n${text}${stderr}`));
      });
    });
  const tables = async (): Promise<Table[]> => {
    const { tables: found } = await tablesDB.listTables({ databaseId: 'orchestrator' });
    return z.array(Table).parse(found).toSorted(byId);
  };

  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'appwrite-cli-'));
    for (const folder of ['home', 'project']) mkdirSync(join(root, folder));
    copyFileSync(join(ROOT, 'appwrite.json'), join(root, 'project', 'appwrite.json'));
    const access = { projectId: wanted.projectId, apiKey: 'standard_cli' };
    server = await startAppwriteStandIn({ dataDir: join(root, 'server'), ...access });
    tablesDB = new TablesDB(
      new Client().setEndpoint(server.endpoint).setProject(access.projectId).setKey(access.apiKey),
    );
    watch('appwrite', server.endpoint);
  });
  after(async () => {
    await server.close();
    rmSync(root, { recursive: true, force: true });
  });
  const watch = useTraffic({ requests: 'all' });

  it('makes the database with its tables, columns and indexes', async () => {
    await appwrite('client', '--endpoint', server.endpoint, '--project-id', wanted.projectId, '--key', server.apiKey);
    const said = await appwrite('push', 'tables', '--all', '--force');
    assert.match(said, /Successfully pushed 3 tables/);
    const { databases } = await tablesDB.list();
    assert.deepEqual(
      databases.map(({ $id, name }) => ({ $id, name })),
      wanted.tablesDB,
    );
    assert.deepEqual(await tables(), wanted.tables.toSorted(byId));
  });

  it('lists what it has made', async () => {
    const list = async (what: string, ...place: string[]): Promise<unknown> =>
      JSON.parse(await appwrite('tables-db', what, ...place, '--json'));
    const database = ['--database-id', 'orchestrator'];
    const databases = z.object({ databases: Project.shape.tablesDB }).parse(await list('list'));
    assert.deepEqual(databases.databases, wanted.tablesDB);
    const found = z.object({ total: z.number() }).parse(await list('list-tables', ...database));
    assert.equal(found.total, 3);
    for (const { $id, columns, indexes } of wanted.tables) {
      const place = [...database, '--table-id', $id];
      assert.deepEqual(
        z.object({ columns: z.array(Column) }).parse(await list('list-columns', ...place)).columns,
        columns,
      );
      assert.deepEqual(
        z.object({ indexes: z.array(Index) }).parse(await list('list-indexes', ...place)).indexes,
        indexes,
      );
    }
  });

  it('finds nothing to change the second time', async () => {
    const before = await tablesDB.listTables({ databaseId: 'orchestrator' });
    const said = await appwrite('push', 'tables', '--all', '--force');
    assert.match(said, /No changes found in tablesDB resource/);
    assert.match(said, /No tables found to delete/);
    assert.match(said, /Successfully pushed 0 tables/);
    assert.deepEqual(await tablesDB.listTables({ databaseId: 'orchestrator' }), before);
  });
});
