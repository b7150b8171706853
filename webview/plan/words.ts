import type { Effort, Specialization } from '../../src/protocol/plan.ts';
import { t } from '../l10n.ts';
import type { PlanFault } from './faults.ts';

export const EFFORTS: readonly Effort[] = ['low', 'medium', 'high', 'xhigh', 'max'];
export const SPECIALIZATIONS: readonly Specialization[] = ['frontend', 'backend', 'database', 'testing', 'devops'];

export function effortWord(effort: Effort): string {
  switch (effort) {
    case 'low':
      return t('low effort');
    case 'medium':
      return t('medium effort');
    case 'high':
      return t('high effort');
    case 'xhigh':
      return t('very high effort');
    case 'max':
      return t('highest effort');
  }
}

export function faultText(fault: PlanFault, titleOf: (id: string) => string): string {
  switch (fault.kind) {
    case 'title_missing':
      return t('Give the subtask a title.');
    case 'description_missing':
      return t('Say what the agent is to do.');
    case 'criterion_missing':
      return t('Fill in the empty criterion.');
    case 'path_missing':
      return t('Name at least one file or folder.');
    case 'test_missing':
      return t('Fill in the empty path, or remove it.');
    case 'path_outside':
    case 'test_outside':
      return t('{0} is not a path inside the repository.', fault.path);
    case 'circle':
      return t('These wait for each other: {0}. Take one dependency away.', fault.circle.map(titleOf).join(' → '));
  }
}
