import type { SecretName } from '../../protocol/service.ts';

/** How keys look. A gateway may give others out, so a strange beginning is a warning and no more. */
export type KeyProblem = 'empty' | 'not_a_key' | 'short' | 'unusual';

const BEGINNINGS: Record<SecretName, readonly string[]> = {
  XAI_API_KEY: ['xai-'],
  ANTHROPIC_API_KEY: ['sk-ant-'],
  GITHUB_TOKEN: ['ghp_', 'github_pat_', 'gho_', 'ghu_', 'ghs_'],
  APPWRITE_API_KEY: ['standard_'],
  ORCHESTRATOR_RECORDS_KEY: ['standard_'],
};
const SHORTEST = 8;

/** Null for a text that looks like a key of this kind. */
export function keyProblem(name: SecretName, text: string): KeyProblem | null {
  const key = text.trim();
  if (key === '') return 'empty';
  // A key goes into a header of a request: visible characters of ASCII, and no spaces between them.
  if (!/^[\x21-\x7e]+$/.test(key)) return 'not_a_key';
  if (key.length < SHORTEST) return 'short';
  return BEGINNINGS[name].some((beginning) => key.startsWith(beginning)) ? null : 'unusual';
}

export function usualBeginnings(name: SecretName): string {
  return BEGINNINGS[name].join(', ');
}
