import type { Brief } from '../../protocol/brief.ts';
import { briefPrompt, parseBriefAnswer, repairPrompt } from './brief-draft.ts';

export interface Turn {
  role: 'user' | 'assistant';
  text: string;
}

/** One request to a model; resolves with all of its answer. */
export type AskModel = (turns: readonly Turn[]) => Promise<string>;

/** A brief out of a person's words, with one chance to repair it. Null when the second answer does not fit either. */
export async function askForBrief(words: string, ask: AskModel): Promise<Brief | null> {
  const turns: Turn[] = [{ role: 'user', text: briefPrompt(words) }];
  const first = await ask(turns);
  const parsed = parseBriefAnswer(first);
  if (parsed.ok) return parsed.brief;
  turns.push({ role: 'assistant', text: first || '(nothing)' }, { role: 'user', text: repairPrompt(parsed.problem) });
  const second = parseBriefAnswer(await ask(turns));
  return second.ok ? second.brief : null;
}
