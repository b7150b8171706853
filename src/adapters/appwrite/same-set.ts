/** True when both lists hold the same texts, whatever the order and the repeats. */
export function sameSet(a: readonly string[], b: readonly string[]): boolean {
  const [left, right] = [new Set(a), new Set(b)];
  return left.size === right.size && [...left].every((text) => right.has(text));
}
