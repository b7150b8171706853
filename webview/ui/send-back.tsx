import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { t } from '../l10n.ts';
import { Button } from './button.tsx';

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
  useLayoutEffect(() => field.current?.focus(), []);
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
        <Button kind="primary" onClick={onSend}>
          {t('Send back')}
        </Button>
        <Button onClick={onClose}>{t('Do not send')}</Button>
      </div>
    </div>
  );
}
