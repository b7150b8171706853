import assert from 'node:assert/strict';
import { decode, describedBy, type Match } from './description.ts';
import { anyRefusal, bulkAnswers, moreStatuses, redirects } from './differences.ts';
import { type Problem, problemsOf } from './schemas.ts';
import type { Operation, Vendor } from './types.ts';

/** One request and its answer, as they were on the wire. */
export interface Exchange {
  method: string;
  /** Below the API's own base, with its query: `/tablesdb?queries[0]=…`. */
  path: string;
  requestType: string;
  requestBody: Uint8Array;
  status: number;
  answerType: string;
  answerBody: Uint8Array;
}

export interface Violation {
  method: string;
  path: string;
  /** Null when no operation has this method and path. */
  operation: string | null;
  /** Such as `query queries`, `request body /columns/0/size`, `status`, `answer body /total`. */
  where: string;
  what: string;
}

export interface Verdict {
  operation: string | null;
  violations: Violation[];
}

const text = new TextDecoder();

/**
 * Which requests are held against the description: all; those that were not refused (a refusal, 4xx or 5xx, says itself
 * that something is wrong); or none, for tests of what a server takes besides.
 */
export type Requests = 'all' | 'accepted' | 'none';

/** Holds an exchange against the vendor's description. */
export async function checkExchange(
  vendor: Vendor,
  exchange: Exchange,
  requests: Requests = 'accepted',
): Promise<Verdict> {
  const { method, path, status } = exchange;
  const url = new URL(path, 'http://api.invalid');
  const match = describedBy(vendor).find(method === 'HEAD' ? 'GET' : method, url.pathname);
  const isRefused = status >= 400;
  const isChecked = requests === 'all' || (requests === 'accepted' && !isRefused);
  const found: [where: string, what: string][] = [];
  if (match === null) {
    if (!isRefused || isChecked) found.push(['operation', `${vendor} describes none of this method and path`]);
    if (isRefused) found.push(...refusalProblems(vendor, exchange));
  } else {
    if (isChecked) found.push(...(await requestProblems(vendor, match, url.searchParams, exchange)));
    const problems = answerProblems(vendor, match.operation, exchange);
    found.push(...(selectsFields(url.searchParams) ? problems.filter(isOfWhatIsThere) : problems));
  }
  const operation = match?.operation.id ?? null;
  return { operation, violations: found.map(([where, what]) => ({ method, path, operation, where, what })) };
}

/** Throws with all that is wrong, one violation a line. */
export async function assertDescribed(vendor: Vendor, exchange: Exchange): Promise<void> {
  assertNone((await checkExchange(vendor, exchange, 'all')).violations);
}

/** Throws when there are violations, one a line. */
export function assertNone(violations: readonly Violation[]): void {
  const lines = new Set(violations.map(violationText));
  if (lines.size > 0) assert.fail(`not as the vendor describes it:\n${[...lines].join('\n')}`);
}

function violationText({ method, path, operation, where, what }: Violation): string {
  return `${method} ${decode(path)} (${operation ?? 'unknown'}): ${where}: ${what}`;
}

type Found = [where: string, what: string][];

const under = (where: string, problems: readonly Problem[]): Found =>
  problems.map(({ at, what }) => [at === '' ? where : `${where} ${at}`, what]);

async function requestProblems(
  vendor: Vendor,
  { operation, pathParameters }: Match,
  query: URLSearchParams,
  exchange: Exchange,
): Promise<Found> {
  return [
    ...under('path', textProblems(vendor, operation, 'path', pathParameters)),
    ...under('query', textProblems(vendor, operation, 'query', collect(query))),
    ...(await requestBodyProblems(vendor, operation, exchange)),
  ];
}

function textProblems(
  vendor: Vendor,
  operation: Operation,
  place: 'path' | 'query',
  value: Record<string, unknown>,
): Problem[] {
  const parameters = operation.parameters.filter((parameter) => parameter.in === place);
  const schema = {
    type: 'object',
    properties: Object.fromEntries(parameters.map((parameter) => [parameter.name, parameter.schema])),
    required: parameters.filter(({ required }) => required).map(({ name }) => name),
  };
  return problemsOf({ vendor, direction: 'request', carrier: 'text', key: `${operation.id} ${place}` }, schema, value);
}

/** `queries[0]=a&queries[1]=b` and `queries[]=a` become lists. */
function collect(pairs: Iterable<[string, string]>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [rawName, value] of pairs) {
    const name = /^([^[\]]+)\[\d*\]$/.exec(rawName)?.[1];
    if (name === undefined) values[rawName] = value;
    else values[name] = [...(Array.isArray(values[name]) ? values[name] : []), value];
  }
  return values;
}

