import type { Check } from '../../protocol/plan.ts';
import type { ChangedFile, Finding } from '../../protocol/work.ts';
import { namedScripts, packageScriptsOf, runsPackageScripts } from './check-commands.ts';
import { endsEarly, endsIn, exits } from './early-exits.ts';
import { finding, type GuardedFile } from './guarded-file.ts';
import { manifestFindings, scriptsOf } from './manifest-guard.ts';
import { normalisePath } from './owned-paths.ts';
import { isExpectedOutput, isRunnerConfig, scriptSettings } from './runner-config.ts';
import { switchedOff, withoutTests } from './switched-off.ts';
import { isTestPath, readTestSource, type TestSource } from './test-source.ts';

const SHOWN_CHARS = 120;

/** True when the guard wants to see the texts of the file. */
export function isGuarded(path: string, checks: readonly Check[]): boolean {
  const isKnown = isTestPath(path) || isManifest(path) || isRunnerConfig(path) || isExpectedOutput(path);
  return isKnown || namedScripts(checks).has(path);
}

const isManifest = (path: string) => /(?:^|\/)package\.json$/.test(path);

/**
 * What a change did to the tests and checks that were there before it, seen from the texts alone. A `blocker` weakens them;
 * anything else is for the reviewer to judge. Tests and assertions that moved to another changed file are not missed.
 * `named`: files that the checks, and the package scripts that they run, ran before and run now. `removable`: test files that
 * the approved plan lets go or lose tests; that they did is told to the reviewer.
 */
export function guardTests(
  files: readonly GuardedFile[],
  checks: readonly Check[],
  named: Named = { before: namedScripts(checks), after: namedScripts(checks) },
  removable: readonly string[] = [],
): Finding[] {
  const planned = new Set(removable.map(normalisePath));
  const moved = movedTests(files);
  const asserted = new Set(files.flatMap((file) => sourceAfter(file).asserted));
  return files.flatMap((file) => [
    ...testFindings(file, moved, asserted, planned.has(pathBefore(file))),
    ...(isManifest(file.path) ? manifestFindings(file, checks) : []),
    ...definitionFindings(file, named),
  ]);
}

interface Named {
  before: ReadonlySet<string>;
  after: ReadonlySet<string>;
}

/** The checks, and the package scripts that they run as if each were one: what those run is watched as well. */
function withPackageScripts(checks: readonly Check[], manifest: string | null): Check[] {
  const scripts = scriptsOf(manifest);
  const lines = packageScriptsOf(checks, scripts).map((name) => ({ name, command: scripts[name] ?? '' }));
  return [...checks, ...lines];
}

const pathBefore = (file: GuardedFile) => file.from ?? file.path;
const isTestFile = (path: string, text: string | null): text is string => text !== null && isTestPath(path);
const nothing: TestSource = { tests: [], disabled: [], assertions: 0, constant: [], asserted: [] };
const sourceBefore = (file: GuardedFile) =>
  isTestFile(pathBefore(file), file.before) ? readTestSource(pathBefore(file), file.before) : null;
const sourceAfter = (file: GuardedFile) =>
  isTestFile(file.path, file.after) ? readTestSource(file.path, file.after) : nothing;

/** Titles that a changed file holds now and did not hold before. */
function movedTests(files: readonly GuardedFile[]): Set<string> {
  const titles = new Set<string>();
  for (const file of files) {
    const before = new Set((file.from === null ? sourceBefore(file) : null)?.tests.map((test) => test.title));
    for (const { title } of sourceAfter(file).tests) if (title !== '' && !before.has(title)) titles.add(title);
  }
  return titles;
}

