import { runCommand } from '../harness/workbench.ts';
import { useWorkbench } from './support.ts';

describe('a window with the packaged extension', function () {
  this.timeout(120_000);
  const ui = useWorkbench();

  it('has the commands of the extension in its palette', async () => {
    await runCommand(ui().page, 'Orchestrator: Show Log');
  });
});
