import type { ServiceParamsOf } from '../../protocol/service.ts';

export type BriefFormat = ServiceParamsOf<'parseBrief'>['format'];

const FORMATS: Record<string, BriefFormat> = {
  yaml: 'yaml',
  yml: 'yaml',
  json: 'json',
  md: 'markdown',
  markdown: 'markdown',
};

export const BRIEF_ENDINGS: readonly string[] = Object.keys(FORMATS);

/** By the end of the file's name; null for a file that holds no brief. */
export function briefFormatOf(name: string): BriefFormat | null {
  const ending = /\.([^./\\]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(FORMATS, ending) ? (FORMATS[ending] ?? null) : null;
}
