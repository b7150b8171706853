import { useState } from 'preact/hooks';
import { t } from '../l10n.ts';
import { formatClock } from '../ui/format.ts';
import { ScrollX } from '../ui/section.tsx';
import type { GanttBar, GanttModel } from './gantt-model.ts';
import { SignLabel } from './sign-label.tsx';
import { subtaskSign } from './words.ts';

/** The timeline in words; made when it is opened. */
export function GanttTable({ model }: { model: GanttModel }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="gantt-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t('Timeline as a table')}</summary>
      {isOpen ? (
        <ScrollX label={t('Timeline as a table')}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t('Subtask')}</th>
                <th scope="col">{t('Status')}</th>
                <th scope="col" class="number">
                  {t('Begin')}
                </th>
                <th scope="col" class="number">
                  {t('End')}
                </th>
                <th scope="col" class="number">
                  {t('Duration')}
                </th>
                <th scope="col" class="number">
                  {t('Rounds')}
                </th>
                <th scope="col">{t('Critical path')}</th>
              </tr>
            </thead>
            <tbody>
              {model.bars.map((bar) => (
                <Row key={bar.task.id} bar={bar} fromMs={model.fromMs} />
              ))}
            </tbody>
          </table>
        </ScrollX>
      ) : null}
    </details>
  );
}

function Row({ bar, fromMs }: { bar: GanttBar; fromMs: number }) {
  const { task, kind, startMs, endMs } = bar;
  const time = (ms: number, isSure: boolean) =>
    isSure ? formatClock(ms - fromMs) : t('about {0}', formatClock(ms - fromMs));
  return (
    <tr>
      <th scope="row">{task.title}</th>
      <td>
        <SignLabel sign={subtaskSign(task.state)} />
      </td>
      <td class="number">{time(startMs, kind !== 'planned')}</td>
      <td class="number">{kind === 'live' ? t('at work') : time(endMs, kind === 'done')}</td>
      <td class="number">{formatClock(endMs - startMs)}</td>
      <td class="number">{task.round}</td>
      <td>{bar.isCritical ? t('yes') : t('no')}</td>
    </tr>
  );
}
