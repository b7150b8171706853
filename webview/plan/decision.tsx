import { useSignal } from '@preact/signals';
import { t } from '../l10n.ts';
import { isTrusted } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import {
  approve,
  changedIds,
  discard,
  faults,
  isChanged,
  isOrderChanged,
  isSending,
  refused,
  reject,
  selectedId,
  staleEdits,
  takeOverStale,
} from './plan-state.ts';

/** Approve, send back, and what stands in the way. */
export function Decision() {
  const isRejecting = useSignal(false);
  const { length: faultCount } = faults.value;
  const first = faults.value[0];
  return (
    <section class="bottom-bar" aria-label={t('Decision')}>
      <StaleNotice />
      {refused.value.length === 0 ? null : (
        <Notice kind="error">
          <p>{t('The plan was not accepted as you changed it:')}</p>
          <ul class="bullets">
            {refused.value.map((fault) => (
              <li key={fault}>{fault}</li>
            ))}
          </ul>
        </Notice>
      )}
      <div class="bottom-row">
        <p id="decision-state" aria-live="polite">
          {isTrusted.value ? <State /> : t('This workspace is in Restricted Mode: nothing can be approved.')}{' '}
          {first === undefined ? null : (
            <button
              type="button"
              class="link-button"
              onClick={() => {
                selectedId.value = first.id;
                document.getElementById(`subtask-${first.id}`)?.focus();
              }}
            >
              {faultCount === 1 ? t('Go to the mistake') : t('Go to the first of {0} mistakes', faultCount)}
            </button>
          )}
        </p>
        <div class="actions">
          {isChanged.value ? (
            <Button kind="quiet" onClick={discard}>
              {t('Discard changes')}
            </Button>
          ) : null}
          <Button
            isDisabled={!isTrusted.value}
            onClick={() => {
              isRejecting.value = true;
            }}
          >
            {t('Send back …')}
          </Button>
          <Button
            kind="primary"
            icon="check"
            isDisabled={!isTrusted.value || faultCount > 0}
            isBusy={isSending.value}
            describedBy="decision-state"
            onClick={() => void approve()}
          >
            {isChanged.value ? t('Approve with changes') : t('Approve')}
          </Button>
        </div>
      </div>
      {isRejecting.value ? (
        <RejectDialog
          onClose={() => {
            isRejecting.value = false;
          }}
        />
      ) : null}
    </section>
  );
}

function State() {
  const count = changedIds.value.size;
  if (!isChanged.value) return <>{t('The plan waits for you. Nothing is built before you approve it.')}</>;
  if (count === 0) return <>{t('You changed the order.')}</>;
  const changed = count === 1 ? t('You changed 1 subtask.') : t('You changed {0} subtasks.', count);
  return <>{isOrderChanged.value ? `${changed} ${t('You changed the order.')}` : changed}</>;
}

function StaleNotice() {
  if (staleEdits.value === null) return null;
  return (
    <Notice
      kind="warning"
      isAlert
      actions={
        <>
          <Button onClick={takeOverStale}>{t('Take my changes over')}</Button>
          <Button onClick={discard}>{t('Discard them')}</Button>
        </>
      }
    >
      <p>{t('A new plan has come. You had changes in the one before; they are not part of what you see.')}</p>
    </Notice>
  );
}

function RejectDialog({ onClose }: { onClose(): void }) {
  const comment = useSignal('');
  const isEmpty = comment.value.trim() === '';
  const send = async () => {
    if (await reject(comment.value.trim())) onClose();
  };
  return (
    <Dialog
      title={t('Send the plan back')}
      action={t('Send back')}
      onAction={() => void send()}
      onClose={onClose}
      isActionDisabled={isEmpty || isSending.value}
    >
      {isChanged.value ? <Notice kind="warning">{t('Your changes are not sent with it.')}</Notice> : null}
      <Field
        id="reject-comment"
        label={t('What should be different?')}
        hint={t('The lead reads it and makes another plan.')}
      >
        {(aria) => (
          <textarea
            {...aria}
            rows={5}
            value={comment.value}
            required
            onInput={(event) => {
              comment.value = event.currentTarget.value;
            }}
          />
        )}
      </Field>
    </Dialog>
  );
}
