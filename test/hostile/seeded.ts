/** Random numbers that a seed repeats: for choices, not for secrets. */
export interface Dice {
  /** 0 (included) to 1 (excluded). */
  next(): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** Whole number from `from` to `to`, both included. */
  int(from: number, to: number): number;
  pick<T>(choices: readonly T[]): T;
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The dice of one decision: the same for the same seed and name, in whatever order things happen. */
export function diceFor(seed: number, name: string): Dice {
  let mixed = seed | 0;
  for (const char of name) mixed = Math.imul(mixed ^ (char.codePointAt(0) ?? 0), 0x9e3779b1) ^ (mixed >>> 13);
  const next = mulberry32(mixed);
  return {
    next,
    chance: (probability) => next() < probability,
    int: (from, to) => from + Math.floor(next() * (to - from + 1)),
    pick<T>(choices: readonly T[]): T {
      const chosen = choices[Math.floor(next() * choices.length)];
      if (chosen === undefined) throw new Error('nothing to choose from');
      return chosen;
    },
  };
}
