import type { BriefDraft } from '../../src/protocol/console.ts';
import type { Stage } from '../../src/protocol/events.ts';
import { t } from '../l10n.ts';
import { STAGES } from '../progress/run-facts.ts';

/** The steps of a run of this draft, in the person's words. */
export function whatHappens({ until, askQuestions, local }: BriefDraft): string[] {
  const reaches = (stage: Stage) => STAGES.indexOf(until) >= STAGES.indexOf(stage);
  const steps = [
    askQuestions
      ? t('The lead model asks what is unclear, then makes a plan.')
      : t('The lead model makes a plan; what is unclear it assumes.'),
  ];
  if (!reaches('build')) return [...steps, t('It ends there. Nothing is built.')];
  steps.push(
    t('You change or approve the plan. Before that nothing is built.'),
    t('Agents build the parts side by side; each part is checked and reviewed.'),
  );
  if (reaches('review')) steps.push(t('You review the changes. Before that your files stay as they are.'));
  if (reaches('commit')) {
    steps.push(
      local
        ? t('The local stand-in of GitHub takes the commit and the pull request.')
        : t('It is committed, pushed and merged through a pull request.'),
    );
  }
  if (reaches('deploy')) {
    steps.push(
      local ? t('It goes live on this machine.') : t('It is deployed to Appwrite, and the live page is checked.'),
    );
  }
  return steps;
}
