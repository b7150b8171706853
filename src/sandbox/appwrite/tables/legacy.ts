import { ApiError } from '../http/api-error.ts';
import type { Route } from '../http/router.ts';

/** Words of a request of the older API -> of this one. */
const REQUEST_WORDS: Record<string, string> = {
  collectionId: 'tableId',
  documentId: 'rowId',
  documents: 'rows',
  attributes: 'columns',
  attribute: 'column',
  documentSecurity: 'rowSecurity',
  relatedCollectionId: 'relatedTableId',
};
/** Words of an answer of this API -> of the older one. */
const ANSWER_WORDS: Record<string, string> = {
  tables: 'collections',
  rows: 'documents',
  columns: 'attributes',
  rowSecurity: 'documentSecurity',
  relatedTable: 'relatedCollection',
};
const PATH_WORDS: Record<string, string> = {
  tablesdb: 'databases',
  tables: 'collections',
  columns: 'attributes',
  rows: 'documents',
  ':tableId': ':collectionId',
  ':rowId': ':documentId',
  ':column': ':attribute',
};
/** Beginnings of error types, the longest first. */
const ERROR_TYPES = [
  ['column_index_', 'index_'],
  ['column_', 'attribute_'],
  ['table_', 'collection_'],
  ['row_', 'document_'],
] as const;
const LABELS = [
  [/^Column index\b/, 'Index'],
  [/^Column\b/, 'Attribute'],
  [/^Table\b/, 'Collection'],
  [/^Row\b/, 'Document'],
] as const;

type Words = Record<string, unknown>;

function isWords(value: unknown): value is Words {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The older API: the same things under `/databases`, where a table is a collection and a row a document. */
export function legacyRoutes(routes: readonly Route[]): Route[] {
  return routes.map((route) => ({
    ...route,
    path: legacyPath(route.path),
    run: async (raw, call) => {
      try {
        const reply = await route.run(readRequest(raw), call);
        return { ...reply, ...(reply.body === undefined ? {} : { body: writeAnswer(reply.body) }) };
      } catch (error) {
        throw error instanceof ApiError ? legacyError(error) : error;
      }
    },
  }));
}

function legacyPath(path: string): string {
  const legacy = path
    .split('/')
    .map((word) => PATH_WORDS[word] ?? word)
    .join('/');
  return legacy.replace('/:key/relationship', '/relationship/:key');
}

function readRequest(raw: Words): Words {
  const renamed = Object.entries(raw).map(([name, value]) => [REQUEST_WORDS[name] ?? name, value] as const);
  const request: Words = Object.fromEntries(renamed);
  const { operations } = request;
  return Array.isArray(operations) ? { ...request, operations: operations.map(readOperation) } : request;
}

function readOperation(operation: unknown): unknown {
  return isWords(operation) ? readRequest(operation) : operation;
}

/** The columns of a row are the caller's words and stay. */
function writeAnswer(body: unknown): unknown {
  if (!isWords(body)) return body;
  const isRow = '$tableId' in body;
  const renamed = Object.entries(body).map(([name, value]) => {
    if (isRow) return [name === '$tableId' ? '$collectionId' : name, writeRelated(value)] as const;
    return [ANSWER_WORDS[name] ?? name, Array.isArray(value) ? value.map(writeAnswer) : value] as const;
  });
  return Object.fromEntries(renamed);
}

function writeRelated(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(writeRelated);
  return isWords(value) && '$tableId' in value ? writeAnswer(value) : value;
}

function legacyError({ status, type, message }: ApiError): ApiError {
  const [word, legacy] = ERROR_TYPES.find(([start]) => type.startsWith(start)) ?? ['', ''];
  const [label, name] = LABELS.find(([start]) => start.test(message)) ?? [/^/, ''];
  const renamed = Object.entries(REQUEST_WORDS).reduce(
    (text, [old, current]) => text.replace(`"${current}"`, `"${old}"`).replace(`\`${current}\``, `\`${old}\``),
    message.replace(label, name),
  );
  return new ApiError(status, legacy + type.slice(word.length), renamed);
}
