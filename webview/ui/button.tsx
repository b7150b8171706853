import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon.tsx';

interface ButtonProps {
  /** `primary`: the one thing to do on the page. Default: `secondary`. */
  kind?: 'primary' | 'secondary' | 'quiet';
  icon?: IconName;
  onClick?(): void;
  /** Stays in the tab order and says why it does nothing. */
  isDisabled?: boolean;
  /** True while what it started is under way: further clicks do nothing. */
  isBusy?: boolean;
  type?: 'button' | 'submit';
  /** Id of an element that says more, such as why it is disabled. */
  describedBy?: string;
  id?: string;
  children: ComponentChildren;
}

export function Button(props: ButtonProps) {
  const { kind = 'secondary', isDisabled = false, isBusy = false } = props;
  const isOff = isDisabled || isBusy;
  return (
    <button
      type={props.type ?? 'button'}
      id={props.id}
      class={`button ${kind}`}
      // Not `disabled`: focus would be lost when it becomes so.
      aria-disabled={isOff}
      aria-busy={isBusy}
      aria-describedby={props.describedBy}
      onClick={(event) => {
        if (isOff) event.preventDefault();
        else props.onClick?.();
      }}
    >
      {props.icon === undefined ? null : <Icon name={props.icon} />}
      {props.children}
    </button>
  );
}

interface IconButtonProps {
  icon: IconName;
  /** Its name for a screen reader, and its tooltip. */
  label: string;
  onClick(): void;
  isDisabled?: boolean;
  class?: string;
}

export function IconButton({ icon, label, onClick, isDisabled = false, class: extra = '' }: IconButtonProps) {
  return (
    <button
      type="button"
      class={`button quiet icon-only ${extra}`}
      aria-label={label}
      title={label}
      disabled={isDisabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
