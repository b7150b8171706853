import type { ToolCall, ToolSpec } from './models.ts';

export interface CommandSpec {
  /** A command line for the shell of the platform. */
  command: string;
  cwd: string;
  /** Complete environment apart from PATH and the like, which the runner adds; never holds keys. */
  env: Record<string, string>;
  wallMs: number;
  /** Longest silence. */
  idleMs: number;
  /** Output above this is dropped from memory; the file keeps at most ten times as much. */
  maxOutputBytes: number;
  /** Where all output goes; null keeps none. */
  outputFile: string | null;
  network: boolean;
}

export interface CommandResult {
  exitCode: number | null;
  ended: 'exit' | 'signal' | 'wall' | 'idle' | 'cancelled';
  durationMs: number;
  /** Last maxOutputBytes of stdout and stderr together. */
  output: string;
  outputBytes: number;
}

/** Runs one command in its own process group and kills the whole group at the end. Never throws for a failing command. */
export interface CommandRunner {
  run(spec: CommandSpec, signal: AbortSignal): Promise<CommandResult>;
}

export interface ToolOutcome {
  text: string;
  isError: boolean;
  /** True when files may have changed. */
  changed: boolean;
  /** One line for the person: `edited src/api.js`. */
  summary: string;
}

export interface ToolSession {
  run(call: ToolCall, signal: AbortSignal): Promise<ToolOutcome>;
  close(): Promise<void>;
}

export interface ToolSessionOptions {
  worktreeDir: string;
  env: Record<string, string>;
  /** Null allows the command; otherwise the reason for refusing it. */
  refuseCommand(command: string): string | null;
  network: boolean;
  outputDir: string;
}

/** read, write, edit, glob, grep, run; `finish` is the core's own. Refuses paths outside, .git and agent configuration. */
export interface AgentTools {
  readonly specs: readonly ToolSpec[];
  open(options: ToolSessionOptions): Promise<ToolSession>;
}
