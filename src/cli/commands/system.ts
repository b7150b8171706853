import { resolve } from 'node:path';
import { applyLocalCloud, missingConfiguration, readSettings } from '../../app/config.ts';
import { expandHome } from '../../app/config-values.ts';
import { diagnose } from '../../app/doctor.ts';
import { testKeys } from '../../app/keys-test.ts';
import { ensureLocalCloud, localCloudStatus, stopLocalCloud } from '../../app/local-cloud.ts';
import { EXIT } from '../exit-codes.ts';
import { type Deps, type Io, printJson, say } from '../io.ts';
import { formatDuration, formatTokens, formatUsd } from '../progress/text.ts';
import { commandName, interruptible, settingsFor, stateSettings } from '../session.ts';

/** Commands about the machine and the outside systems. */

export async function doctor(io: Io, flags: { workspace?: string; json?: boolean }): Promise<number> {
  const workspaceDir = resolve(io.cwd, expandHome(flags.workspace ?? '.', io.env));
  const diagnoses = await diagnose({ env: io.env, workspaceDir });
  for (const entry of diagnoses) {
    if (flags.json) {
      printJson(io, entry);
      continue;
    }
    const mark = { ok: '✓', warning: '!', missing: '✗' }[entry.state];
    io.stdout.write(`${mark} ${entry.name}: ${entry.found}\n`);
    if (entry.state !== 'ok') io.stdout.write(`    ${entry.fix}\n`);
  }
  const missing = diagnoses.filter((entry) => entry.state === 'missing').length;
  say(io, missing === 0 ? readyFor(io, workspaceDir) : `${missing} to fix before a run can work.`);
  return missing === 0 ? EXIT.complete : EXIT.usage;
}

/** What a run could do now: with everything configured, or with --local only. */
function readyFor(io: Io, workspaceDir: string): string {
  const unset = missingConfiguration(readSettings({ env: io.env, workspaceDir }).settings, 'deploy');
  return unset.length === 0 ? 'Ready.' : `Ready for --local. For the real systems set: ${unset.join(', ')}.`;
}

export async function keysTest(io: Io, deps: Deps, flags: { local?: boolean; json?: boolean }): Promise<number> {
  const stopping = interruptible(io);
  try {
    const own = settingsFor(io, { workspaceDir: io.cwd });
    const { stateDir } = own;
    const settings = flags.local
      ? applyLocalCloud(own, await deps.ensureLocalCloud({ stateDir, signal: stopping.signal }))
      : own;
    let failed = 0;
    for await (const test of testKeys(settings, stopping.signal)) {
      if (test.outcome === 'failed') failed += 1;
      if (flags.json) {
        printJson(io, test);
        continue;
      }
      const mark = { answered: '✓', reachable: '✓', failed: '✗' }[test.outcome];
      const detail =
        test.usage === null
          ? test.message
          : [
              formatDuration(test.latencyMs),
              `${formatTokens(test.usage.inputTokens)} tokens in`,
              `${formatTokens(test.usage.cachedInputTokens)} cached`,
              `${formatTokens(test.usage.outputTokens)} out`,
              test.costUsd === null ? 'cost unknown' : formatUsd(test.costUsd),
            ].join(', ');
      io.stdout.write(`${mark} ${test.role} ${test.model}: ${detail}\n`);
    }
    return failed === 0 ? EXIT.complete : EXIT.failed;
  } finally {
    stopping.close();
  }
}

export async function localStart(io: Io): Promise<number> {
  const stopping = interruptible(io);
  try {
    const { stateDir } = stateSettings(io);
    const cloud = await ensureLocalCloud({ stateDir, signal: stopping.signal });
    const rows = [
      ['models (xAI)', cloud.xaiBaseUrl],
      ['models (Anthropic)', cloud.anthropicBaseUrl],
      ['GitHub', cloud.githubUrl],
      ['Appwrite', cloud.appwriteEndpoint],
    ];
    for (const [name, url] of rows) io.stdout.write(`${name}: ${url}\n`);
    say(io, `The local cloud runs (process ${cloud.pid}); it ends by itself after 30 minutes without a request.`);
    say(io, `Stop it with: ${commandName(io)} local stop`);
    return EXIT.complete;
  } finally {
    stopping.close();
  }
}

export async function localStop(io: Io): Promise<number> {
  const { stateDir } = stateSettings(io);
  const wasRunning = await stopLocalCloud({ stateDir });
  say(io, wasRunning ? 'The local cloud is stopped; what it stores is kept.' : 'The local cloud was not running.');
  return EXIT.complete;
}

export async function localStatus(io: Io): Promise<number> {
  const { stateDir } = stateSettings(io);
  const cloud = await localCloudStatus({ stateDir });
  say(io, cloud === null ? 'The local cloud is not running.' : `The local cloud runs (process ${cloud.pid}).`);
  return EXIT.complete;
}
