import type { EventLog } from '../engine/port.ts';
import type { Ledger } from '../ledger.ts';
import type { ModelCalls } from '../model-calls.ts';
import type {
  AgentTools,
  Clock,
  CommandRunner,
  Deployer,
  Files,
  Forge,
  LiveProbe,
  Log,
  PackageRegistry,
  Repository,
} from '../ports.ts';
import type { OverlapRadar } from './overlap-radar.ts';
import type { RemoteSettings } from './policy.ts';
import type { Rehearsals } from './rehearsals.ts';
import type { Seats } from './seats.ts';

/** What the definitions need from outside; given once at composition. */
export interface Services {
  calls: ModelCalls;
  repository: Repository;
  runner: CommandRunner;
  tools: AgentTools;
  forge: Forge;
  deployer: Deployer;
  probe: LiveProbe;
  registry: PackageRegistry;
  ledger: Ledger;
  events: EventLog;
  clock: Clock;
  log: Log;
  files: Files;
  radar: OverlapRadar;
  rehearsals: Rehearsals;
  seats: Seats;
  remote: RemoteSettings;
  /** Null allows the command line; otherwise why it is refused. */
  refuseCommand(command: string, rules: { allow: string[]; deny: string[] }): string | null;
  /** Folder of a run for worktrees, outputs and exports; absolute. */
  runDir(rootRunId: string): string;
}
