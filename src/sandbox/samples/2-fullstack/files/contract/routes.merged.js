/**
 * What the live application answers. Each part adds its routes; the smoke check asks for every one of them.
 *
 * part: id of the function or site; body: sent as JSON, or null; contains: a text that the answer must hold.
 */
export const routes = [
  // Each part adds its routes below this line.
  { part: 'notes-api', method: 'GET', path: '/', body: null, status: 200, contains: '"notes"' },
  { part: 'notes-api', method: 'POST', path: '/', body: { title: '' }, status: 400, contains: '"problems"' },
  { part: 'team-notes', method: 'GET', path: '/', body: null, status: 200, contains: '<h1>Team Notes</h1>' },
  { part: 'team-notes', method: 'GET', path: '/app.js', body: null, status: 200, contains: 'import' },
];
