import * as z from 'zod';
import { invalidArgument } from './api-error.ts';
import { newId } from './wire.ts';

const ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,35}$/;
const ID_RULE =
  "UID must contain at most 36 chars. Valid chars are a-z, A-Z, 0-9, period, hyphen, and underscore. Can't start with a special char";

/** Id of an existing thing, or a key. */
export const idParam = z.string(ID_RULE).regex(ID_PATTERN, ID_RULE);

/** Id chosen by the caller; the literal `unique()` is replaced by a new one. */
export const newIdParam = z.preprocess((value) => (value === 'unique()' ? newId() : value), idParam);

export function textParam(maxLength: number, minLength = 1) {
  const rule = `Value must be a valid string and at least ${minLength} chars and no longer than ${maxLength} chars`;
  return z.string(rule).min(minLength, rule).max(maxLength, rule);
}

const TRUE_WORDS: ReadonlySet<unknown> = new Set([true, 'true', '1', 1]);
const FALSE_WORDS: ReadonlySet<unknown> = new Set([false, 'false', '0', 0, '']);

/** Booleans arrive as text in queries and forms. */
export const boolParam = z.preprocess(
  (value) => (TRUE_WORDS.has(value) ? true : FALSE_WORDS.has(value) ? false : value),
  z.boolean('Value must be a valid boolean'),
);

export function intParam(min: number, max: number) {
  const rule = `Value must be a valid range between ${min} and ${max}`;
  return z.preprocess(
    (value) => (typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value),
    z.int(rule).min(min, rule).max(max, rule),
  );
}

export const numberParam = z.number('Value must be a valid number');

export function listParam<S extends z.ZodType>(item: S, maxItems = 100) {
  return z
    .array(item, 'Value must a valid array')
    .max(maxItems, `Value must a valid array and at most ${maxItems} items`);
}

/** Absent and null mean the default. */
export function orElse<S extends z.ZodType>(schema: S, fallback: z.output<S>) {
  return schema.nullish().transform((value): z.output<S> => value ?? fallback);
}

/** An object, or a string that holds one as JSON. */
export const objectParam = z.preprocess(
  (value) => (typeof value === 'string' ? parseJson(value) : value),
  z.record(z.string(), z.unknown(), 'Value must be a valid object'),
);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export const queriesParam = orElse(listParam(z.string(), 100), []);
export const totalParam = orElse(boolParam, true);

const PERMISSION =
  /^(read|create|update|delete|write)\("(any|guests|users(\/\w+)?|user:[^"]+|team:[^"]+|member:[^"]+|label:[A-Za-z0-9]+)"\)$/;

export const permissionsParam = listParam(
  z.string().regex(PERMISSION, 'Permission must be of the form "action(\\"role\\")"'),
);

const ROLE = /^(any|guests|users(\/\w+)?|user:.+|team:.+|member:.+|label:[A-Za-z0-9]+)$/;
export const rolesParam = listParam(z.string().regex(ROLE, 'Roles must be valid role strings without a verb'));

/** `write` is stored as its parts. */
export function expandPermissions(permissions: readonly string[], withCreate: boolean): string[] {
  const verbs = withCreate ? ['create', 'update', 'delete'] : ['update', 'delete'];
  const expanded = permissions.flatMap((permission) =>
    permission.startsWith('write(') ? verbs.map((verb) => verb + permission.slice('write'.length)) : [permission],
  );
  return [...new Set(expanded)];
}

/** Checks each declared parameter in order; unknown ones are ignored. Null is absent unless the schema takes it. */
export function parseParams<S extends z.ZodRawShape>(shape: S, raw: Record<string, unknown>): z.infer<z.ZodObject<S>> {
  const parsed: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(shape)) {
    const value = raw[name];
    const result = z.safeParse(schema, value);
    if (!result.success) {
      if (value === undefined || value === null) throw invalidArgument(`Param "${name}" is not optional.`);
      const reason = result.error.issues[0]?.message ?? 'Value is not valid';
      throw invalidArgument(`Invalid \`${name}\` param: ${reason}`);
    }
    parsed[name] = result.data;
  }
  return parsed as z.infer<z.ZodObject<S>>;
}
