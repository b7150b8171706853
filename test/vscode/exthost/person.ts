import * as vscode from 'vscode';

/** One thing that the window said or asked, in order. */
export interface Shown {
  kind: 'information' | 'warning' | 'error' | 'pick' | 'input' | 'open_dialog' | 'save_dialog';
  /** The message, or the title of what was asked. */
  text: string;
  /** Labels of buttons, or of rows with their descriptions. */
  choices: string[];
  isPassword: boolean;
  isModal: boolean;
  /** What a modal question says below its text. */
  detail: string;
}

/** What the person answers; undefined leaves it. For a pick: a label; for a dialog: a path. */
type Answer = (shown: Shown) => string | undefined;

export interface Person {
  readonly shown: Shown[];
  answer: Answer;
  /** Gives the window its own functions back. */
  leave(): void;
}

type Replaced = Record<string, (...args: never[]) => unknown>;

/** Takes the place of the person in front of the window: nothing here can click, and modal dialogs are refused. */
export function sitDown(): Person {
  const window = vscode.window as unknown as Replaced;
  const own: Replaced = {};
  const person: Person = {
    shown: [],
    answer: () => undefined,
    leave: () => Object.assign(window, own),
  };
  const show = (shown: Partial<Shown> & Pick<Shown, 'kind' | 'text'>) => {
    const whole = { choices: [], isPassword: false, isModal: false, detail: '', ...shown };
    person.shown.push(whole);
    return person.answer(whole);
  };
  const replace = (name: string, by: (...args: never[]) => unknown) => {
    const original = window[name];
    if (original === undefined) throw new Error(`the window has no ${name}`);
    own[name] = original;
    window[name] = by;
  };
  for (const kind of ['information', 'warning', 'error'] as const) {
    const name = `show${kind[0]?.toUpperCase()}${kind.slice(1)}Message`;
    replace(name, async (text: string, ...rest: (string | vscode.MessageOptions)[]) => {
      const [first] = rest;
      const options = typeof first === 'object' ? first : {};
      const isModal = options.modal === true;
      return show({
        kind,
        text,
        isModal,
        detail: options.detail ?? '',
        choices: rest.filter((item) => typeof item === 'string'),
      });
    });
  }
  replace('showQuickPick', async (given: Thenable<vscode.QuickPickItem[]>, options?: vscode.QuickPickOptions) => {
    const items = await given;
    const choices = items.map(({ label, description }) => (description ? `${label}: ${description}` : label));
    const label = show({ kind: 'pick', text: options?.title ?? '', choices });
    const picked = items.find((item) => item.label === label);
    return options?.canPickMany && picked !== undefined ? [picked] : picked;
  });
  replace('showInputBox', async (options?: vscode.InputBoxOptions) =>
    show({ kind: 'input', text: options?.title ?? '', isPassword: options?.password === true }),
  );
  const dialog = (kind: 'open_dialog' | 'save_dialog') => (options?: { title?: string }) => {
    const path = show({ kind, text: options?.title ?? '' });
    return path === undefined ? undefined : vscode.Uri.file(path);
  };
  replace('showOpenDialog', async (options?: { title?: string }) => {
    const picked = dialog('open_dialog')(options);
    return picked === undefined ? undefined : [picked];
  });
  replace('showSaveDialog', async (options?: { title?: string }) => dialog('save_dialog')(options));
  return person;
}
