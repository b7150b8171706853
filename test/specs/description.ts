import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { looserFields, looserParameters, moreValues, sameAs, undescribed } from './differences.ts';
import type { Content, Operation, Parameter, Schema, Vendor } from './types.ts';

const SchemaShape = z.record(z.string(), z.unknown());

const Reference = z.object({ $ref: z.string() });
const ContentShape = z.record(z.string(), z.object({ schema: SchemaShape.optional() }));
const ParameterShape = z.object({
  name: z.string(),
  in: z.enum(['path', 'query', 'header', 'cookie']),
  required: z.boolean().optional(),
  schema: SchemaShape.default({}),
  /** GitHub's word for a path parameter that may hold slashes. */
  'x-multi-segment': z.boolean().optional(),
});
const AnswerShape = z.object({ content: ContentShape.optional() });
const OperationShape = z.object({
  operationId: z.string(),
  parameters: z.array(z.union([Reference, ParameterShape])).default([]),
  requestBody: z.object({ required: z.boolean().optional(), content: ContentShape }).optional(),
  responses: z.record(z.string(), z.union([Reference, AnswerShape])),
});
const Document = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.object({
    schemas: z.record(z.string(), SchemaShape),
    parameters: z.record(z.string(), ParameterShape).default({}),
    responses: z.record(z.string(), AnswerShape).default({}),
  }),
});
type Document = z.infer<typeof Document>;

export interface Match {
  operation: Operation;
  /** Decoded. */
  pathParameters: Record<string, string>;
}

export interface Description {
  vendor: Vendor;
  /** By name; they refer to each other as `#/components/schemas/<name>`. */
  schemas: Readonly<Record<string, Schema>>;
  operations: readonly Operation[];
  /** `pathname` is below the API's own base and has no query. */
  find(method: string, pathname: string): Match | null;
}

const loaded = new Map<Vendor, Description>();

/** The vendor's description, read at the first call. */
export function describedBy(vendor: Vendor): Description {
  const known = loaded.get(vendor);
  if (known !== undefined) return known;
  const description = load(vendor);
  loaded.set(vendor, description);
  return description;
}

function load(vendor: Vendor): Description {
  const text = readFileSync(new URL(`${vendor}/api.json`, import.meta.url), 'utf8');
  const document = Document.parse(JSON.parse(text));
  const operations: Operation[] = [...undescribed[vendor]];
  for (const [path, entry] of Object.entries(document.paths)) {
    const shared = z.array(z.union([Reference, ParameterShape])).parse(entry.parameters ?? []);
    for (const [method, value] of Object.entries(entry)) {
      if (method !== 'parameters') operations.push(readOperation(document, method, path, shared, value));
    }
  }
  const patterns = operations.map((operation) => ({ operation, ...pathPattern(operation) }));
  return {
    vendor,
    schemas: withMoreValues(document.components.schemas, moreValues[vendor]),
    operations,
    find(method, asked) {
      const pathname = sameAs[vendor].reduce((path, [pattern, described]) => path.replace(pattern, described), asked);
      let best: { match: Match; literals: number } | null = null;
      for (const { operation, pattern, literals } of patterns) {
        if (operation.method !== method || (best !== null && literals <= best.literals)) continue;
        const groups = pattern.exec(pathname)?.slice(1);
        const names = operation.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
        if (groups === undefined) continue;
        const ordered = names.toSorted(
          (one, two) => operation.path.indexOf(`{${one}}`) - operation.path.indexOf(`{${two}}`),
        );
        const pathParameters = Object.fromEntries(ordered.map((name, at) => [name, decode(groups[at] ?? '')]));
        best = { match: { operation, pathParameters }, literals };
      }
      return best?.match ?? null;
    },
  };
}

function readOperation(
  document: Document,
  method: string,
  path: string,
  shared: readonly (z.infer<typeof Reference> | Parameter)[],
  value: unknown,
): Operation {
  const { operationId, parameters, requestBody, responses } = OperationShape.parse(value);
  const answers = Object.entries(responses).map(([status, answer]) => [
    status,
    '$ref' in answer ? component(document.components.responses, answer.$ref) : answer,
  ]);
  return {
    id: operationId,
    method: method.toUpperCase(),
    path,
    parameters: [...shared, ...parameters].map((given) => {
      const parameter = '$ref' in given ? component(document.components.parameters, given.$ref) : given;
      return { ...parameter, schema: looserParameters[operationId]?.[parameter.name] ?? parameter.schema };
    }),
    requestBody:
      requestBody === undefined
        ? null
        : { required: requestBody.required ?? false, content: withLooserFields(operationId, requestBody.content) },
    answers: Object.fromEntries(answers),
  };
}

function withLooserFields(operationId: string, content: Content): Content {
  const looser = looserFields[operationId];
  if (looser === undefined) return content;
  const { properties, ...rest } = z
    .looseObject({ properties: z.record(z.string(), SchemaShape) })
    .parse(content['application/json']?.schema);
  return { ...content, 'application/json': { schema: { ...rest, properties: { ...properties, ...looser } } } };
}

function withMoreValues(
  schemas: Record<string, Schema>,
  more: Readonly<Record<string, readonly unknown[]>>,
): Record<string, Schema> {
  const changed = { ...schemas };
  for (const [place, values] of Object.entries(more)) {
    const [name = '', field = ''] = place.split('.');
    const Described = z.looseObject({ properties: z.record(z.string(), SchemaShape) });
    const { properties, ...rest } = Described.parse(schemas[name]);
    const schema = z.looseObject({ enum: z.array(z.unknown()) }).parse(properties[field]);
    changed[name] = {
      ...rest,
      properties: { ...properties, [field]: { ...schema, enum: [...schema.enum, ...values] } },
    };
  }
  return changed;
}

function component<T>(components: Record<string, T>, reference: string): T {
  const found = components[reference.slice(reference.lastIndexOf('/') + 1)];
  if (found === undefined) throw new Error(`The description does not hold ${reference}.`);
  return found;
}

/** More fixed text wins over less, so that `/functions/runtimes` is not a function's id. */
function pathPattern({ path, parameters }: Operation): { pattern: RegExp; literals: number } {
  const parts = path.split(/(\{[^}]+\})/);
  const source = parts.map((part) => {
    if (!part.startsWith('{')) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const parameter = parameters.find(({ name }) => `{${name}}` === part);
    return parameter?.['x-multi-segment'] ? '(.+)' : '([^/]+)';
  });
  const literals = parts.filter((part) => !part.startsWith('{')).join('').length;
  return { pattern: new RegExp(`^${source.join('')}$`), literals };
}

/** The text itself when it is not encoded properly. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
