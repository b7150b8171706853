import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Children } from './children.ts';
import { COMMAND_LIMIT_SECONDS, commandEnvironment, runCommand } from './run-command.ts';
import type { Conclusion } from './state-checks.ts';

/** What a repository without workflows is checked with: its own `npm test`. */

const TAIL_CHARACTERS = 4_000;

export interface Verdict {
  conclusion: Conclusion;
  title: string;
  summary: string;
}

const Manifest = z.object({ scripts: z.object({ test: z.string().min(1) }) });

function hasTestScript(sourceDir: string): boolean {
  const file = join(sourceDir, 'package.json');
  if (!existsSync(file)) return false;
  try {
    return Manifest.safeParse(JSON.parse(readFileSync(file, 'utf8'))).success;
  } catch {
    // A manifest that is no JSON is for npm to report.
    return true;
  }
}

export async function runNpmCheck(
  children: Children,
  { sourceDir, homeDir }: { sourceDir: string; homeDir: string },
): Promise<Verdict> {
  if (!hasTestScript(sourceDir)) {
    return { conclusion: 'success', title: 'No checks configured', summary: 'no checks configured' };
  }
  const isWindows = process.platform === 'win32';
  const command = {
    file: isWindows ? 'npm.cmd' : 'npm',
    args: ['test'],
    cwd: sourceDir,
    env: commandEnvironment(homeDir),
    shell: isWindows,
  };
  const done = await runCommand(children, command);
  const summary = done.output.slice(-TAIL_CHARACTERS);
  if (done.startError !== null) {
    return {
      conclusion: 'failure',
      title: 'npm could not be started',
      summary: `npm could not be started: ${done.startError}. It must be on the PATH of the GitHub stand-in.`,
    };
  }
  if (done.timedOut) return { conclusion: 'timed_out', title: `Ended after ${COMMAND_LIMIT_SECONDS} s`, summary };
  if (done.exitCode === 0) return { conclusion: 'success', title: 'npm test passed', summary };
  return { conclusion: 'failure', title: `npm test ended with ${done.exitCode ?? 'a signal'}`, summary };
}
