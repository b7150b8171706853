import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './icon.tsx';
import type { IconName } from './icon-paths.ts';

interface ButtonProps {
  /** `primary`: the one thing to do on the page. Default: `secondary`. */
  kind?: keyof typeof CLASSES;
  icon?: IconName;
  /** While a promise of it is open, further clicks do nothing. */
  onClick?(): unknown;
  /** Stays in the tab order and says why it does nothing. */
  isDisabled?: boolean;
  /** True while what it started is under way: further clicks do nothing. */
  isBusy?: boolean;
  isExpanded?: boolean;
  type?: 'button' | 'submit';
  /** What is acted upon, for a screen reader that hears the button alone. */
  about?: string | undefined;
  /** Id of an element that says more, such as why it is disabled. */
  describedBy?: string;
  id?: string;
  /** With `about` a text, which is part of the name then. */
  children: ComponentChildren;
}

const CLASSES = {
  primary: 'button primary',
  secondary: 'button secondary',
  quiet: 'button quiet',
  link: 'link-button',
} as const;

/** A button that cannot be pressed a second time while the first is at work. It keeps the focus meanwhile. */
export function Button(props: ButtonProps) {
  const { kind = 'secondary', isDisabled = false, about, children } = props;
  const [isAtWork, press] = useOnce(props.onClick);
  const isBusy = props.isBusy === true || isAtWork;
  const isOff = isDisabled || isBusy;
  return (
    <button
      type={props.type ?? 'button'}
      id={props.id}
      class={CLASSES[kind]}
      // Not `disabled`: focus would be lost when it becomes so.
      aria-disabled={isOff}
      aria-busy={isBusy}
      aria-expanded={props.isExpanded}
      aria-label={about === undefined ? undefined : `${children}: ${about}`}
      aria-describedby={props.describedBy}
      onClick={(event) => {
        if (isOff) event.preventDefault();
        else press();
      }}
    >
      {props.icon === undefined ? null : <Icon name={props.icon} />}
      {children}
    </button>
  );
}

interface IconButtonProps {
  icon: IconName;
  /** Its name for a screen reader, and its tooltip. */
  label: string;
  /** What is acted upon; part of its name. */
  about?: string | undefined;
  /** While a promise of it is open, further clicks do nothing. */
  onClick(): unknown;
  isDisabled?: boolean;
  class?: string;
}

export function IconButton({ icon, label, about, onClick, isDisabled = false, class: extra = '' }: IconButtonProps) {
  const [isBusy, press] = useOnce(onClick);
  const name = about === undefined ? label : `${label}: ${about}`;
  return (
    <button
      type="button"
      class={`button quiet icon-only ${extra}`}
      aria-label={name}
      title={name}
      disabled={isDisabled}
      aria-disabled={isBusy}
      aria-busy={isBusy}
      onClick={() => {
        if (!isBusy) press();
      }}
    >
      <Icon name={icon} />
    </button>
  );
}

/** Whether a promise of the last press is open, and the press. */
function useOnce(onClick: (() => unknown) | undefined): [boolean, () => void] {
  const [isBusy, setBusy] = useState(false);
  const isShown = useRef(true);
  useEffect(() => {
    isShown.current = true;
    return () => {
      isShown.current = false;
    };
  }, []);
  const press = () => {
    const work = onClick?.();
    if (!(work instanceof Promise)) return;
    setBusy(true);
    void work.finally(() => {
      if (isShown.current) setBusy(false);
    });
  };
  return [isBusy, press];
}
