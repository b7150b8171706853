import type { IncomingMessage } from 'node:http';
import { ApiError, invalidArgument } from './api-error.ts';

/** One request must hold a 5 MiB chunk, or a whole small archive, with its form around it. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export interface UploadedPart {
  name: string;
  bytes: Uint8Array;
}

export interface ApiInput {
  /** Query, form or JSON parameters by name. */
  params: Record<string, unknown>;
  /** The file of a multipart body. */
  file: UploadedPart | null;
}

export async function readBody(request: IncomingMessage, maxBytes = MAX_BODY_BYTES): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    sizeBytes += bytes.length;
    if (sizeBytes > maxBytes) throw new ApiError(413, 'general_argument_invalid', 'The request body is too large.');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** Parameters of a request: `name[0]=a&name[1]=b` and `name[]` become lists. */
export async function readInput(request: IncomingMessage, query: URLSearchParams): Promise<ApiInput> {
  const params = collect(query);
  if (request.method === 'GET' || request.method === 'HEAD') return { params, file: null };
  const body = await readBody(request);
  const contentType = request.headers['content-type'] ?? '';
  if (contentType.startsWith('multipart/form-data')) return { ...(await readForm(body, contentType, params)) };
  if (body.length === 0) return { params, file: null };
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    throw invalidArgument('Invalid JSON in the request body.');
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) Object.assign(params, parsed);
  return { params, file: null };
}

async function readForm(body: Buffer, contentType: string, params: Record<string, unknown>): Promise<ApiInput> {
  let form: FormData;
  try {
    form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData();
  } catch {
    throw invalidArgument('Invalid multipart body.');
  }
  const texts = new URLSearchParams();
  let file: UploadedPart | null = null;
  for (const [name, value] of form.entries()) {
    if (typeof value === 'string') texts.append(name, value);
    else file = { name: value.name, bytes: new Uint8Array(await value.arrayBuffer()) };
  }
  return { params: Object.assign(params, collect(texts)), file };
}

function collect(pairs: URLSearchParams): Record<string, unknown> {
  const params: Record<string, unknown> = {};
  for (const [rawName, value] of pairs) {
    const list = /^([^[\]]+)\[\d*\]$/.exec(rawName)?.[1];
    if (list === undefined) {
      params[rawName] = value;
      continue;
    }
    const items = params[list];
    if (Array.isArray(items)) items.push(value);
    else params[list] = [value];
  }
  return params;
}
