import { type Document, type Field, type Operation, type Selection, Variable } from './graphql-parse.ts';

/** An error in GitHub's shape; `type` is such as NOT_FOUND, UNPROCESSABLE or FORBIDDEN. */
export class GraphqlError extends Error {
  readonly type: string | undefined;
  constructor(message: string, type?: string) {
    super(message);
    this.type = type;
  }
}

/** An object of an answer: its type and how each of its fields is found. */
export interface Resolved {
  type: string;
  fields: Record<string, Resolver>;
}
type Resolver = (args: Record<string, unknown>) => unknown;

export interface GraphqlAnswer {
  data?: unknown;
  errors?: Record<string, unknown>[];
}

const isResolved = (value: unknown): value is Resolved =>
  typeof value === 'object' && value !== null && 'type' in value && 'fields' in value;

/** Runs one operation. A field that fails is null and named among the errors, the others are answered. */
export async function runOperation(
  document: Document,
  operation: Operation,
  root: Resolved,
  variables: Record<string, unknown>,
): Promise<GraphqlAnswer> {
  const values = { ...operation.defaults, ...variables };
  const errors: Record<string, unknown>[] = [];

  const filled = (value: unknown): unknown => {
    if (value instanceof Variable) return values[value.name];
    if (Array.isArray(value)) return value.map(filled);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, filled(entry)]));
  };

  const complete = async (value: unknown, field: Field, path: (string | number)[]): Promise<unknown> => {
    if (Array.isArray(value)) return Promise.all(value.map((item, at) => complete(item, field, [...path, at])));
    if (!isResolved(value)) return value ?? null;
    return select(value, field.selection, path);
  };

  const fieldsOf = (object: Resolved, selection: readonly Selection[]): Field[] =>
    selection.flatMap((part) => {
      if ('field' in part) return [part.field];
      const fragment = 'spread' in part ? document.fragments.get(part.spread) : part;
      if (fragment === undefined) return [];
      return fragment.on === null || fragment.on === object.type || fragment.on === 'Node'
        ? fieldsOf(object, fragment.selection)
        : [];
    });

  const select = async (object: Resolved, selection: readonly Selection[], path: (string | number)[]) => {
    const found: Record<string, unknown> = {};
    // One after the other: mutations must be, and queries lose nothing.
    for (const field of fieldsOf(object, selection)) {
      const place = [...path, field.alias];
      found[field.alias] = await resolve(object, field, place);
    }
    return found;
  };

  const resolve = async (object: Resolved, field: Field, path: (string | number)[]): Promise<unknown> => {
    if (field.name === '__typename') return object.type;
    const args = Object.fromEntries(Object.entries(field.args).map(([key, value]) => [key, filled(value)]));
    try {
      const resolver = object.fields[field.name];
      if (resolver === undefined) {
        throw new GraphqlError(`Field '${field.name}' doesn't exist on type '${object.type}'`);
      }
      return await complete(await resolver(args), field, path);
    } catch (error) {
      if (!(error instanceof GraphqlError)) throw error;
      errors.push({
        ...(error.type === undefined ? {} : { type: error.type }),
        path,
        locations: [{ line: 1, column: 1 }],
        message: error.message,
      });
      return null;
    }
  };

  const data = await select(root, operation.selection, []);
  return errors.length === 0 ? { data } : { data, errors };
}
