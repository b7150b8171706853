import { lossesOf } from '../../protocol/losses.ts';
import type { RunView } from '../../protocol/view.ts';
import type { DeploymentChange } from '../../protocol/work.ts';
import type { Wording } from '../trees/wording.ts';
import { plainLine } from './plain.ts';

const MAX_CHARS = 160;
const MAX_NAMED = 12;

/** What a deployment, or a rollback, would lose, a line each; of many the first and how many more. */
export function lossTexts({ l10n }: Pick<Wording, 'l10n'>, view: Pick<RunView, 'preview'>): string[] {
  const losses = lossesOf(view);
  const named = losses.slice(0, MAX_NAMED).map((change) => changeText({ l10n }, change));
  const more = losses.length - MAX_NAMED;
  return more > 0 ? [...named, l10n.t('{0} more', more)] : named;
}

/** One change of a deployment in words: `delete column crew/tasks/title: 12 rows`. */
function changeText({ l10n }: Pick<Wording, 'l10n'>, change: DeploymentChange): string {
  const what = `${kindText({ l10n }, change.kind)} ${change.id}`;
  const done = actionText({ l10n }, change.action, what);
  return plainLine(change.detail === '' ? done : `${done}: ${change.detail}`, MAX_CHARS);
}

function actionText({ l10n }: Pick<Wording, 'l10n'>, action: DeploymentChange['action'], what: string): string {
  switch (action) {
    case 'create':
      return l10n.t('create {0}', what);
    case 'change':
      return l10n.t('change {0}', what);
    case 'delete':
      return l10n.t('delete {0}', what);
  }
}

function kindText({ l10n }: Pick<Wording, 'l10n'>, kind: DeploymentChange['kind']): string {
  switch (kind) {
    case 'database':
      return l10n.t('database');
    case 'table':
      return l10n.t('table');
    case 'column':
      return l10n.t('column');
    case 'index':
      return l10n.t('index');
    case 'function':
      return l10n.t('function');
    case 'site':
      return l10n.t('site');
    case 'variable':
      return l10n.t('variable');
    case 'domain':
      return l10n.t('domain');
    case 'deployment':
      return l10n.t('deployment');
  }
}
