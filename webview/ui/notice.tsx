import type { ComponentChildren } from 'preact';
import { t } from '../l10n.ts';
import { IconButton } from './button.tsx';
import { Icon } from './icon.tsx';

interface NoticeProps {
  kind: 'info' | 'warning' | 'error';
  /** Errors interrupt a screen reader, the rest waits for its turn. Default: errors only. */
  isAlert?: boolean;
  /** Without it the notice stays. */
  onDismiss?(): void;
  /** Buttons below the text. */
  actions?: ComponentChildren;
  class?: string;
  id?: string;
  children: ComponentChildren;
}

/** Something to know, with what can be done about it. */
export function Notice(props: NoticeProps) {
  const { kind, isAlert = kind === 'error', onDismiss, actions } = props;
  return (
    <div id={props.id} class={`notice ${kind} ${props.class ?? ''}`} role={isAlert ? 'alert' : 'status'}>
      <Icon name={kind} />
      <div>
        {props.children}
        {actions === undefined ? null : <div class="notice-actions">{actions}</div>}
      </div>
      {onDismiss === undefined ? null : <IconButton icon="close" label={t('Dismiss')} onClick={onDismiss} />}
    </div>
  );
}
