import * as z from 'zod';

const cache = new WeakMap<z.ZodType, Record<string, unknown>>();

/**
 * JSON schema (draft 2020-12) of a zod schema in the strict form that providers enforce: every object closed, every field
 * required, and only the keywords that they support; the others are checked by zod when the answer comes back.
 */
export function strictJsonSchema(schema: z.ZodType): Record<string, unknown> {
  const known = cache.get(schema);
  if (known !== undefined) return known;
  const json = strict(z.toJSONSchema(schema, { target: 'draft-2020-12' })) as Record<string, unknown>;
  delete json.$schema;
  cache.set(schema, json);
  return json;
}

const KEPT = new Set([
  'type',
  'properties',
  'items',
  'enum',
  'const',
  'anyOf',
  'oneOf',
  'description',
  '$ref',
  '$defs',
]);

function strict(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(strict);
  if (typeof node !== 'object' || node === null) return node;
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) {
    if (!KEPT.has(key)) continue;
    const isNameMap = key === 'properties' || key === '$defs';
    kept[key] = isNameMap
      ? Object.fromEntries(Object.entries(value as object).map(([name, child]) => [name, strict(child)]))
      : key === 'enum' || key === 'const'
        ? value
        : strict(value);
  }
  if (kept.type === 'object' && typeof kept.properties === 'object' && kept.properties !== null) {
    kept.required = Object.keys(kept.properties);
    kept.additionalProperties = false;
  }
  return kept;
}
