import type { BriefDraft } from '../../src/protocol/console.ts';
import type { Stage } from '../../src/protocol/events.ts';
import { t } from '../l10n.ts';
import { start } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { Checkbox, Field } from '../ui/field.tsx';
import { chooseFolder, errorOf, leave, update } from './form.ts';

interface FormProps {
  form: BriefDraft;
}

export function DeploymentOptions({ form }: FormProps) {
  return (
    <fieldset class="group">
      <legend>{t('Deployment to Appwrite')}</legend>
      <Checkbox
        id="database"
        label={t('It keeps data in a database')}
        isChecked={form.database}
        onChange={(database) => update({ database })}
      />
      <Checkbox
        id="functions"
        label={t('It has functions on the server')}
        isChecked={form.functions}
        onChange={(functions) => update({ functions })}
      />
      <Checkbox
        id="autoSetup"
        label={t('Create what is missing in the Appwrite project')}
        hint={t('Databases, tables, functions and sites. Nothing that is there is removed.')}
        isChecked={form.autoSetup}
        onChange={(autoSetup) => update({ autoSetup })}
      />
    </fieldset>
  );
}

export function RunOptions({ form }: FormProps) {
  const ends: { id: Stage; label: string }[] = [
    { id: 'plan', label: t('The plan is made') },
    { id: 'build', label: t('All parts are built') },
    { id: 'review', label: t('You have reviewed the changes') },
    { id: 'commit', label: t('The pull request is merged') },
    { id: 'deploy', label: t('The application is live') },
  ];
  return (
    <fieldset class="group">
      <legend>{t('Run')}</legend>
      <FolderField form={form} />
      <div class="pair">
        <Field
          id="budgetUsd"
          label={t('Budget in US dollars')}
          hint={t('Nothing is spent beyond it.')}
          error={errorOf('budgetUsd')}
        >
          {(aria) => (
            <input
              {...aria}
              inputMode="decimal"
              autocomplete="off"
              value={form.budgetUsd}
              onInput={(event) => update({ budgetUsd: event.currentTarget.value })}
              onBlur={() => leave('budgetUsd')}
            />
          )}
        </Field>
        <Field id="until" label={t('Go on until')} hint={t('It can be deployed later.')}>
          {(aria) => (
            <select
              {...aria}
              value={form.until}
              onChange={(event) => update({ until: event.currentTarget.value as Stage })}
            >
              {ends.map(({ id, label }) => (
                <option key={id} value={id}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <Checkbox
        id="askQuestions"
        label={t('Ask me before planning when something is unclear')}
        isChecked={form.askQuestions}
        onChange={(askQuestions) => update({ askQuestions })}
      />
      <Checkbox
        id="local"
        label={t('Use the local cloud')}
        hint={t('Stands in for models, GitHub and Appwrite on this machine. Its models answer the samples only.')}
        isChecked={form.local}
        onChange={(local) => update({ local })}
      />
    </fieldset>
  );
}

function FolderField({ form }: FormProps) {
  const folders = start.value?.folders ?? [];
  const known = form.workspaceDir === '' || folders.includes(form.workspaceDir);
  const options = known ? folders : [...folders, form.workspaceDir];
  return (
    <Field id="workspaceDir" label={t('Folder')} error={errorOf('workspaceDir')}>
      {(aria) => (
        <div class="with-button">
          <select
            {...aria}
            value={form.workspaceDir}
            onChange={(event) => update({ workspaceDir: event.currentTarget.value })}
            onBlur={() => leave('workspaceDir')}
          >
            {form.workspaceDir === '' ? <option value="">{t('None chosen')}</option> : null}
            {options.map((folder) => (
              <option key={folder} value={folder}>
                {folder}
              </option>
            ))}
          </select>
          <Button icon="folder" onClick={() => void chooseFolder()}>
            {t('Choose …')}
          </Button>
        </div>
      )}
    </Field>
  );
}
