import { removeRunNote } from '../../app/run-notes.ts';
import { EXIT } from '../exit-codes.ts';
import { type Deps, type Io, say } from '../io.ts';
import { findRun, stateOfRun, withApp } from '../session.ts';

/** Forgets a run that has ended; its commits stay in the repository. */
export async function deleteRun(io: Io, deps: Deps, run: string): Promise<number> {
  const { settings, note } = await stateOfRun(io, run);
  return withApp(deps, settings, async (app) => {
    const { runId } = await findRun(io, app, run, note);
    await app.dispatch({ type: 'delete', runId });
    await removeRunNote(settings.stateDir, runId);
    say(
      io,
      `Deleted ${runId}. Its work is kept in the repository: git for-each-ref refs/orchestrator-archive/${runId}`,
    );
    return EXIT.complete;
  });
}
