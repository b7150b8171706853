/**
 * Longest texts of a note, in characters. The table's columns, the function's rules and the page's form must agree;
 * function and page are deployed apart, so each has its own copy and a test that compares it with this one.
 */
export const LIMITS = { title: 80, body: 2000, author: 40 };
