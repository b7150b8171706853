import { useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../l10n.ts';
import { announce } from './announce.tsx';
import { Button, IconButton } from './button.tsx';
import { FieldError } from './field.tsx';
import { insertAt, moveItem, pasteLines, removeAt, replaceAt } from './list-edits.ts';

interface ListEditorProps {
  /** Unique in the page; rows are `<id>-0`, `<id>-1` … */
  id: string;
  label: string;
  hint: string;
  items: readonly string[];
  onChange(items: string[]): void;
  onBlur?(): void;
  /** About the list as a whole. */
  error: string | null;
  errorAt(index: number): string | null;
  /** Word of the button that adds a row. */
  addLabel: string;
  placeholder?: string;
}

/**
 * Lines that can be added, changed, removed and reordered. Enter adds a row, Backspace in an empty one removes it, Alt with an arrow
 * moves it, and several pasted lines become several rows.
 */
export function ListEditor(props: ListEditorProps) {
  const { id, items, onChange } = props;
  const root = useRef<HTMLFieldSetElement>(null);
  /** The row that gets focus after the next drawing, and the caret's place in it (-1: at its end). */
  const wanted = useRef<{ row: number; caret: number } | null>(null);

  useLayoutEffect(() => {
    if (wanted.current === null) return;
    const { row, caret } = wanted.current;
    wanted.current = null;
    const areas = root.current?.querySelectorAll('textarea') ?? [];
    const area = areas[Math.min(row, areas.length - 1)];
    if (area === undefined) document.getElementById(`${id}-add`)?.focus();
    area?.focus();
    const at = caret < 0 ? area?.value.length : caret;
    if (at !== undefined) area?.setSelectionRange(at, at);
  });

  const change = (next: string[], row: number, caret = -1) => {
    wanted.current = { row, caret };
    onChange(next);
  };
  const remove = (row: number) => {
    change(removeAt(items, row), Math.max(0, row - 1));
    announce(t('Removed. {0} left.', items.length - 1));
  };
  const move = (from: number, to: number) => {
    if (to < 0 || to >= items.length) return;
    change(moveItem(items, from, to), to);
    announce(t('Moved to place {0} of {1}.', to + 1, items.length));
  };

  const onKeyDown = (event: KeyboardEvent, row: number) => {
    const isMove = event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown');
    if (event.isComposing) return;
    if (isMove) move(row, event.key === 'ArrowUp' ? row - 1 : row + 1);
    else if (event.key === 'Enter' && !event.shiftKey) change(insertAt(items, row + 1, ''), row + 1);
    else if (event.key === 'Backspace' && items[row] === '') remove(row);
    else return;
    event.preventDefault();
  };

  const onPaste = (event: ClipboardEvent & { currentTarget: HTMLTextAreaElement }, row: number) => {
    const { selectionStart: start, selectionEnd: end } = event.currentTarget;
    const text = event.clipboardData?.getData('text/plain') ?? '';
    const pasted = pasteLines(items, row, text, { start, end });
    if (pasted === null) return;
    event.preventDefault();
    change(pasted.items, pasted.last);
  };

  const hasError = props.error !== null;
  return (
    <fieldset
      ref={root}
      id={id}
      class="field list-editor"
      aria-describedby={`${id}-hint${hasError ? ` ${id}-error` : ''}`}
      onFocusOut={props.onBlur}
    >
      <legend class="label">{props.label}</legend>
      <p id={`${id}-hint`} class="muted small">
        {props.hint}
      </p>
      <ol>
        {items.map((item, row) => (
          <li
            // Rows have no identity but their place.
            key={row}
            class="list-row"
          >
            <span class="number" aria-hidden="true">
              {row + 1}
            </span>
            <textarea
              id={`${id}-${row}`}
              rows={1}
              value={item}
              placeholder={props.placeholder}
              aria-label={t('{0}, {1} of {2}', props.label, row + 1, items.length)}
              aria-invalid={props.errorAt(row) !== null}
              aria-describedby={props.errorAt(row) === null ? undefined : `${id}-${row}-error`}
              onInput={(event) => onChange(replaceAt(items, row, event.currentTarget.value))}
              onKeyDown={(event) => onKeyDown(event, row)}
              onPaste={(event) => onPaste(event, row)}
            />
            <span class="row-buttons">
              <IconButton
                class="move"
                icon="up"
                label={t('Move row {0} up', row + 1)}
                isDisabled={row === 0}
                onClick={() => move(row, row - 1)}
              />
              <IconButton
                class="move"
                icon="down"
                label={t('Move row {0} down', row + 1)}
                isDisabled={row === items.length - 1}
                onClick={() => move(row, row + 1)}
              />
              <IconButton icon="close" label={t('Remove row {0}', row + 1)} onClick={() => remove(row)} />
            </span>
            <FieldError id={`${id}-${row}-error`} text={props.errorAt(row)} />
          </li>
        ))}
      </ol>
      <div>
        <Button id={`${id}-add`} kind="quiet" icon="add" onClick={() => change([...items, ''], items.length)}>
          {props.addLabel}
        </Button>
      </div>
      <FieldError id={`${id}-error`} text={props.error} />
    </fieldset>
  );
}
