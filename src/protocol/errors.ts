import * as z from 'zod';

/** The closed list of things that can go wrong. Model kinds are those of a provider call; the rest are ours. */
export const ErrorCode = z.enum([
  // model calls
  'auth',
  'quota_exhausted',
  'rate_limited',
  'overloaded',
  'server',
  'transport',
  'timeout',
  'invalid_request',
  'too_large',
  'truncated',
  'refusal',
  'malformed',
  'aborted',
  // ours
  'no_recording',
  'usage',
  'configuration',
  'brief_invalid',
  'plan_invalid',
  'budget_exceeded',
  'paused',
  'workspace_unusable',
  'git_failed',
  // git does not take files of a worktree as they are: who can change them can mend it
  'files_refused',
  'merge_refused',
  'checks_failed',
  'forge_failed',
  'deployment_failed',
  'live_check_failed',
  'engine_conflict',
  'storage_failed',
  'not_found',
  'internal',
]);
export type ErrorCode = z.infer<typeof ErrorCode>;

export const ErrorInfo = z.strictObject({
  code: ErrorCode,
  /** For the log: what happened, technically. */
  message: z.string(),
  /** For the person: what happened, where, and what to do. */
  userMessage: z.string(),
  /** True when the same call may succeed later without anybody changing anything. */
  retry: z.boolean(),
  details: z.record(z.string(), z.json()).optional(),
});
export type ErrorInfo = z.infer<typeof ErrorInfo>;

const RETRYABLE: ReadonlySet<ErrorCode> = new Set(['rate_limited', 'overloaded', 'server', 'transport', 'timeout']);

export interface AppErrorInit {
  code: ErrorCode;
  message: string;
  /** Defaults to `message`. */
  userMessage?: string;
  /** Defaults to whether the code names a passing condition. */
  retry?: boolean;
  cause?: unknown;
  details?: ErrorInfo['details'];
}

/** The one error type thrown by this program. Branch on `code`, never on the text. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly userMessage: string;
  readonly retry: boolean;
  readonly details: ErrorInfo['details'];

  constructor(init: AppErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = 'AppError';
    this.code = init.code;
    this.userMessage = init.userMessage ?? init.message;
    this.retry = init.retry ?? RETRYABLE.has(init.code);
    this.details = init.details;
  }

  /** JSON form, safe to journal. */
  toInfo(): ErrorInfo {
    const info: ErrorInfo = {
      code: this.code,
      message: this.message,
      userMessage: this.userMessage,
      retry: this.retry,
    };
    return this.details === undefined ? info : { ...info, details: this.details };
  }

  static fromInfo(info: ErrorInfo): AppError {
    return new AppError(info.details === undefined ? { ...info, details: undefined } : info);
  }
}

/** What the system says when somebody has to make room, and for whom that is. */
const SYSTEM: Record<string, string> = {
  ENOSPC: 'The disk is full (%). Free some space, then resume the run.',
  EDQUOT: 'Your share of the disk is used up (%). Free some space, then resume the run.',
  EROFS: 'A disk is read-only (%). Make it writable, then resume the run.',
  EIO: 'A disk could not be read or written (%). Check it, then resume the run.',
  EMFILE: 'The computer has too many files open (%). Close some programs, then resume the run.',
  ENFILE: 'The computer has too many files open (%). Close some programs, then resume the run.',
};

function systemFault(thrown: Error): AppError | null {
  const code = 'code' in thrown && 'syscall' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  const advice = Object.hasOwn(SYSTEM, code) ? SYSTEM[code] : undefined;
  if (advice === undefined) return null;
  const { message } = thrown;
  const userMessage = advice.replace('%', () => message);
  return new AppError({ code: 'storage_failed', message, userMessage, cause: thrown });
}

/** Any thrown value as an AppError; unknown ones become `internal` and keep their cause. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return new AppError({ code: 'aborted', message: thrown.message, userMessage: 'Cancelled.', cause: thrown });
  }
  const fault = thrown instanceof Error ? systemFault(thrown) : null;
  if (fault !== null) return fault;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AppError({ code: 'internal', message, cause: thrown });
}
