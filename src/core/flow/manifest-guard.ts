import type { Check } from '../../protocol/plan.ts';
import type { Finding } from '../../protocol/work.ts';
import { cannotFail, packageScriptsOf } from './check-commands.ts';
import { finding, type GuardedFile } from './guarded-file.ts';
import { changedSettings } from './runner-config.ts';

/** Scripts of a package.json that the checks run, the ones that they call in turn included. */
export function manifestFindings(file: GuardedFile, checks: readonly Check[]): Finding[] {
  const before = scriptsOf(file.before);
  const after = scriptsOf(file.after);
  const findings: Finding[] = [];
  const settings = file.before === null ? [] : changedSettings(manifestOf(file.before), manifestOf(file.after));
  if (settings.length > 0) {
    const message = `This decides what checks look at, and it was changed: ${settings.join(', ')}.`;
    findings.push(finding(file.path, 'settings', lineOf(file.after, `"${settings[0]}"`), 'major', message));
  }
  const gone = Object.fromEntries(Object.keys(before).map((name) => [name, '']));
  const called = new Set(packageScriptsOf(checks, { ...gone, ...after }));
  for (const name of packageScriptsOf(checks, { ...after, ...before })) {
    const was = before[name];
    const now = after[name];
    if (was === now) continue;
    const add = (severity: Finding['severity'], message: string) =>
      findings.push(finding(file.path, `script-${name}`, lineOf(file.after, `"${name}"`), severity, message));
    if (now === undefined && !called.has(name)) add('major', `The script "${name}", which a check ran, was removed.`);
    else if (now === undefined) add('blocker', `The script "${name}", which a check runs, was removed. Put it back.`);
    else if (cannotFail(now)) add('blocker', `The script "${name}", which a check runs, cannot fail: \`${now}\`.`);
    else if (was !== undefined)
      add('major', `The script "${name}", which a check runs, was \`${was}\`, is \`${now}\`.`);
  }
  return findings;
}

/** Empty where there are none. */
export function scriptsOf(text: string | null): Record<string, string> {
  const { scripts } = manifestOf(text);
  if (typeof scripts !== 'object' || scripts === null) return {};
  return Object.fromEntries(Object.entries(scripts).filter((entry) => typeof entry[1] === 'string'));
}

function manifestOf(text: string | null): Record<string, unknown> {
  try {
    const manifest: unknown = JSON.parse(text ?? '{}');
    return typeof manifest === 'object' && manifest !== null ? { ...manifest } : {};
  } catch {
    // A manifest that is no JSON makes every check of it fail by itself.
    return {};
  }
}

function lineOf(text: string | null, part: string): number {
  const index = text?.indexOf(part) ?? -1;
  return index < 0 ? 0 : (text ?? '').slice(0, index).split('\n').length;
}
