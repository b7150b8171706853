import type { DeploymentChange } from '../../src/protocol/work.ts';
import { t } from '../l10n.ts';
import { Capped } from '../ui/capped.tsx';
import { Icon } from '../ui/icon.tsx';
import { SignLabel } from './sign-label.tsx';
import { changeKind, changeSign } from './words.ts';

const SHOWN = 40;

/** Changes of a deployment; those that lose something say so in words. `isDone`: each says what was done. */
export function ChangeList({ changes, isDone }: { changes: readonly DeploymentChange[]; isDone: boolean }) {
  return (
    <Capped items={changes} step={SHOWN} class="changes">
      {({ action, kind, id, detail, destructive }, index) => (
        <li key={`${kind} ${id} ${index}`} class="change-line">
          {isDone ? <SignLabel sign={changeSign(action)} /> : <Icon name={changeSign(action).icon} />}
          <span class="check-name">
            {changeKind(kind)} <code>{id}</code>
            {detail === '' ? null : <span class="muted sub">{detail}</span>}
          </span>
          {destructive ? (
            <span class="sign tone-bad losing">
              <Icon name="warning" />
              {action === 'create' ? t('Leaves data behind') : isDone ? t('Lost something') : t('Loses something')}
            </span>
          ) : null}
        </li>
      )}
    </Capped>
  );
}
