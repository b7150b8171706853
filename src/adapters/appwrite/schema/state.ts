import * as z from 'zod';

/** An integer column without bounds reports those of its type, beyond what a number holds. */
const Bound = z
  .union([z.number(), z.bigint()])
  .nullish()
  .transform((value) => {
    if (value === null || value === undefined) return null;
    const bound = Number(value);
    return Math.abs(bound) >= Number.MAX_SAFE_INTEGER && (Number.isInteger(bound) ? Math.abs(bound) > 9e18 : true)
      ? null
      : bound;
  });

const Default = z
  .union([z.string(), z.number(), z.boolean(), z.bigint().transform(Number)])
  .nullish()
  .catch(null)
  .transform((value) => value ?? null);

/** What of the vendor's columns and indexes is relied on. */
export const ColumnState = z.object({
  key: z.string(),
  type: z.string(),
  status: z.string(),
  error: z
    .string()
    .nullish()
    .transform((text) => text ?? ''),
  required: z.boolean().default(false),
  array: z
    .boolean()
    .nullish()
    .transform((value) => value ?? false),
  size: z.number().nullish(),
  default: Default,
  format: z
    .string()
    .nullish()
    .transform((text) => text ?? ''),
  elements: z.array(z.string()).default([]),
  min: Bound,
  max: Bound,
  relatedTable: z.string().default(''),
  relationType: z.string().default(''),
  twoWay: z.boolean().default(false),
  twoWayKey: z.string().default(''),
  onDelete: z.string().default(''),
  side: z.string().default(''),
});
export type ColumnState = z.infer<typeof ColumnState>;

export const IndexState = z.object({
  key: z.string(),
  type: z.string(),
  status: z.string(),
  error: z
    .string()
    .nullish()
    .transform((text) => text ?? ''),
  columns: z.array(z.string()).default([]),
  lengths: z.array(z.number().nullable()).default([]),
  orders: z
    .array(z.string().nullable())
    .nullish()
    .transform((list) => list ?? []),
});
export type IndexState = z.infer<typeof IndexState>;

export const TableState = z.object({
  name: z.string(),
  $permissions: z.array(z.string()),
  rowSecurity: z.boolean(),
  enabled: z.boolean(),
  columns: z.array(ColumnState).default([]),
  indexes: z.array(IndexState).default([]),
});
export type TableState = z.infer<typeof TableState>;

/** A table as a diff needs it. */
export interface PresentTable extends TableState {
  /** True only when the server has said so. */
  isEmpty: boolean;
}

export function isBroken({ status }: { status: string }): boolean {
  return status === 'failed' || status === 'stuck';
}
