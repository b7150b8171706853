import { t } from '../l10n.ts';
import { formatDuration, formatNumber } from '../ui/format.ts';

/** Counted things in words; a language may say one and many differently. */
export const countFiles = (n: number): string => (n === 1 ? t('1 file') : t('{0} files', formatNumber(n)));
export const countSubtasks = (n: number): string => (n === 1 ? t('1 subtask') : t('{0} subtasks', formatNumber(n)));
export const countFindings = (n: number): string => (n === 1 ? t('1 finding') : t('{0} findings', formatNumber(n)));
export const countQuestions = (n: number): string => (n === 1 ? t('1 question') : t('{0} questions', formatNumber(n)));
export const countChecks = (n: number): string => (n === 1 ? t('1 check') : t('{0} checks', formatNumber(n)));
export const countRounds = (n: number): string => (n === 1 ? t('1 round') : t('{0} rounds', formatNumber(n)));
export const countCalls = (n: number): string => (n === 1 ? t('1 call') : t('{0} calls', formatNumber(n)));

/** What happened, and how long it took. */
export const formatPair = (text: string, durationMs: number): string => `${text} (${formatDuration(durationMs)})`;
export const countDecisions = (n: number): string => (n === 1 ? t('1 decision') : t('{0} decisions', formatNumber(n)));
