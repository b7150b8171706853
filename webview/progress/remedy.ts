import type { ConsoleCommand } from '../../src/protocol/console.ts';
import type { ErrorCode } from '../../src/protocol/errors.ts';
import { t } from '../l10n.ts';

/** What a person can do about a kind of error, and the command that helps with it, if there is one. */
export interface Remedy {
  text: string;
  command: { name: ConsoleCommand; label: string } | null;
}

const none = (text: string): Remedy => ({ text, command: null });

/** Exhaustive over the closed list, so that a new error cannot come without a way out. */
export function remedyOf(code: ErrorCode): Remedy {
  switch (code) {
    case 'auth':
      return {
        text: t('The key was refused. Set it again, then try again.'),
        command: { name: 'setKeys', label: t('Set keys') },
      };
    case 'quota_exhausted':
      return none(t('The account has no credit left. Add credit with the provider, then try again.'));
    case 'rate_limited':
    case 'overloaded':
    case 'server':
      return none(t('The service is busy. Wait a little, then try again.'));
    case 'transport':
    case 'timeout':
      return {
        text: t('No answer came. Check the network, then try again.'),
        command: { name: 'doctor', label: t('Run the doctor') },
      };
    case 'budget_exceeded':
      return none(t('The next call could exceed the cap. Raise the cap to go on.'));
    case 'paused':
      return none(t('Resume to go on.'));
    case 'refusal':
    case 'malformed':
    case 'truncated':
      return none(t('The model gave no usable answer. Try again; if it stays, change the wording of the subtask.'));
    case 'too_large':
      return none(t('The work does not fit into one conversation. Split the subtask into smaller ones.'));
    case 'invalid_request':
      return {
        text: t('The provider refused the request. Check the chosen model in the settings.'),
        command: { name: 'pickModels', label: t('Choose models') },
      };
    case 'configuration':
    case 'usage':
      return {
        text: t('Something in the settings does not fit. Look at the settings.'),
        command: { name: 'openSettings', label: t('Open settings') },
      };
    case 'brief_invalid':
      return none(t('Correct the brief and start again.'));
    case 'plan_invalid':
      return none(t('Change the plan or say what is wrong with it.'));
    case 'workspace_unusable':
    case 'git_failed':
      return {
        text: t('Look at the repository in the folder, then try again.'),
        command: { name: 'doctor', label: t('Run the doctor') },
      };
    case 'files_refused':
      return none(t('Mend or remove the files that Git names in the working copy of the agent, then try again.'));
    case 'merge_refused':
      return none(t('The merge would have lost work. Look at the overlap and try again.'));
    case 'checks_failed':
      return none(t('Look at the output of the checks, then try again or say what to change.'));
    case 'forge_failed':
      return {
        text: t('Check the sign-in to GitHub and the rights on the repository, then try again.'),
        command: { name: 'signInToGitHub', label: t('Sign in to GitHub') },
      };
    case 'deployment_failed':
    case 'live_check_failed':
      return none(t('Look at the deployment log under Results, then try again.'));
    case 'no_recording':
      return none(t('The local cloud only knows its samples. Start the sample, or set keys for your own brief.'));
    case 'not_found':
      return none(t('Something that is needed is not there any more. Look at the log for its name.'));
    case 'aborted':
      return none(t('It was cancelled. Start it again when you want to.'));
    case 'engine_conflict':
    case 'storage_failed':
    case 'internal':
      return {
        text: t('The log says more. Try again; nothing that was done is lost.'),
        command: { name: 'showLog', label: t('Show the log') },
      };
    default:
      return assertNever(code);
  }
}

function assertNever(code: never): never {
  throw new Error(`unknown error code ${String(code)}`);
}
