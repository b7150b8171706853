import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { Intent } from '../../src/protocol/intents.ts';
import { t } from '../l10n.ts';
import { ask, bridge } from '../store.ts';
import type { IconName } from './icon-paths.ts';
import { Icon } from './icons.tsx';
import type { Sign } from './words.ts';

/** Sends what the person decided; a failure is shown by the frame of the console. */
export const dispatch = (intent: Intent): Promise<unknown> => ask(bridge.call('dispatch', { intent }));

interface ActionProps {
  label: string;
  /** What is acted upon, for a screen reader that hears the button alone. */
  about?: string | undefined;
  icon?: IconName;
  kind?: keyof typeof CLASSES;
  isExpanded?: boolean;
  /** While a promise of it is open the button does nothing. */
  onAct(): unknown;
}

const CLASSES = {
  primary: 'button primary',
  secondary: 'button secondary',
  link: 'link-button',
  icon: 'button quiet icon-only',
} as const;

/** A button that cannot be pressed a second time while the first is at work. It keeps the focus meanwhile. */
export function Action({ label, about, icon, kind = 'secondary', isExpanded, onAct }: ActionProps) {
  const [isBusy, setBusy] = useState(false);
  const isShown = useRef(true);
  useEffect(() => {
    isShown.current = true;
    return () => {
      isShown.current = false;
    };
  }, []);
  const onClick = () => {
    if (isBusy) return;
    const work = onAct();
    if (!(work instanceof Promise)) return;
    setBusy(true);
    void work.finally(() => {
      if (isShown.current) setBusy(false);
    });
  };
  const name = about === undefined ? label : `${label}: ${about}`;
  return (
    <button
      type="button"
      class={CLASSES[kind]}
      aria-label={kind === 'icon' || about !== undefined ? name : undefined}
      title={kind === 'icon' ? name : undefined}
      aria-disabled={isBusy}
      aria-busy={isBusy}
      aria-expanded={isExpanded}
      onClick={onClick}
    >
      {icon === undefined ? null : <Icon name={icon} />}
      {kind === 'icon' ? null : label}
    </button>
  );
}

/** A word with its sign; the colour only repeats what they say. */
export function SignLabel({ sign, about }: { sign: Sign; about?: string }) {
  return (
    <span class={`sign tone-${sign.tone}`}>
      <Icon name={sign.icon} class={sign.icon === 'sync' ? 'turning' : undefined} />
      {sign.word}
      {about === undefined ? null : <span class="muted"> {about}</span>}
    </span>
  );
}

interface SectionProps {
  title: string;
  /** Beside the title: a count or a short state. */
  note?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
  class?: string;
}

export function Section({ title, note, actions, children, class: className }: SectionProps) {
  const id = useId();
  return (
    <section class={`panel ${className ?? ''}`} aria-labelledby={id}>
      <div class="panel-head">
        <h2 id={id} tabIndex={-1}>
          {title}
        </h2>
        {note === undefined ? null : <span class="muted">{note}</span>}
        {actions === undefined ? null : <div class="actions">{actions}</div>}
      </div>
      {children}
    </section>
  );
}

interface SendBackProps {
  /** What goes back, in the label of the field. */
  label: string;
  send(comment: string): Promise<unknown>;
  onClose(): void;
}

/** A comment that must say something; Escape closes it. */
export function SendBack({ label, send, onClose }: SendBackProps) {
  const id = useId();
  const [comment, setComment] = useState('');
  const [isMissing, setMissing] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  const onSend = () => {
    if (comment.trim() === '') {
      setMissing(true);
      field.current?.focus();
      return undefined;
    }
    return send(comment.trim()).then((sent) => {
      if (sent !== null) onClose();
    });
  };
  return (
    <div class="send-back">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        ref={field}
        rows={3}
        value={comment}
        aria-invalid={isMissing}
        aria-describedby={isMissing ? `${id}-problem` : undefined}
        onInput={(event) => {
          setComment(event.currentTarget.value);
          setMissing(false);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onClose();
        }}
      />
      {isMissing ? (
        <p id={`${id}-problem`} class="problem" role="alert">
          {t('Say what to change.')}
        </p>
      ) : null}
      <div class="actions">
        <Action label={t('Send back')} kind="primary" onAct={onSend} />
        <Action label={t('Do not send')} onAct={onClose} />
      </div>
    </div>
  );
}

/** Scrolls sideways when it is wider than the page; reachable by keyboard for that. */
export function ScrollX({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: only what has focus scrolls by keyboard
    <section class="scroll-x" aria-label={t('Table: {0}', label)} tabIndex={0}>
      {children}
    </section>
  );
}
