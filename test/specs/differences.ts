import type { Operation, Vendor } from './description.ts';

/**
 * Where the vendor's server is known to answer otherwise than its own description says. Each entry names what shows it;
 * an entry that no traffic needs any more must go.
 */

const string = { type: 'string' } as const;

function answerOf(schema: Record<string, unknown>): Operation['answers'][string] {
  return { content: { 'application/json': { schema } } };
}

/** Operations that the servers have and the descriptions leave out. */
export const undescribed: Readonly<Record<Vendor, readonly Operation[]>> = {
  appwrite: [
    {
      // Public, so that clients can tell which version they talk to; kept out of the specs by the server's own code.
      id: 'healthGetVersion',
      method: 'GET',
      path: '/health/version',
      parameters: [],
      requestBody: null,
      answers: { 200: answerOf({ type: 'object', required: ['version'], properties: { version: string } }) },
    },
  ],
  github: [],
};

/** Success statuses by operation that the description leaves out, and the described one whose body they have. */
export const moreStatuses: Readonly<Record<Vendor, Readonly<Record<string, Readonly<Record<number, string>>>>>> = {
  appwrite: {
    // An asynchronous execution is accepted, not created: the server's end-to-end tests expect 202.
    functionsCreateExecution: { 202: '201' },
  },
  github: {},
};

/**
 * GitHub's refusals that any operation may give and few list: of the token, of the limits, of what the token may not
 * see, of a body that cannot be read, and of a server in trouble. https://docs.github.com/en/rest/using-the-rest-api
 */
export const anyRefusal: ReadonlySet<number> = new Set([400, 401, 403, 404, 415, 422, 429, 500, 502, 503]);
