import { createHandler } from './handler.js';
import { readNote, toNote } from './note.js';
import { createRows } from './rows.js';

export default createHandler({
  readNote,
  toNote,
  openRows: (req) =>
    createRows({
      endpoint: process.env.APPWRITE_FUNCTION_API_ENDPOINT,
      projectId: process.env.APPWRITE_FUNCTION_PROJECT_ID,
      key: req.headers['x-appwrite-key'],
      databaseId: 'team-notes',
      tableId: 'notes',
      fetch: globalThis.fetch,
    }),
});
