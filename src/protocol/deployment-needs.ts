import * as z from 'zod';

/**
 * What a plan wants of Appwrite. Fields with a default are required of the model all the same (the JSON schema is that of the
 * output); the default is for plans that were recorded before the field was there.
 */
export const ColumnType = z.enum([
  'string',
  'varchar',
  'text',
  'mediumtext',
  'longtext',
  'integer',
  'bigint',
  'double',
  'boolean',
  'datetime',
  'email',
  'url',
  'ip',
  'enum',
  'point',
  'line',
  'polygon',
  'relationship',
]);
export type ColumnType = z.infer<typeof ColumnType>;

const Relationship = z.strictObject({
  /** Id in the plan of the table that it points to. */
  table: z.string().min(1),
  kind: z.enum(['oneToOne', 'oneToMany', 'manyToOne', 'manyToMany']),
  /** Key of the column that the other table gets; null for none. */
  twoWayKey: z.string().nullable(),
  onDelete: z.enum(['cascade', 'restrict', 'setNull']),
});

export const ColumnNeed = z.strictObject({
  key: z.string().min(1).max(36),
  type: ColumnType,
  /** Characters; only for `string` and `varchar`. */
  size: z.int().nullable(),
  required: z.boolean(),
  array: z.boolean().default(false),
  /** Value of a row that gives none; null for none. Not with `required`, not for lists. */
  default: z.union([z.string(), z.number(), z.boolean()]).nullable().default(null),
  /** Values of an `enum`; empty for other types. */
  elements: z.array(z.string()).default([]),
  /** Bounds of a number; null for none. */
  min: z.number().nullable().default(null),
  max: z.number().nullable().default(null),
  /** Only for `relationship`. */
  relationship: Relationship.nullable().default(null),
});
export type ColumnNeed = z.infer<typeof ColumnNeed>;

export const IndexNeed = z.strictObject({
  key: z.string().min(1),
  type: z.enum(['key', 'unique', 'fulltext']),
  columns: z.array(z.string()).min(1),
  /** One for each column, or empty: ascending. */
  orders: z.array(z.enum(['asc', 'desc'])).default([]),
});
export type IndexNeed = z.infer<typeof IndexNeed>;

export const TableNeed = z.strictObject({
  id: z.string().min(1).max(36),
  name: z.string().min(1),
  columns: z.array(ColumnNeed),
  indexes: z.array(IndexNeed),
  /** Appwrite permission strings, such as `read("any")`. */
  permissions: z.array(z.string()),
  /** True: rows have permissions of their own beside those of the table. */
  rowSecurity: z.boolean().default(false),
});
export type TableNeed = z.infer<typeof TableNeed>;

/** A plain value; a secret has no place in a plan. */
const VariableNeed = z.strictObject({ key: z.string().min(1).max(255), value: z.string().max(8192) });

export const FunctionNeed = z.strictObject({
  id: z.string().min(1).max(36),
  name: z.string().min(1),
  /** Folder in the repository whose content is packed. */
  path: z.string().min(1),
  runtime: z.string().min(1),
  /** Relative to `path`. */
  entrypoint: z.string().min(1),
  /** Build command, or null for none. */
  commands: z.string().nullable(),
  /** Role strings; `any` makes the function's domain answer everybody. */
  execute: z.array(z.string()),
  scopes: z.array(z.string()),
  /** Event patterns that start it, such as `databases.*.tables.notes.rows.*.create`. Ids are those of the plan. */
  events: z.array(z.string()).default([]),
  /** Five-field cron; null for none. */
  schedule: z.string().nullable().default(null),
  /** 1 to 900; null keeps the server's default. */
  timeoutSeconds: z.int().min(1).max(900).nullable().default(null),
  variables: z.array(VariableNeed).default([]),
  /** Slug such as `s-1vcpu-512mb`, for build and run; null keeps the server's default. */
  specification: z.string().nullable().default(null),
  /** Own domains beside the one that the server gives. */
  domains: z.array(z.string()).default([]),
});
export type FunctionNeed = z.infer<typeof FunctionNeed>;

export const SiteNeed = z.strictObject({
  id: z.string().min(1).max(36),
  name: z.string().min(1),
  /** Folder in the repository whose content is packed. */
  path: z.string().min(1),
  framework: z.string().min(1),
  installCommand: z.string().nullable(),
  buildCommand: z.string().nullable(),
  /** Relative to `path`. */
  outputDirectory: z.string().min(1),
  fallbackFile: z.string().nullable(),
  /**
   * File inside `path` into which the deployment writes `{endpoint, projectId, databaseId, functions: {id: url}}` as JSON
   * before packing, so that the page finds its functions; null for none.
   */
  settingsFile: z.string().nullable(),
  /** `ssr`: pages are rendered by a server on Appwrite. Null: what the framework does by itself; files where it only makes files. */
  adapter: z.enum(['static', 'ssr']).nullable().default(null),
  /** Null: `node-22`. */
  buildRuntime: z.string().nullable().default(null),
  /** Command that starts a server-rendered site; null for the adapter's own. */
  startCommand: z.string().nullable().default(null),
  variables: z.array(VariableNeed).default([]),
  specification: z.string().nullable().default(null),
  domains: z.array(z.string()).default([]),
});
export type SiteNeed = z.infer<typeof SiteNeed>;

/** A request made to the live application after deployment. */
export const LiveCheck = z.strictObject({
  /** Id of the function or site of `deployment` that is asked. */
  target: z.string().min(1),
  method: z.enum(['GET', 'POST']),
  path: z.string().startsWith('/'),
  /** JSON body for POST, or null. */
  body: z.string().nullable(),
  status: z.int().min(100).max(599),
  /** Text that the answer must contain. */
  contains: z.string(),
});
export type LiveCheck = z.infer<typeof LiveCheck>;

export const DeploymentNeeds = z.strictObject({
  /** Null when no database is needed. */
  databaseId: z.string().min(1).max(36).nullable(),
  tables: z.array(TableNeed),
  functions: z.array(FunctionNeed),
  sites: z.array(SiteNeed),
  liveChecks: z.array(LiveCheck),
});
export type DeploymentNeeds = z.infer<typeof DeploymentNeeds>;
