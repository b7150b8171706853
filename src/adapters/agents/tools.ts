import { realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type {
  AgentTools,
  CommandResult,
  CommandRunner,
  ToolCall,
  ToolOutcome,
  ToolSession,
  ToolSessionOptions,
} from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import { editText, writeWhole } from './file-writer.ts';
import { capText } from './output-cap.ts';
import { judgePath } from './path-guard.ts';
import { describeFaults, TOOL_NAMES, TOOL_SPECS, ToolArguments, type ToolName } from './tool-arguments.ts';

const RUN_WALL_MS = 5 * 60_000;
const RUN_IDLE_MS = 2 * 60_000;
const RUN_OUTPUT_BYTES = 60_000;

type FileToolName = Exclude<ToolName, 'run'>;
type ReadToolName = Exclude<FileToolName, 'write' | 'edit'>;

/** One of the vendor's tools. */
type ReadTool = (input: unknown, signal: AbortSignal) => Promise<string>;

interface Session {
  options: ToolSessionOptions;
  /** The worktree with links resolved. */
  root: string;
  readTools: Record<ReadToolName, ReadTool>;
  runner: CommandRunner;
}

/** The tools of an agent: the vendor's for reading and our own for writing, behind our path rules; commands behind the runner. */
export function createAgentTools(runner: CommandRunner): AgentTools {
  return {
    specs: TOOL_SPECS,
    async open(options): Promise<ToolSession> {
      const root = await realpath(options.worktreeDir);
      const closing = new AbortController();
      const { readTools, close } = await openReadTools(root);
      const session: Session = { options, root, readTools, runner };
      return {
        run: (call, signal) => runTool(session, call, AbortSignal.any([signal, closing.signal])),
        async close() {
          closing.abort();
          await close();
        },
      };
    },
  };
}

async function openReadTools(root: string): Promise<{ readTools: Session['readTools']; close(): Promise<void> }> {
  const { betaAgentToolset20260401 } = await import('@anthropic-ai/sdk/tools/agent-toolset/node');
  const tools = betaAgentToolset20260401({ workdir: root });
  const pick = (name: ReadToolName): ReadTool => {
    const tool = tools.find((candidate) => 'name' in candidate && candidate.name === name);
    if (tool === undefined) throw new Error(`the vendor's tool set has no ${name}`);
    return async (input, signal) => {
      const toolUse = { type: 'tool_use' as const, id: name, name, input };
      const result = await tool.run(input, { toolUse, toolUseBlock: toolUse, signal });
      return typeof result === 'string' ? result : JSON.stringify(result);
    };
  };
  const readTools = {
    read: pick('read'),
    glob: pick('glob'),
    grep: pick('grep'),
  };
  return {
    readTools,
    async close() {
      for (const tool of tools) await tool.close?.();
    },
  };
}

const failed = (text: string, summary: string, changed = false): ToolOutcome => ({
  text,
  isError: true,
  changed,
  summary,
});

async function runTool(session: Session, call: ToolCall, signal: AbortSignal): Promise<ToolOutcome> {
  if (signal.aborted) throw cancelled();
  const name = TOOL_NAMES.find((known) => known === call.name);
  if (name === undefined) {
    return failed(
      `There is no tool "${call.name}". The tools are: ${TOOL_NAMES.join(', ')}.`,
      `asked for the unknown tool ${call.name.slice(0, 40)}`,
    );
  }
  const outcome =
    name === 'run' ? await runCommand(session, call, signal) : await runFileTool(session, name, call, signal);
  if (signal.aborted) throw cancelled();
  // A command's output has its own file already.
  const file = name === 'run' ? null : outputFile(session, call, `${name}.txt`);
  return { ...outcome, text: await capText(outcome.text, file) };
}

/** The id comes from the model's provider, so it is no file name yet. */
function outputFile({ options }: Session, call: ToolCall, suffix: string): string {
  return join(options.outputDir, `${call.id.replaceAll(/[^\w-]/g, '_').slice(0, 100)}.${suffix}`);
}

function cancelled(): AppError {
  return new AppError({ code: 'aborted', message: 'tool call cancelled', userMessage: 'Cancelled.' });
}

async function runFileTool(
  session: Session,
  name: FileToolName,
  call: ToolCall,
  signal: AbortSignal,
): Promise<ToolOutcome> {
  const parsed = ToolArguments[name].safeParse(call.input);
  if (!parsed.success) return failed(describeFaults(name, parsed.error), `${name}: wrong arguments`);
  const input = parsed.data;
  const isWrite = name === 'write' || name === 'edit';
  const path = 'file_path' in input ? input.file_path : (input.path ?? '.');
  const shown = shownPath(session, path);
  const { real, refusal } = judgePath(session.root, path, isWrite ? 'write' : 'read');
  const asked = name === 'glob' && 'pattern' in input && /(^|[/\\{,])\.git([/\\},]|$)/i.test(input.pattern);
  const why = asked ? '.git belongs to the orchestrator and is not listed.' : refusal;
  if (real === null || why !== null) return failed(why ?? '', `${name} ${shown}: refused`);
  const useFileTool = (): string | Promise<string> => {
    if ('content' in input) return writeWhole(real, path, input.content);
    if ('old_string' in input) return editText(real, path, input);
    return session.readTools[name as ReadToolName](input, signal);
  };
  try {
    const text = await useFileTool();
    return {
      text: relativePaths(session, text),
      isError: false,
      changed: isWrite,
      summary: summaryOf(name, input, shown),
    };
  } catch (error) {
    if (error instanceof AppError) throw error;
    // They throw what the model should read: not found, not unique, too large.
    const message = error instanceof Error ? error.message : String(error);
    return failed(relativePaths(session, message), `${name} ${shown}: failed`);
  }
}

const PAST: Record<FileToolName, string> = {
  read: 'read',
  write: 'wrote',
  edit: 'edited',
  glob: 'listed',
  grep: 'searched',
};

function summaryOf(name: FileToolName, input: object, shown: string): string {
  const pattern = 'pattern' in input && typeof input.pattern === 'string' ? input.pattern.slice(0, 60) : null;
  if (pattern === null) return `${PAST[name]} ${shown}`;
  return shown === '.' ? `${PAST[name]} ${pattern}` : `${PAST[name]} ${pattern} in ${shown}`;
}

function shownPath(session: Session, path: string): string {
  return relativePaths(session, path).slice(0, 120);
}

/** The vendor's tools print absolute paths; the model, the log and recordings get them relative to the project. */
function relativePaths({ root, options }: Session, text: string): string {
  return text.replaceAll(root + sep, '').replaceAll(options.worktreeDir + sep, '');
}

async function runCommand(session: Session, call: ToolCall, signal: AbortSignal): Promise<ToolOutcome> {
  const parsed = ToolArguments.run.safeParse(call.input);
  if (!parsed.success) return failed(describeFaults('run', parsed.error), 'run: wrong arguments');
  const { command } = parsed.data;
  const { options, root } = session;
  const [firstLine = ''] = command.split('\n');
  const shown = firstLine.slice(0, 80);
  const refusal = options.refuseCommand(command);
  if (refusal !== null) return failed(refusal, `ran ${shown}: refused`);
  const result = await session.runner.run(
    {
      command,
      cwd: root,
      env: options.env,
      wallMs: RUN_WALL_MS,
      idleMs: RUN_IDLE_MS,
      maxOutputBytes: RUN_OUTPUT_BYTES,
      outputFile: outputFile(session, call, 'log'),
      network: options.network,
    },
    signal,
  );
  const isError = result.exitCode !== 0;
  const text = `${endOf(result)}\n${relativePaths(session, result.output)}`;
  return { text, isError, changed: true, summary: isError ? `ran ${shown}: ${endOf(result)}` : `ran ${shown}` };
}

function endOf(result: CommandResult): string {
  switch (result.ended) {
    case 'exit':
      return `exit code ${result.exitCode}`;
    case 'signal':
      return 'ended by a signal';
    case 'wall':
      return `stopped: not finished after ${RUN_WALL_MS / 60_000} minutes`;
    case 'idle':
      return `stopped: no output for ${RUN_IDLE_MS / 60_000} minutes`;
    case 'cancelled':
      return 'cancelled';
  }
}
