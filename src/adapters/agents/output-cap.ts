import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Longest text that a tool gives to the model, in characters. */
const MAX_TEXT_CHARS = 30_000;
const HEAD_CHARS = 18_000;
const TAIL_CHARS = 11_500;

/** Head and tail of a long text; all of it goes to `file`, for people, unless that is null. */
export async function capText(text: string, file: string | null): Promise<string> {
  if (text.length <= MAX_TEXT_CHARS) return text;
  if (file !== null) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  const cutChars = text.length - HEAD_CHARS - TAIL_CHARS;
  const note = `\n[... ${cutChars} characters left out here; ask for a smaller part ...]\n`;
  return text.slice(0, HEAD_CHARS) + note + text.slice(-TAIL_CHARS);
}
