/** Goes on after the orchestrator process has ended by itself, but not for ever: what ends it may be the run. */
export interface Reviver {
  revive(): Promise<void>;
}

export interface ReviverOptions {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Starts the process and adopts the runs of this window. Never rejects. */
  goOn(): Promise<void>;
  giveUp(): void;
}

const MOST = 3;
const WITHIN_MS = 10 * 60_000;

export function createReviver({ now, goOn, giveUp }: ReviverOptions): Reviver {
  let endedAt: number[] = [];
  return {
    async revive() {
      endedAt = [...endedAt.filter((at) => now() - at < WITHIN_MS), now()];
      if (endedAt.length > MOST) giveUp();
      else await goOn();
    },
  };
}
