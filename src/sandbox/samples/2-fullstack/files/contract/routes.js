/**
 * What the live application answers. Each part adds its routes; the smoke check asks for every one of them.
 *
 * part: id of the function or site; body: sent as JSON, or null; contains: a text that the answer must hold.
 */
export const routes = [
  // Each part adds its routes below this line.
];
