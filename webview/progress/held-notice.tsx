import { t } from '../l10n.ts';
import { ask, bridge, isLive, runId } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { part } from './selectors.ts';

const held = part('held');

/** Why the run stands still although nobody is asked: something outside keeps its pull request from being merged. */
export function HeldNotice() {
  const id = runId.value;
  if (id === null || held.value === null || !isLive.value) return null;
  return (
    <Notice
      kind="info"
      actions={
        <Button icon="link" onClick={() => ask(bridge.call('open', { target: { kind: 'pull_request', runId: id } }))}>
          {t('Open pull request')}
        </Button>
      }
    >
      <p>{t('The pull request is not merged yet: {0}', held.value)}</p>
    </Notice>
  );
}
