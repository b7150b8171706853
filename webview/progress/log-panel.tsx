import { useId } from 'preact/hooks';
import type { EventRecord } from '../../src/protocol/events.ts';
import { t } from '../l10n.ts';
import { LOG_LIMIT, log } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { formatNumber, formatTime } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import type { IconName } from '../ui/icon-paths.ts';
import { Section } from '../ui/section.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import type { LogLevel } from './log-entry.ts';
import { isFiltering, lineOf, NO_FILTER } from './log-filter.ts';
import { chosenSeq, frozen, heldBack, isFollowing, logFilter, shownLog } from './log-state.ts';
import './log.css';
import { agentIds, subtaskIds } from './selectors.ts';

const ROW_PX = 22;

function levelWords(level: LogLevel): { word: string; icon: IconName | null } {
  const words: Record<LogLevel, { word: string; icon: IconName | null }> = {
    detail: { word: t('Detail'), icon: null },
    info: { word: t('Info'), icon: 'info' },
    success: { word: t('Success'), icon: 'check' },
    warning: { word: t('Warning'), icon: 'warning' },
    failure: { word: t('Failure'), icon: 'error' },
  };
  return words[level];
}

/** Every event as a line, as it comes. Keeps to the end until the person scrolls away from it. */
export function LogPanel() {
  const items = shownLog.value;
  const isPaused = frozen.value !== null;
  const chosen = items.findLastIndex(({ seq }) => seq === chosenSeq.value);
  const first = log.value[0]?.seq ?? 1;
  return (
    <Section
      title={t('Log')}
      class="log"
      note={isPaused ? t('paused, {0} new', formatNumber(heldBack.value)) : t('{0} lines', formatNumber(items.length))}
      actions={
        <>
          <Button
            icon={isPaused ? 'play' : 'pause'}
            onClick={() => {
              frozen.value = isPaused ? null : log.value;
            }}
          >
            {isPaused ? t('Go on') : t('Pause log')}
          </Button>
          {isFollowing.value ? null : (
            <Button
              icon="end"
              onClick={() => {
                isFollowing.value = true;
              }}
            >
              {t('Go to the end')}
            </Button>
          )}
        </>
      }
    >
      <Filters />
      <div id="run-log" class="list-box log-box">
        <VirtualList
          items={items}
          keyOf={({ seq }) => seq}
          rowHeightPx={ROW_PX}
          label={t('Log of the run')}
          activeIndex={chosen}
          onActiveChange={(index) => {
            chosenSeq.value = items[index]?.seq ?? null;
          }}
          isFollowing={isFollowing.value && !isPaused}
          onFollowingChange={(isAtEnd) => {
            isFollowing.value = isAtEnd;
          }}
          renderRow={(record) => <LogRow record={record} />}
          empty={
            isFiltering(logFilter.value)
              ? t('No line passes the filter.')
              : t('Nothing has happened since this page was opened.')
          }
        />
      </div>
      {first > 1 && log.value.length > 0 ? (
        <p class="muted">
          {t('Begins at event {0}; the last {1} are kept here.', formatNumber(first), formatNumber(LOG_LIMIT))}
        </p>
      ) : null}
      {chosen < 0 ? null : <LogDetail record={items[chosen]} />}
    </Section>
  );
}

function LogRow({ record }: { record: EventRecord }) {
  const line = lineOf(record);
  const { word, icon } = levelWords(line.level);
  return (
    <div class={`log-row level-${line.level}`}>
      <time dateTime={record.at}>{formatTime(record.at)}</time>
      <span class="log-level">
        {icon === null ? null : <Icon name={icon} />}
        <span class="hidden-visually">{word}</span>
      </span>
      <span class="log-who">{line.subtaskId ?? line.agentId ?? ''}</span>
      <span class="log-text">
        {line.text}
        {line.remedy !== null && line.level === 'failure' ? <span class="muted"> → {line.remedy}</span> : null}
      </span>
    </div>
  );
}

/** The chosen line in full, with its remedy. */
function LogDetail({ record }: { record: EventRecord | undefined }) {
  if (record === undefined) return null;
  const line = lineOf(record);
  const { word, icon } = levelWords(line.level);
  return (
    <div class="detail">
      <p class={`level-${line.level}`}>
        {icon === null ? null : <Icon name={icon} />} {word} · {formatTime(record.at)}
        {line.subtaskId === null ? null : ` · ${line.subtaskId}`}
        {line.agentId === null ? null : ` · ${line.agentId}`}
      </p>
      <p class="model-text">{line.text}</p>
      {line.remedy === null ? null : <p class="remedy">{line.remedy}</p>}
    </div>
  );
}

function Filters() {
  const id = useId();
  const filter = logFilter.value;
  const set = (change: Partial<typeof filter>) => {
    logFilter.value = { ...filter, ...change };
  };
  const levels: [LogLevel, string][] = [
    ['detail', t('Everything')],
    ['info', t('Without details')],
    ['warning', t('Warnings and failures')],
    ['failure', t('Failures')],
  ];
  const choice = (name: 'agentId' | 'subtaskId', label: string, any: string, ids: readonly string[]) => (
    <label class="field-inline">
      <span>{label}</span>
      <select value={filter[name] ?? ''} onChange={(event) => set({ [name]: event.currentTarget.value || null })}>
        <option value="">{any}</option>
        {ids.map((value) => (
          <option key={value} value={value}>
            {value}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <search class="filters" aria-label={t('Filter the log')}>
      <label class="field-inline">
        <span>{t('Level')}</span>
        <select value={filter.least} onChange={(event) => set({ least: event.currentTarget.value as LogLevel })}>
          {levels.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {choice('agentId', t('Agent'), t('All agents'), agentIds.value)}
      {choice('subtaskId', t('Subtask'), t('All subtasks'), subtaskIds.value)}
      <label class="field-inline grow" for={`${id}-text`}>
        <span>{t('Text')}</span>
        <input
          id={`${id}-text`}
          type="search"
          value={filter.text}
          placeholder={t('Text, file or name')}
          onInput={(event) => set({ text: event.currentTarget.value })}
        />
      </label>
      {isFiltering(filter) ? (
        <Button
          kind="link"
          onClick={() => {
            logFilter.value = NO_FILTER;
          }}
        >
          {t('Clear filters')}
        </Button>
      ) : null}
    </search>
  );
}