function testFindings(
  file: GuardedFile,
  moved: ReadonlySet<string>,
  asserted: ReadonlySet<string>,
  isPlanned: boolean,
): Finding[] {
  const before = sourceBefore(file);
  const after = sourceAfter(file);
  const add = (kind: string, line: number, severity: Finding['severity'], message: string) =>
    finding(pathBefore(file), kind, line, severity, message);
  if (before === null) {
    const line = after.disabled[0] ?? after.constant[0];
    const what = after.disabled.length > 0 ? 'are switched off' : 'assert a constant';
    return line === undefined ? [] : [add('weak', line, 'major', `Tests in this new file ${what}; they show nothing.`)];
  }
  const kept = new Set(after.tests.map((test) => test.title));
  const lost = before.tests.filter((test) => !kept.has(test.title) && !moved.has(test.title));
  const names = lost.slice(0, 5).map((test) => `"${test.title}"`);
  if (!isTestFile(file.path, file.after)) {
    if (lost.length === 0 && (before.tests.length > 0 || before.assertions === 0)) return [];
    return [
      isPlanned
        ? add('deleted', 0, 'minor', `The plan lets this test file go, and it is gone. ${names.join(', ')}`)
        : add('deleted', 0, 'blocker', `The test file was there before and is gone. Put it back. ${names.join(', ')}`),
    ];
  }
  const off = switchedOff({ path: pathBefore(file), text: file.before ?? '' }, { path: file.path, text: file.after });
  if (off.ran !== null) {
    return [
      add('disabled', off.ran, 'blocker', 'Tests that ran before are switched off. Make them run, and pass, again.'),
    ];
  }
  const remarks: Finding[] = [];
  if (off.fresh !== null) {
    remarks.push(add('weak', off.fresh, 'major', 'New tests in this file are switched off; they show nothing.'));
  }
  const missing = before.tests.length - after.tests.length;
  const isReduced = missing > 0 && lost.length > 0;
  if (isReduced && !isPlanned) {
    return [
      add(
        'removed',
        0,
        'blocker',
        `${missing} tests that were there before are gone: ${names.join(', ')}. Put them back.`,
      ),
    ];
  }
  if (off.fresh !== null && lost.length > 0 && !isPlanned) {
    const message = `A test of this file is switched off under another name, or in the place of one that is gone: ${names.join(', ')}. Make what was there run, and pass, again.`;
    return [add('disabled', off.fresh, 'blocker', message)];
  }
  if (isReduced) {
    const message = `The plan lets this file lose tests; ${missing} are gone: ${names.join(', ')}.`;
    remarks.push(add('removed', 0, 'minor', message));
  }
  // Assertions go with the tests that the plan lets go; where others came at the same time, none of them has to.
  const held = isReduced && missing === lost.length ? readStaying(file, lost) : before;
  if (after.constant.length > held.constant.length && after.assertions < held.assertions) {
    const line = after.constant[0] ?? 0;
    const message = 'Assertions were replaced by ones that cannot fail. Put them back.';
    return [...remarks, add('constant', line, 'blocker', message)];
  }
  const isHeld = held.assertions > 0 && (isPlanned || lost.length === 0);
  if (after.assertions === 0 && isHeld && after.tests.length > 0) {
    return [...remarks, add('emptied', 0, 'blocker', 'Every assertion of this file is gone. Put them back.')];
  }
  return [...remarks, ...assertionRemarks(add, held, after, asserted)];
}

/** The file as it was, without the tests that are gone. */
function readStaying(file: GuardedFile, lost: TestSource['tests']): TestSource {
  const was = { path: pathBefore(file), text: file.before ?? '' };
  return readTestSource(was.path, withoutTests(was, new Set(lost.map((test) => test.title))));
}

function assertionRemarks(
  add: (kind: string, line: number, severity: Finding['severity'], message: string) => Finding,
  before: TestSource,
  after: TestSource,
  asserted: ReadonlySet<string>,
): Finding[] {
  const fewer = before.assertions - after.assertions;
  if (fewer > 0) {
    return [add('fewer', 0, 'major', `This test file, which was there before, has ${fewer} assertions fewer.`)];
  }
  const other = before.asserted.filter((line) => !asserted.has(line));
  if (other.length === 0) return [];
  const message = `${other.length} assertions that were there before are gone or read otherwise: \`${other[0]?.slice(0, SHOWN_CHARS)}\`.`;
  return [add('other', 0, 'major', message)];
}

