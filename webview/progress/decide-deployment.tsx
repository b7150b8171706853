import { useState } from 'preact/hooks';
import { LEAVE_OUT, leavesDataBehind, lossesOf } from '../../src/protocol/losses.ts';
import type { Waiting } from '../../src/protocol/view.ts';
import { t } from '../l10n.ts';
import { dispatch, view } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { ChangeList } from './change-list.tsx';

/** Losing something takes a second press, in a question that names it and begins at the answer that loses nothing. */
export function DecideDeployment({ runId, wait }: { runId: string; wait: Waiting }) {
  const [isAsking, setAsking] = useState(false);
  const { topic, waitOn } = wait;
  const losses = view.value === null ? [] : lossesOf(view.value);
  const isEmptied = leavesDataBehind(losses);
  return (
    <>
      <p class="remedy">
        {isEmptied
          ? t(
              'Left out, nothing is deployed: the application would begin without its data. The run waits, and asks again.',
            )
          : t(
              'Left out, these changes are not made and the others are. Nothing is lost by that, and they can follow later.',
            )}
      </p>
      <div class="actions">
        <Button
          icon="check"
          kind="primary"
          onClick={() => dispatch({ type: 'reject', runId, comment: LEAVE_OUT, topic, waitOn })}
        >
          {t('Leave these out')}
        </Button>
        <Button icon="warning" onClick={() => setAsking(true)}>
          {t('Make them, and lose this…')}
        </Button>
      </div>
      {isAsking ? (
        <Dialog
          title={t('Make these changes, and lose what they delete?')}
          action={t('Make them')}
          onAction={() => {
            setAsking(false);
            void dispatch({ type: 'approve', runId, gate: 'deployment', topic, waitOn });
          }}
          onClose={() => setAsking(false)}
        >
          {losses.length === 0 ? <p>{wait.message}</p> : <ChangeList changes={losses} isDone={false} />}
        </Dialog>
      ) : null}
    </>
  );
}
