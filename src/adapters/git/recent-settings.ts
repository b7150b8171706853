import { type Git, type GitPlace, placeOf } from './git-command.ts';

const KEPT_MS = 10_000;

/**
 * The same question, asked at most every ten seconds for a folder: settings change seldom, and every git process counts. A
 * failure is not kept.
 */
export function recently<T>(ask: (git: Git, at: string | GitPlace) => Promise<T>): typeof ask {
  const known = new WeakMap<Git, Map<string, { askedAt: number; answer: Promise<T> }>>();
  return (git, at) => {
    const answers = known.get(git) ?? new Map<string, { askedAt: number; answer: Promise<T> }>();
    known.set(git, answers);
    const { cwd } = placeOf(at);
    const now = performance.now();
    for (const [folder, { askedAt }] of answers) if (now - askedAt > KEPT_MS) answers.delete(folder);
    const before = answers.get(cwd);
    if (before !== undefined) return before.answer;
    const entry = { askedAt: now, answer: ask(git, at) };
    answers.set(cwd, entry);
    entry.answer.catch(() => {
      if (answers.get(cwd) === entry) answers.delete(cwd);
    });
    return entry.answer;
  };
}
