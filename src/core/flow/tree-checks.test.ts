import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Files } from '../ports.ts';
import { makeRunnable } from './tree-checks.ts';

const none = async () => {};
const FILES: Files = { join, copyMatching: async () => [], writeText: none, emptyDir: none, remove: none };

describe('the set-up of a worktree', () => {
  it('tells what failed, and names the file of its output when it said something', async () => {
    const outputs: Record<string, string> = { loud: 'npm ERR!\n', quiet: '', fine: 'done\n' };
    const failed = await makeRunnable(
      {
        files: FILES,
        runner: {
          run: async ({ command }) => {
            const output = outputs[command] ?? '';
            const exitCode = command === 'fine' ? 0 : 3;
            return { exitCode, ended: 'exit', durationMs: 1, output, outputBytes: output.length };
          },
        },
      },
      new AbortController().signal,
      {
        checks: { setup: Object.keys(outputs), include: [], allow: [], deny: [], wallMs: 1, idleMs: 1, network: false },
      },
      '/workspace',
      { dir: '/worktree', outputDir: '/out', env: {} },
    );
    assert.deepEqual(
      failed.map(({ command, exitCode, outputTail, outputFile }) => ({ command, exitCode, outputTail, outputFile })),
      [
        { command: 'loud', exitCode: 3, outputTail: 'npm ERR!\n', outputFile: join('/out', 'set-up-0.log') },
        { command: 'quiet', exitCode: 3, outputTail: '', outputFile: null },
      ],
    );
  });
});
