import type { Definition, Engine, EventLog } from '../core/engine/port.ts';
import type { DeployInput } from '../core/flow/deploy-merged.ts';
import type { BuildInput, RunPolicy } from '../core/flow/policy.ts';
import type { RollbackInput } from '../core/flow/rollback-input.ts';
import type { BuildResult } from '../core/flow/stages.ts';
import type { Ledger } from '../core/ledger.ts';
import type { Clock } from '../core/ports.ts';
import type { Issues } from './issues.ts';
import type { Reader } from './reading.ts';
import type { Records } from './records.ts';

/** What the door to the runs stands on. */
export interface AppParts {
  engine: Engine;
  events: EventLog;
  ledger: Ledger;
  build: Definition<BuildInput, BuildResult>;
  deployment: Definition<DeployInput, BuildResult>;
  rollback: Definition<RollbackInput, BuildResult>;
  /** What a new run is to keep of the settings. */
  policy(): RunPolicy;
  /** Null allows the command line; otherwise why it is refused. */
  refuseCommand(command: string, rules: { allow: string[]; deny: string[] }): string | null;
  clock: Clock;
  random: () => number;
  reader: Reader;
  issues: Issues;
  records: Records;
  /** Removes an ended run and what belongs to it, its work archived first. */
  deleteRun(runId: string, workspaceDir: string): Promise<void>;
  /** Takes the worktrees of an ended run out of the repository, what they hold committed first. Never throws. */
  cleanUp(runId: string, workspaceDir: string): Promise<void>;
}
