import { useEffect } from 'preact/hooks';
import type { BriefDraft } from '../../src/protocol/console.ts';
import { t } from '../l10n.ts';
import { draft } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { ListEditor } from '../ui/list-editor.tsx';
import { Notice } from '../ui/notice.tsx';
import { checkSoon, clear, errorOf, imported, importFrom, leave, submit, undoImport, update } from './form.ts';
import './new-task.css';
import { hasContent } from './problems.ts';
import { DeploymentOptions, RunOptions } from './run-options.tsx';
import { StartBar, StartPanel } from './start-panel.tsx';

/** The brief form. */
export function NewTask() {
  const form = draft.value;
  useEffect(checkSoon, []);
  if (form === null) return null;
  return (
    <form
      class="new-task"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <header class="new-task-head">
        <h1>{t('New task')}</h1>
        <div class="actions">
          <Button kind="quiet" icon="file" onClick={() => void importFrom('file')}>
            {t('Import file')}
          </Button>
          <Button kind="quiet" icon="edit" onClick={() => void importFrom('selection')}>
            {t('Import selection')}
          </Button>
          <Button kind="quiet" icon="close" isDisabled={!hasContent(form)} onClick={() => void clear()}>
            {t('Clear')}
          </Button>
        </div>
      </header>
      <ImportNotice />
      <IssueNotice form={form} />
      <div class="new-task-columns">
        <div class="new-task-form">
          <WhatFields form={form} />
          <ListFields form={form} />
          <DeploymentOptions form={form} />
          <RunOptions form={form} />
        </div>
        <StartPanel form={form} />
      </div>
      <StartBar />
    </form>
  );
}

function ImportNotice() {
  const notice = imported.value;
  if (notice === null) return null;
  const dismiss = () => {
    imported.value = null;
  };
  return (
    <Notice
      kind={notice.isRefused ? 'error' : 'info'}
      onDismiss={dismiss}
      actions={notice.before === null ? undefined : <Button onClick={undoImport}>{t('Undo')}</Button>}
    >
      <p>{notice.message}</p>
    </Notice>
  );
}

/** The issue that the form was filled from: the run closes it, unless the person takes it away. */
function IssueNotice({ form: { issue } }: FormProps) {
  if (issue === null) return null;
  const name = `${issue.owner}/${issue.name}#${issue.number}`;
  return (
    <Notice
      kind="info"
      actions={<Button onClick={() => update({ issue: null })}>{t('Start without the issue')}</Button>}
    >
      <p>{t('From issue {0}: {1}. Its repository is pushed to, and the pull request closes it.', name, issue.title)}</p>
    </Notice>
  );
}

interface FormProps {
  form: BriefDraft;
}

function WhatFields({ form }: FormProps) {
  const kinds: { id: BriefDraft['type']; label: string }[] = [
    { id: 'web', label: t('Website') },
    { id: 'fullstack', label: t('Website with a backend') },
    { id: 'api', label: t('API') },
    { id: 'mobile', label: t('Mobile application') },
  ];
  return (
    <section aria-label={t('What to build')} class="group">
      <div class="pair">
        <Field id="name" label={t('Name')} error={errorOf('name')}>
          {(aria) => (
            <input
              {...aria}
              value={form.name}
              maxLength={200}
              autocomplete="off"
              onInput={(event) => update({ name: event.currentTarget.value })}
              onBlur={() => leave('name')}
            />
          )}
        </Field>
        <Field id="type" label={t('Kind')}>
          {(aria) => (
            <select
              {...aria}
              value={form.type}
              onChange={(event) => update({ type: event.currentTarget.value as BriefDraft['type'] })}
            >
              {kinds.map(({ id, label }) => (
                <option key={id} value={id}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <Field
        id="description"
        label={t('Description')}
        hint={t('What it is, whom it is for, and what matters about it.')}
        error={errorOf('description')}
      >
        {(aria) => (
          <textarea
            {...aria}
            rows={4}
            value={form.description}
            onInput={(event) => update({ description: event.currentTarget.value })}
            onBlur={() => leave('description')}
          />
        )}
      </Field>
    </section>
  );
}

function ListFields({ form }: FormProps) {
  return (
    <section aria-label={t('What must hold')} class="group">
      <ListEditor
        id="requirements"
        label={t('Requirements')}
        hint={t('What it must do, one thing a row. Every one is checked before it counts as done.')}
        addLabel={t('Add requirement')}
        items={form.requirements}
        onChange={(requirements) => update({ requirements })}
        onBlur={() => leave('requirements')}
        error={errorOf('requirements')}
        errorAt={(row) => errorOf(`requirements[${row}]`)}
      />
      <ListEditor
        id="constraints"
        label={t('Constraints')}
        hint={t('How it must be made, or must not be. May be empty.')}
        addLabel={t('Add constraint')}
        items={form.constraints}
        onChange={(constraints) => update({ constraints })}
        onBlur={() => leave('constraints')}
        error={errorOf('constraints')}
        errorAt={(row) => errorOf(`constraints[${row}]`)}
      />
    </section>
  );
}