/** Files that a check runs by name, the configuration of test runners, and what tests expect. */
function definitionFindings(file: GuardedFile, named: Named): Finding[] {
  const path = pathBefore(file);
  const isNamed = named.before.has(path);
  const add = (severity: Finding['severity'], message: string) => [finding(path, 'definition', 0, severity, message)];
  const before = scriptSettings(file.before);
  const [trap] = [...scriptSettings(/(?:^|\/)\.npmrc$/.test(file.path) ? file.after : null)].filter(
    ([name, line]) => before.get(name) !== line,
  );
  if (trap !== undefined)
    return add('blocker', `\`${trap[1]}\` decides what runs in the place of a check. Take it out.`);
  if (file.before === null) {
    if (endsEarly(file.path, file.before, file.after))
      return add('major', 'This new test file ends with success before its tests have run.');
    return isRunnerConfig(path) ? add('minor', 'This decides what checks look at, and it is new.') : [];
  }
  if (!isNamed && !isTestPath(path) && !isRunnerConfig(path)) {
    return isExpectedOutput(path) ? add('major', expectedMessage(file)) : [];
  }
  // A test file that is gone is reported as such.
  if (file.after === null || file.path !== path) {
    if (isTestPath(path)) return [];
    if (isNamed && named.after.has(path)) return add('blocker', 'A check runs this file, and it is gone. Put it back.');
    return add('major', `This ${isNamed ? 'was run by a check' : 'decided what checks look at'}, and it is gone.`);
  }
  const isEarlier = exits(path, file.after) > exits(path, file.before);
  if (isNamed ? isEarlier : endsEarly(file.path, file.before, file.after)) {
    return add('blocker', 'A check runs this file, and it now ends with success early. Take that out.');
  }
  if (isTestPath(path)) {
    const isMore = endsIn(path, file.after) > endsIn(path, file.before);
    return isMore ? add('major', 'This file of the tests now ends with success where it did not before.') : [];
  }
  return add(
    'major',
    isNamed ? 'A check runs this file, and it was changed.' : 'This decides what checks look at, and it was changed.',
  );
}

function expectedMessage(file: GuardedFile): string {
  return `What tests expect was ${file.after === null ? 'deleted' : 'changed'}. Is it what was asked for?`;
}

/**
 * Reads what the guard needs and asks it; `read` gives a file's text before or after, null when it is absent. `removable`: see
 * `guardTests`.
 */
export async function findWeakenedTests(
  changed: readonly ChangedFile[],
  checks: readonly Check[],
  read: (side: 'before' | 'after', path: string) => Promise<string | null>,
  removable: readonly string[] = [],
): Promise<Finding[]> {
  // What a package script runs is a check's file too.
  const runsScripts = runsPackageScripts(checks);
  const linesAt = async (side: 'before' | 'after') =>
    runsScripts ? withPackageScripts(checks, await read(side, 'package.json')) : checks;
  const all = await linesAt('before');
  const isSame = !changed.some(({ path, oldPath }) => path === 'package.json' || oldPath === 'package.json');
  const now = isSame ? all : await linesAt('after');
  const files: GuardedFile[] = [];
  for (const { path, status, oldPath: from = null } of changed) {
    if (!isGuarded(path, all) && !(from !== null && isGuarded(from, all))) continue;
    const before = status === 'added' ? null : await read('before', from ?? path);
    files.push({ path, from, before, after: status === 'deleted' ? null : await read('after', path) });
  }
  return guardTests(files, checks, { before: namedScripts(all), after: namedScripts(now) }, removable);
}
