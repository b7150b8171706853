import {
  Ajv2019 as Ajv,
  type AnySchemaObject,
  type ErrorObject,
  type Format,
  type ValidateFunction,
} from 'ajv/dist/2019.js';
import { describedBy } from './description.ts';
import type { Schema, Vendor } from './types.ts';

/**
 * What a schema is for. Both vendors write OpenAPI 3.0, which is no JSON Schema: `nullable` becomes a type. In a request
 * no other field may stand than those described, for that is how a misspelt one is found. An answer may hold more, and
 * a `oneOf` of an answer counts as `anyOf`, because the vendors' alternatives overlap.
 */
export type Direction = 'request' | 'answer';

/** Whether every value arrives as text, as in queries and forms. */
export type Carrier = 'json' | 'text';

/** Words of OpenAPI that Ajv would read in another sense. */
const DROPPED = new Set(['nullable', 'x-nullable', 'discriminator', 'xml', 'readOnly', 'writeOnly', 'default']);
const COMBINED = ['oneOf', 'anyOf', 'allOf'];

const isText = (pattern: RegExp) => ({ type: 'string', validate: (text: string) => pattern.test(text) }) as const;
const isBetween = (min: number, max: number) =>
  ({ type: 'number', validate: (value: number) => value >= min && value <= max }) as const;
const FORMATS: Record<string, Format> = {
  'date-time': isText(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/),
  datetime: { type: 'string', validate: (text: string) => !Number.isNaN(Date.parse(text)) },
  uri: { type: 'string', validate: (text: string) => URL.canParse(text.replace(/\{[^}]*\}/g, '')) },
  url: { type: 'string', validate: (text: string) => URL.canParse(text) },
  email: isText(/^[^\s@]+@[^\s@]+$/),
  ip: isText(/^[\d.]+$|^[\da-fA-F:.]+$/),
  phone: isText(/^\+\d+$/),
  'repo.nwo': isText(/^[^/\s]+\/[^/\s]+$/),
  int32: isBetween(-(2 ** 31), 2 ** 31 - 1),
  int64: isBetween(-(2 ** 63), 2 ** 63),
  // These say how a value is meant; every text or number of the type is one.
  ...({ float: true, double: true, binary: true, password: true, enum: true } as const),
};

export interface Problem {
  /** Such as `/columns/0/size`; empty for the whole. */
  at: string;
  /** Such as `must be integer`. */
  what: string;
}

const validators = new Map<string, ValidateFunction>();
const compilers = new Map<string, Ajv>();

/** What is wrong with `value`; `key` names the schema, which is compiled once. Coerces texts within `value`. */
export function problemsOf(
  target: { vendor: Vendor; direction: Direction; carrier: Carrier; key: string },
  schema: Schema,
  value: unknown,
): Problem[] {
  const { vendor, direction, carrier } = target;
  const id = [vendor, direction, carrier, target.key].join(' ');
  let validate = validators.get(id);
  if (validate === undefined) {
    validate = compilerOf(vendor, direction, carrier).compile(adapt(schema, { direction, carrier }));
    validators.set(id, validate);
  }
  return validate(value) ? [] : readable(validate.errors ?? []);
}

function compilerOf(vendor: Vendor, direction: Direction, carrier: Carrier): Ajv {
  const id = [vendor, direction, carrier].join(' ');
  const known = compilers.get(id);
  if (known !== undefined) return known;
  // Not strict: descriptions hold words that are no JSON Schema. A format that nobody checks is an error all the same.
  const options = { strict: false, allErrors: true, formats: FORMATS, logger: { log: fail, warn: fail, error: fail } };
  const ajv = new Ajv({ ...options, coerceTypes: carrier === 'text' });
  for (const [name, schema] of Object.entries(describedBy(vendor).schemas)) {
    ajv.addSchema({ ...adapt(schema, { direction, carrier }), $id: schemaUrl(name) });
  }
  compilers.set(id, ajv);
  return ajv;
}

function fail(message: unknown): never {
  throw new Error(String(message));
}

const schemaUrl = (name: string) => `schemas:/${name}`;

/** `inside`: an alternative or a part of another schema, which is what says whether there may be more fields. */
function adapt(schema: Schema, use: { direction: Direction; carrier: Carrier }, inside = false): AnySchemaObject {
  const adapted: Record<string, unknown> = {};
  for (const [word, value] of Object.entries(schema)) {
    if (DROPPED.has(word)) continue;
    if (COMBINED.includes(word)) {
      // A text may become a number or stay a text, so that two alternatives fit it.
      const isLoose = word === 'oneOf' && (use.direction === 'answer' || use.carrier === 'text');
      adapted[isLoose ? 'anyOf' : word] = list(value).map((item) => adapt(item, use, true));
    } else if (word === 'properties') {
      adapted.properties = mapValues(value, (item) => adapt(item, use));
    } else if ((word === 'items' || word === 'additionalProperties' || word === 'not') && isSchema(value)) {
      adapted[word] = adapt(value, use);
    } else if (word === '$ref') {
      adapted.$ref = schemaUrl(String(value).slice(String(value).lastIndexOf('/') + 1));
    } else adapted[word] = value;
  }
  const isClosed =
    use.direction === 'request' && !inside && 'properties' in schema && !('additionalProperties' in schema);
  if (isClosed) adapted.unevaluatedProperties = false;
  return schema.nullable === true || schema['x-nullable'] === true ? orNull(adapted) : adapted;
}

function orNull(schema: Record<string, unknown>): AnySchemaObject {
  return { anyOf: [{ type: 'null' }, schema] };
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(value: unknown): Schema[] {
  return Array.isArray(value) ? value.filter(isSchema) : [];
}

function mapValues(value: unknown, change: (item: Schema) => AnySchemaObject): Record<string, AnySchemaObject> {
  if (!isSchema(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, change(isSchema(item) ? item : {})]));
}

/** Without what says only that no alternative fits: what is wrong with each of them says more. */
function readable(errors: readonly ErrorObject[]): Problem[] {
  const own = errors.filter(({ keyword }) => !['anyOf', 'oneOf', 'if'].includes(keyword));
  const isNullBranch = ({ keyword, params }: ErrorObject) => keyword === 'type' && params.type === 'null';
  const telling = own.filter((error) => !isNullBranch(error) || own.every(isNullBranch));
  const problems = (telling.length > 0 ? telling : errors).map(problemOf);
  return problems.filter(
    (one, at) => problems.findIndex((other) => other.at === one.at && other.what === one.what) === at,
  );
}

function problemOf({ instancePath, keyword, params, message }: ErrorObject): Problem {
  const what = message ?? keyword;
  if (keyword === 'unevaluatedProperties') {
    return { at: `${instancePath}/${params.unevaluatedProperty}`, what: 'is not described' };
  }
  if (keyword === 'additionalProperties') {
    return { at: `${instancePath}/${params.additionalProperty}`, what: 'is not described' };
  }
  if (keyword === 'enum') return { at: instancePath, what: `${what}: ${[params.allowedValues].flat().join(', ')}` };
  return { at: instancePath, what };
}
