import { computed, signal } from '@preact/signals';
import type { BriefDraft, DraftCheck } from '../../src/protocol/console.ts';
import { t } from '../l10n.ts';
import { ask, bridge, draft, isTrusted, show } from '../store.ts';
import { announce } from '../ui/announce.tsx';
import { controlOf, FIELD_ORDER, type FieldName, fieldOf, isBlank, problemsOf, withoutFields } from './problems.ts';

/** State of the form beyond the draft itself. Outlives the page, so that a look at another tab changes nothing. */

/** Fields that the person has left at least once: only of those is said what is wrong. */
const left = signal<ReadonlySet<FieldName>>(new Set());
const check = signal<DraftCheck | null>(null);
export const isStarting = signal(false);
/** What an import said, and the draft that it replaced. */
export const imported = signal<{ message: string; isRefused: boolean; before: BriefDraft | null } | null>(null);

export const estimate = computed(() => check.value?.estimate ?? null);
const problems = computed(() => problemsOf(check.value));
/** Problems that belong to no field. */
export const otherProblems = computed(() =>
  left.value.size === FIELD_ORDER.length ? problems.value.filter(({ field }) => fieldOf(field) === null) : [],
);

const CHECK_PAUSE_MS = 300;
let timer: number | undefined;
let asked = 0;

export function update(change: Partial<BriefDraft>): void {
  if (draft.value === null) return;
  check.value = withoutFields(check.value, Object.keys(change));
  replace({ ...draft.value, ...change });
}

/** Every change goes to the host at once, which keeps it over reloads. */
function replace(next: BriefDraft): void {
  draft.value = next;
  void ask(bridge.call('saveDraft', { draft: next }));
  checkSoon();
}

export function checkSoon(): void {
  clearTimeout(timer);
  timer = window.setTimeout(() => void checkNow(), CHECK_PAUSE_MS);
}

/** Null when it could not be checked, or a later check overtook it. */
async function checkNow(): Promise<DraftCheck | null> {
  clearTimeout(timer);
  if (draft.value === null) return null;
  asked += 1;
  const mine = asked;
  const found = await ask(bridge.call('checkDraft', { draft: draft.value }));
  if (mine !== asked) return null;
  if (found !== null) check.value = found;
  return found;
}

let isPointerDown = false;
window.addEventListener('pointerdown', () => {
  isPointerDown = true;
});
for (const end of ['pointerup', 'pointercancel'] as const) {
  window.addEventListener(end, () => {
    isPointerDown = false;
  });
}

/** An error that appears between press and release would move what is being clicked away from under the pointer. */
export function leave(field: FieldName): void {
  if (isPointerDown) window.addEventListener('pointerup', () => setTimeout(() => markLeft(field)), { once: true });
  else markLeft(field);
}

function markLeft(field: FieldName): void {
  if (!left.peek().has(field)) left.value = new Set([...left.peek(), field]);
}

/** What is wrong with a field or a row (`requirements[2]`), once the person has left it. */
export function errorOf(path: string): string | null {
  const name = fieldOf(path);
  if (name === null || draft.value === null || !left.value.has(name)) return null;
  const found = problems.value.find(({ field }) => field === path);
  if (found === undefined) return null;
  return isBlank(draft.value, name) ? needed(name) : found.message;
}

function needed(field: FieldName): string {
  switch (field) {
    case 'name':
      return t('Give it a name.');
    case 'description':
      return t('Say what it is and whom it is for.');
    case 'requirements':
      return t('Add at least one requirement.');
    case 'workspaceDir':
      return t('Choose the folder to work in.');
    case 'budgetUsd':
      return t('Say how much it may cost.');
    default:
      return t('This is needed.');
  }
}

/** Starts the run, or says what is wrong and goes to the first such field. */
export async function submit(): Promise<void> {
  if (draft.value === null || isStarting.value || !isTrusted.value) return;
  isStarting.value = true;
  try {
    const found = await checkNow();
    if (found === null || draft.value === null) return;
    if (!found.check.ok || found.problems.length > 0) {
      left.value = new Set(FIELD_ORDER);
      return goToFirst();
    }
    const started = await ask(bridge.call('start', { draft: draft.value }, { timeoutMs: null }));
    if (started === null) return;
    reset();
    await show('progress', started.runId);
  } finally {
    isStarting.value = false;
  }
}

function goToFirst(): void {
  const [first] = problems.value;
  if (first === undefined) return;
  announce(t('{0} fields need a change.', problems.value.length));
  // After the errors are drawn, so that they are read with the field.
  requestAnimationFrame(() => {
    const id = controlOf(first);
    const control = document.getElementById(id) ?? document.getElementById(id.replace(/-0$/, '-add'));
    control?.focus();
  });
}

function reset(): void {
  left.value = new Set();
  check.value = null;
  imported.value = null;
}

export async function clear(): Promise<void> {
  const before = draft.value;
  const empty = await ask(bridge.call('clearDraft', {}));
  if (empty === null) return;
  draft.value = empty;
  reset();
  imported.value = { message: t('The form is empty.'), isRefused: false, before };
  document.getElementById('name')?.focus();
}

export async function importFrom(from: 'file' | 'selection'): Promise<void> {
  const before = draft.value;
  const found = await ask(bridge.call('importBrief', { from }, { timeoutMs: null }));
  if (found === null) return;
  const isRefused = found.brief === null;
  imported.value = { message: found.message, isRefused, before: isRefused ? null : before };
  if (!isRefused) checkSoon();
}

export function undoImport(): void {
  const before = imported.value?.before ?? null;
  imported.value = null;
  if (before !== null) replace(before);
}

export async function chooseFolder(): Promise<void> {
  const folder = await ask(bridge.call('chooseFolder', {}, { timeoutMs: null }));
  if (folder !== null) update({ workspaceDir: folder });
}
