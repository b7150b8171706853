import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../l10n.ts';
import { Button } from './button.tsx';

interface DialogProps {
  title: string;
  /** Word of the button that goes on. */
  action: string;
  /** Enter or the button. */
  onAction(): void;
  /** Escape or Cancel. */
  onClose(): void;
  isActionDisabled?: boolean;
  children?: ComponentChildren;
}

/** A modal question. In the page only while it is open; focus goes back to where it was. */
export function Dialog({ title, action, onAction, onClose, isActionDisabled = false, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isActionDisabled) onAction();
        }}
      >
        <h2 id={id}>{title}</h2>
        {children}
        <div class="actions">
          <Button onClick={() => dialog.current?.close()}>{t('Cancel')}</Button>
          <Button kind="primary" type="submit" isDisabled={isActionDisabled}>
            {action}
          </Button>
        </div>
      </form>
    </dialog>
  );
}
