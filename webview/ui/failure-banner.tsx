import { t } from '../l10n.ts';
import { ask, bridge, failure } from '../store.ts';
import { Button } from './button.tsx';
import { Notice } from './notice.tsx';

/** What the person asked for and did not get: what happened, where, and what to do about it. */
export function FailureBanner() {
  const error = failure.value;
  if (error === null) return null;
  const command = (name: 'setKeys' | 'openSettings' | 'startSample' | 'showLog') => () =>
    void ask(bridge.call('command', { command: name, runId: null }));
  const actions =
    error.code === 'configuration' ? (
      <>
        <Button onClick={command('setKeys')}>{t('Set keys')}</Button>
        <Button onClick={command('openSettings')}>{t('Open settings')}</Button>
        <Button onClick={command('startSample')}>{t('Start a sample')}</Button>
      </>
    ) : (
      <Button onClick={command('showLog')}>{t('Show log')}</Button>
    );
  return (
    <Notice
      kind="error"
      class="failure"
      actions={actions}
      onDismiss={() => {
        failure.value = null;
      }}
    >
      <p>{error.userMessage}</p>
    </Notice>
  );
}
