import { unsupportedReason } from '../../../scripts/vscode/install.mjs';

/** Call it first in a suite's `before`: skips the suite, and says why, where the VS Code in a browser does not run. */
export function skipWhereUnsupported(context: Mocha.Context): void {
  const reason = unsupportedReason();
  if (reason === null) return;
  console.warn(reason);
  context.skip();
}
