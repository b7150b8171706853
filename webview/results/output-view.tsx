import { useEffect, useState } from 'preact/hooks';
import type { Evidence } from '../../src/protocol/work.ts';
import { t } from '../l10n.ts';
import { ask, bridge } from '../store.ts';
import { formatNumber } from '../ui/format.ts';
import { VirtualList } from '../ui/virtual-list.tsx';
import { outputLines } from './result-facts.ts';

const ROW_PX = 18;
const LINE_LIMIT = 20_000;
const SHOWN_ROWS = 16;

/** The whole output of a command, read when it is opened; its last part when there is no file. */
export function OutputView({ run, evidence }: { run: string; evidence: Evidence }) {
  const { outputFile, outputTail, name } = evidence;
  const [text, setText] = useState<string | null>(outputFile === null ? outputTail : null);
  useEffect(() => {
    if (outputFile === null) return;
    let isWanted = true;
    void ask(bridge.call('output', { runId: run, outputFile })).then((output) => {
      if (isWanted) setText(output ?? outputTail);
    });
    return () => {
      isWanted = false;
    };
  }, [run, outputFile]);

  if (text === null) return <p class="muted">{t('Reading the output…')}</p>;
  if (text.trim() === '') return <p class="muted">{t('The command wrote nothing.')}</p>;
  return <Lines text={text} label={t('Output of {0}', name)} />;
}

/** Text of any length in a box of its own. */
export function Lines({ text, label }: { text: string; label: string }) {
  const { lines, left } = outputLines(text, LINE_LIMIT);
  return (
    <div class="output">
      {left === 0 ? null : <p class="muted">{t('The first {0} lines are left out.', formatNumber(left))}</p>}
      <div class="output-box" style={{ height: `${Math.min(SHOWN_ROWS, lines.length) * ROW_PX + 2}px` }}>
        <VirtualList
          items={lines}
          keyOf={(_line, index) => index}
          rowHeightPx={ROW_PX}
          label={label}
          renderRow={(line) => <code title={line.length > 80 ? line : undefined}>{line === '' ? ' ' : line}</code>}
        />
      </div>
    </div>
  );
}
