import type { Lifecycle } from './lifecycle.ts';

const TEXT_TYPES = ['string', 'varchar', 'text', 'mediumtext', 'longtext'] as const;
const SPATIAL_TYPES = ['point', 'linestring', 'polygon'] as const;
export const COLUMN_TYPES = [
  ...TEXT_TYPES,
  ...SPATIAL_TYPES,
  'integer',
  'bigint',
  'double',
  'boolean',
  'datetime',
] as const;

export interface Relation {
  relatedTable: string;
  relationType: 'oneToOne' | 'oneToMany' | 'manyToOne' | 'manyToMany';
  twoWay: boolean;
  twoWayKey: string;
  onDelete: 'cascade' | 'restrict' | 'setNull';
  side: 'parent' | 'child';
}

export interface Column extends Lifecycle {
  key: string;
  type: (typeof COLUMN_TYPES)[number] | 'relationship';
  size: number;
  required: boolean;
  default: unknown;
  array: boolean;
  /** `email`, `url`, `ip`, `enum` or ''. */
  format: string;
  elements: string[];
  /** Null means the type's own bound. */
  min: number | null;
  max: number | null;
  encrypt?: boolean;
  /** Of a `relationship`. */
  relation?: Relation;
  createdAt: string;
  /** Absent: as it was created. */
  updatedAt?: string;
}

export function isText({ type }: Column): boolean {
  return TEXT_TYPES.some((one) => one === type);
}

export function isSpatial({ type }: Column): boolean {
  return SPATIAL_TYPES.some((one) => one === type);
}
