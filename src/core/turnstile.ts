/**
 * Lets those who come together through one after the other, in order: the next one goes when the program has heard what
 * happened outside meanwhile, and when what the one before has begun is over. Answers of several models that arrive in the
 * same moment would otherwise all be worked on before the disk is heard again, and the first agent's next request would
 * leave together with the last one's, and so on turn after turn.
 */
export function createTurnstile(begun: () => Promise<unknown>): () => Promise<void> {
  const waiting: (() => void)[] = [];
  const letOneThrough = (): void => {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(opened);
  };
  // What has begun is only on its way out in the round after: a request takes several turns of its own until it is written.
  const opened = (): void => {
    const soon = () => setImmediate(letOneThrough);
    begun().then(soon, soon);
  };
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) setImmediate(opened);
    });
}