async function requestBodyProblems(vendor: Vendor, operation: Operation, exchange: Exchange): Promise<Found> {
  const { requestBody: bytes, requestType } = exchange;
  const where = 'request body';
  // Appwrite's client sends `{}` with every verb but GET.
  const isEmpty = bytes.length === 0 || (bytes.length === 2 && text.decode(bytes) === '{}');
  if (operation.requestBody === null) return isEmpty ? [] : [[where, 'the operation takes none']];
  const isForm = requestType.startsWith('multipart/form-data');
  // GitHub takes every body for JSON, whatever it is called.
  const schema = operation.requestBody.content[isForm ? 'multipart/form-data' : 'application/json']?.schema;
  if (schema === undefined) {
    return [
      [where, `is ${requestType || 'of no type'}, not ${Object.keys(operation.requestBody.content).join(' or ')}`],
    ];
  }
  const target = {
    vendor,
    direction: 'request',
    carrier: isForm ? 'text' : 'json',
    key: `${operation.id} body`,
  } as const;
  if (isForm) {
    const form = await readForm(bytes, requestType).catch(() => null);
    return form === null ? [[where, 'is no form']] : under(where, problemsOf(target, schema, form));
  }
  if (bytes.length === 0) return operation.requestBody.required ? [[where, 'is missing']] : [];
  const body = parse(bytes);
  return body === undefined ? [[where, 'is not JSON']] : under(where, problemsOf(target, schema, body));
}

/** Appwrite leaves out of each item what a `select` query does not name. */
function selectsFields(query: URLSearchParams): boolean {
  return [...query].some(([name, value]) => name.startsWith('queries[') && value.includes('"method":"select"'));
}

const isOfWhatIsThere = ([where, what]: Found[number]): boolean =>
  !(/^answer body \/\w+\/\d+$/.test(where) && what.startsWith('must have required property'));

/** Texts and lists by name; a file is the text that names it. */
async function readForm(bytes: Uint8Array, contentType: string): Promise<Record<string, unknown>> {
  const headers = { 'content-type': contentType };
  const form = await new Response(new Uint8Array(bytes), { headers }).formData();
  const pairs = [...form.entries()];
  return collect(pairs.map(([name, value]) => [name, typeof value === 'string' ? value : value.name]));
}

function answerProblems(vendor: Vendor, operation: Operation, exchange: Exchange): Found {
  const { status, answerType, answerBody, method } = exchange;
  const alias = moreStatuses[vendor][operation.id]?.[status];
  const answer = operation.answers[alias ?? status];
  if (vendor === 'github' && redirects.has(status) && answer === undefined) return refusalProblems(vendor, exchange);
  if (answer === undefined && vendor === 'github' && status === 304 && ['GET', 'HEAD'].includes(method)) {
    return emptyProblems(answerBody);
  }
  if (status >= 400 && (vendor === 'appwrite' || answer?.content === undefined)) {
    return refusalProblems(vendor, exchange, answer !== undefined);
  }
  if (answer === undefined) {
    return [['status', `${status} is not described; ${Object.keys(operation.answers).join(', ')} is`]];
  }
  if (method === 'HEAD' || answer.content === undefined) return emptyProblems(answerBody);
  const type = answerType.split(';', 1)[0] ?? '';
  const isJson = 'application/json' in answer.content;
  if (isJson && type !== 'application/json') return [['answer type', `is ${type || 'missing'}, not application/json`]];
  const bulk = bulkAnswers[operation.id];
  const isBulk = bulk !== undefined && bulk.field in Object(parse(exchange.requestBody));
  const schema = isBulk ? { $ref: `#/components/schemas/${bulk.schema}` } : answer.content['application/json']?.schema;
  if (schema === undefined) return [];
  const body = parse(answerBody);
  if (body === undefined) return [['answer body', 'is not JSON']];
  const key = `${operation.id} ${status}${isBulk ? ' bulk' : ''}`;
  return under('answer body', problemsOf({ vendor, direction: 'answer', carrier: 'json', key }, schema, body));
}

const emptyProblems = (body: Uint8Array): Found => (body.length === 0 ? [] : [['answer body', 'must be empty']]);

/** The errors that any operation may answer with. */
const REFUSALS = {
  appwrite: { $ref: '#/components/schemas/error' },
  github: {
    allOf: [
      { $ref: '#/components/schemas/basic-error' },
      { type: 'object', required: ['message', 'documentation_url'] },
    ],
  },
};

/** `isDescribed`: the operation names the status, without a body. */
function refusalProblems(vendor: Vendor, exchange: Exchange, isDescribed = false): Found {
  const { method, status, answerType, answerBody } = exchange;
  const isKnown = vendor === 'appwrite' || isDescribed || anyRefusal.has(status) || redirects.has(status);
  if (!isKnown) return [['status', `${status} is not described`]];
  if (method === 'HEAD') return emptyProblems(answerBody);
  if (!answerType.startsWith('application/json')) return [['answer type', `is ${answerType}, not application/json`]];
  const body = parse(answerBody);
  if (body === undefined) return [['answer body', 'is not JSON']];
  const target = { vendor, direction: 'answer', carrier: 'json', key: 'refusal' } as const;
  const found = under('answer body', problemsOf(target, REFUSALS[vendor], body));
  const code: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'code') : undefined;
  if (vendor === 'appwrite' && code !== status) found.push(['answer body /code', `is ${code}, the status ${status}`]);
  return found;
}

/** Undefined when it is not JSON. */
function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(text.decode(bytes));
  } catch {
    return undefined;
  }
}
