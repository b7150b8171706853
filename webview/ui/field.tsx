import type { ComponentChildren } from 'preact';
import { Icon } from './icon.tsx';

/** What the control of a field gets, so that label, hint and error belong to it. */
interface FieldAria {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': boolean;
}

interface FieldProps {
  /** Unique in the page. */
  id: string;
  label: string;
  hint?: string | undefined;
  /** What is wrong with the value; null when nothing is, or nothing was said yet. */
  error?: string | null;
  children(aria: FieldAria): ComponentChildren;
}

/** A labelled control with its hint and its error. */
export function Field({ id, label, hint, error = null, children }: FieldProps) {
  const describedBy = [hint === undefined ? '' : `${id}-hint`, error === null ? '' : `${id}-error`].join(' ').trim();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {hint === undefined ? null : (
        <p id={`${id}-hint`} class="muted small">
          {hint}
        </p>
      )}
      {children({ id, 'aria-describedby': describedBy || undefined, 'aria-invalid': error !== null })}
      <FieldError id={`${id}-error`} text={error} />
    </div>
  );
}

export function FieldError({ id, text }: { id: string; text: string | null }) {
  if (text === null) return null;
  return (
    <p id={id} class="field-error small">
      <Icon name="error" />
      <span>{text}</span>
    </p>
  );
}

interface CheckboxProps {
  id: string;
  label: string;
  hint?: string;
  isChecked: boolean;
  isDisabled?: boolean;
  onChange(isChecked: boolean): void;
}

export function Checkbox({ id, label, hint, isChecked, isDisabled = false, onChange }: CheckboxProps) {
  return (
    <div class="check">
      <input
        type="checkbox"
        id={id}
        checked={isChecked}
        disabled={isDisabled}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {hint === undefined ? null : (
        <p id={`${id}-hint`} class="muted small">
          {hint}
        </p>
      )}
    </div>
  );
}
