import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { installVSCode } from '../../../scripts/vscode/install.mjs';
import { serverEnvironment } from './environment.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary.ts';

const manifest = z.object({ publisher: z.string(), name: z.string(), version: z.string() });
const bridgeDir = path.join(import.meta.dirname, 'bridge');

function copyExtension(source: string, extensionsDir: string): void {
  const text = fs.readFileSync(path.join(source, 'package.json'), 'utf8');
  const { publisher, name, version } = manifest.parse(JSON.parse(text));
  fs.cpSync(source, path.join(extensionsDir, `${publisher}.${name}-${version}`), { recursive: true });
}

/** Copies the bridge and `folders` where the first start of VS Code finds and keeps them. */
export function layOutExtensions(extensionsDir: string, folders: readonly string[] = []): void {
  fs.mkdirSync(extensionsDir, { recursive: true });
  for (const folder of [bridgeDir, ...folders]) copyExtension(folder, extensionsDir);
}

/**
 * A folder of installed extensions that several servers may share one after the other: the bridge, `folders` as they
 * are, and the packages `vsix`.
 */
export async function prepareExtensions(options: {
  vsix?: readonly string[];
  folders?: readonly string[];
}): Promise<TemporaryFolder> {
  const { server, node } = installVSCode();
  const place = temporaryFolder('vsc-ext-');
  const data = temporaryFolder('vsc-cli-');
  try {
    layOutExtensions(place.path, options.folders);
    for (const file of options.vsix ?? []) {
      await promisify(execFile)(
        node,
        [
          server,
          '--accept-server-license-terms',
          ...['--server-data-dir', data.path, '--extensions-dir', place.path],
          ...['--install-extension', path.resolve(file)],
        ],
        { env: serverEnvironment(data.path, {}), timeout: 120_000 },
      );
    }
    return place;
  } catch (error) {
    place.remove();
    throw error;
  } finally {
    data.remove();
  }
}
