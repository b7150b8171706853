import type { HostApp } from '../app.ts';
import type { CommandName } from '../ids.ts';

export async function runCommand(_app: HostApp, _name: CommandName, _args: readonly unknown[]): Promise<void> {}
