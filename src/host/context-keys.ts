import * as vscode from 'vscode';
import type { HostApp } from './app.ts';
import { contextOf } from './context-of.ts';
import { CONTEXT } from './ids.ts';

/** Keeps the context keys of menus and enablement clauses as the runs are; tells the editor of changes only. */
export function trackContext(app: HostApp): vscode.Disposable {
  const told = new Map<string, boolean>();
  const tell = (key: string, value: boolean) => {
    if (told.get(key) === value) return;
    told.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  };
  const update = () => {
    for (const [name, value] of Object.entries(contextOf(app.runs.all()))) {
      tell(CONTEXT[name as keyof typeof CONTEXT], value);
    }
    tell(CONTEXT.runsKnown, app.runs.isLoaded);
  };
  // The editor keeps the keys of an extension host that it has restarted.
  update();
  return app.runs.onDidChange(update);
}
