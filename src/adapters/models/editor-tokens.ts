import type { EditorModels } from '../../protocol/language-models.ts';

/** Counts a conversation text by text, so that a turn asks only for what it added. */
export interface TokenCounter {
  count(modelId: string, texts: readonly string[]): Promise<number>;
}

/** Texts whose count is kept; the oldest go first. */
const MAX_KEPT = 4_000;
/** What a vendor adds around each text. */
const TOKENS_PER_TEXT = 4;

export function createTokenCounter(models: EditorModels): TokenCounter {
  const kept = new Map<string, Promise<number>>();

  const countOne = (modelId: string, text: string): Promise<number> => {
    const key = `${modelId}\n${text}`;
    const before = kept.get(key);
    if (before !== undefined) return before;
    const counting = models.countTokens(modelId, text);
    kept.set(key, counting);
    counting.catch(() => kept.delete(key));
    if (kept.size > MAX_KEPT) {
      const [oldest] = kept.keys();
      if (oldest !== undefined) kept.delete(oldest);
    }
    return counting;
  };

  return {
    async count(modelId, texts) {
      const counts = await Promise.all(texts.map((text) => countOne(modelId, text)));
      return counts.reduce((sum, tokens) => sum + tokens + TOKENS_PER_TEXT, 0);
    },
  };
}
