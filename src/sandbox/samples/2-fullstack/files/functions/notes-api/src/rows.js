/**
 * The rows of one table, over the REST API of Appwrite.
 * `key` is the one that the execution received; `fetch` is an argument so that tests need no server.
 */
export function createRows({ endpoint, projectId, key, databaseId, tableId, fetch }) {
  const url = `${endpoint}/tablesdb/${databaseId}/tables/${tableId}/rows`;
  const headers = { 'content-type': 'application/json', 'x-appwrite-project': projectId, 'x-appwrite-key': key };

  async function call(target, options) {
    const response = await fetch(target, { ...options, headers });
    const body = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(`${options.method} rows: ${response.status} ${body.type ?? ''}`.trim());
    return body;
  }

  return {
    /** The newest rows, at most `limit`. */
    async newest(limit) {
      const queries = [
        { method: 'orderDesc', attribute: '$createdAt' },
        { method: 'limit', values: [limit] },
      ];
      const search = new URLSearchParams(queries.map((query, index) => [`queries[${index}]`, JSON.stringify(query)]));
      const { rows } = await call(`${url}?${search}`, { method: 'GET' });
      return rows;
    },

    /** Adds a row and returns it with its id and time. */
    async add(data) {
      const rowId = crypto.randomUUID().replaceAll('-', '');
      return call(url, { method: 'POST', body: JSON.stringify({ rowId, data }) });
    },
  };
}
