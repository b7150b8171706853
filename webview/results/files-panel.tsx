import { useSignal } from '@preact/signals';
import type { ChangedFile } from '../../src/protocol/work.ts';
import { t } from '../l10n.ts';
import { countFiles } from '../progress/counts.ts';
import { part } from '../progress/selectors.ts';
import { changeName } from '../progress/words.ts';
import { ask, bridge, runId } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { Capped } from '../ui/capped.tsx';
import { Icon } from '../ui/icon.tsx';
import { Section } from '../ui/section.tsx';
import { byFolder, lineCounts, nameOf } from './result-facts.ts';

const diff = part('diff');
/** Folders and files drawn at first. */
const FOLDERS = 40;
const FILES = 60;

const openDiff = (run: string, path: string | null) =>
  ask(bridge.call('open', { target: { kind: 'diff', runId: run, subtaskId: null, path } }));

/** The changed files by folder; each opens its diff in the editor. */
export function FilesPanel() {
  const filter = useSignal('');
  const run = runId.value;
  const all = diff.value?.files ?? [];
  if (run === null || all.length === 0) {
    return (
      <Section title={t('Code')}>
        <p class="muted">{t('The changes are shown when all subtasks are integrated.')}</p>
      </Section>
    );
  }
  const needle = filter.value.trim().toLowerCase();
  const files = all.filter(({ path }) => path.toLowerCase().includes(needle));
  const { added, removed } = lineCounts(all);
  return (
    <Section
      title={t('Code')}
      note={
        <>
          {countFiles(all.length)} <span class="added">+{added}</span> <span class="removed">−{removed}</span>
        </>
      }
      actions={
        <Button icon="diff" onClick={() => openDiff(run, null)}>
          {t('Open all changes')}
        </Button>
      }
      class="files"
    >
      {all.length < 12 ? null : (
        <label class="field-inline">
          <span>{t('Filter files')}</span>
          <input
            type="search"
            value={filter.value}
            onInput={(event) => {
              filter.value = event.currentTarget.value;
            }}
          />
        </label>
      )}
      {files.length === 0 ? <p class="muted">{t('No file passes the filter.')}</p> : null}
      <Capped items={byFolder(files)} step={FOLDERS} class="folders">
        {({ path, files: inside }) => (
          <li key={path}>
            <p class="folder">
              <Icon name="folder" /> {path === '' ? t('Top folder') : path}
            </p>
            <Capped items={inside} step={FILES} class="file-list">
              {(file) => <FileRow key={file.path} run={run} file={file} />}
            </Capped>
          </li>
        )}
      </Capped>
    </Section>
  );
}

/** The whole row is the button that opens the diff. `isWhole`: with the folder, where no folder stands above it. */
export function FileRow({ run, file, isWhole = false }: { run: string; file: ChangedFile; isWhole?: boolean }) {
  const { word, letter } = changeName(file.status);
  return (
    <li>
      <button
        type="button"
        class="file-row"
        title={t('Open diff of {0}', file.path)}
        onClick={() => void openDiff(run, file.path)}
      >
        <span class={`change ${file.status}`} aria-hidden="true">
          {letter}
        </span>
        <span class="hidden-visually">{t('Open diff')}: </span>
        <span class={`file-name ${file.status}`}>{isWhole ? file.path : nameOf(file.path)}</span>
        <span class="hidden-visually">, {word},</span>
        <span class="line-counts">
          <span class="added">+{file.addedLines}</span> <span class="removed">−{file.removedLines}</span>
        </span>
        <span class="row-action" aria-hidden="true">
          <Icon name="diff" /> {t('Diff')}
        </span>
      </button>
    </li>
  );
}
