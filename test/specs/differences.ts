import type { Operation, Schema, Vendor } from './types.ts';

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

/** Operations whose answer has another schema when the request holds this field: the bulk form of the same operation. */
export const bulkAnswers: Readonly<Record<string, { field: string; schema: string }>> = {
  // The client's own type of createRows and createDocuments is the list.
  tablesDBCreateRow: { field: 'rows', schema: 'rowList' },
  databasesCreateDocument: { field: 'documents', schema: 'documentList' },
};

/** Values that fields of a schema may have besides those described, as `<schema>.<field>`. */
export const moreValues: Readonly<Record<Vendor, Readonly<Record<string, readonly unknown[]>>>> = {
  appwrite: {
    // Rules of the API and redirects lead to no resource; the server's model has '' by default.
    'proxyRule.deploymentResourceType': [''],
  },
  github: {},
};

/** Parameters by operation that take more than the description says. */
export const looserParameters: Readonly<Record<string, Readonly<Record<string, Schema>>>> = {
  // GitHub's documentation takes ranges of dates here, in the syntax of its search: `>=2026-01-01`.
  'actions/list-workflow-runs': { created: string },
  'actions/list-workflow-runs-for-repo': { created: string },
};

const anyCaseOrders = { type: 'array', items: { type: 'string', pattern: '^([Aa][Ss][Cc]|[Dd][Ee][Ss][Cc])$' } };

/** Fields of JSON requests by operation that take more than the description says. */
export const looserFields: Readonly<Record<string, Readonly<Record<string, Schema>>>> = {
  // The server's own list is ASC and DESC, compared without case; its command line writes them in capitals.
  tablesDBCreateIndex: { orders: anyCaseOrders },
  databasesCreateIndex: { orders: anyCaseOrders },
};

/** What stands for the described path: GitHub leads renamed repositories to their id, and has the root folder without a path. */
export const sameAs: Readonly<Record<Vendor, readonly [path: RegExp, described: string][]>> = {
  appwrite: [],
  github: [
    [/^\/repositories\/\d+(?=\/|$)/, '/repos/-/-'],
    [/(?<=^\/repos\/[^/]+\/[^/]+\/contents)\/?$/, '/.'],
  ],
};

/** GitHub's answers to any operation of what has moved: "301 and 307: repeat the request to the URL in location". */
export const redirects: ReadonlySet<number> = new Set([301, 302, 307]);

/**
 * GitHub's refusals that any operation may give and few list: of the token, of the limits, of what the token may not
 * see, of a body that cannot be read, and of a server in trouble. https://docs.github.com/en/rest/using-the-rest-api
 */
export const anyRefusal: ReadonlySet<number> = new Set([400, 401, 403, 404, 415, 422, 429, 500, 502, 503]);
