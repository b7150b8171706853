/** `detail`: what happens all the time; the rest in rising order of how much a person should notice it. */
export type LogLevel = 'detail' | 'info' | 'success' | 'warning' | 'failure';

export interface LogLine {
  level: LogLevel;
  /** One line; what models wrote has its line breaks and control characters taken out. */
  text: string;
  subtaskId: string | null;
  /** The other side of an overlap. */
  otherSubtaskId: string | null;
  agentId: string | null;
  /** What to do about it; null when there is nothing to do. */
  remedy: string | null;
}

// Control and bidirectional-override characters could make text read as something else.
const UNSAFE = /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]+/gu;

const oneLine = (text: string): string => text.replace(UNSAFE, ' ').trim();

export function line(level: LogLevel, text: string, about: Partial<Omit<LogLine, 'level' | 'text'>> = {}): LogLine {
  return { subtaskId: null, otherSubtaskId: null, agentId: null, remedy: null, ...about, level, text: oneLine(text) };
}

export const shortCommit = (commit: string): string => commit.slice(0, 7);
