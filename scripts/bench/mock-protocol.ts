/** What the benchmark tells the model server, and what the server has seen. JSON over the process's IPC channel. */
export interface MockScript {
  /** Wait between the end of a request and its whole answer; 0 answers at once. */
  replyMs: number;
  /** The lead's plan. */
  plan: unknown;
  /** Subtask id -> turns of its agent, the last of which calls `finish`; every other one writes a file. */
  turns: Record<string, number>;
  /** Never answer: the connection stays open and silent. */
  silent: boolean;
}

export interface SeenRequest {
  kind: 'lead' | 'agent';
  /** Name of the schema, or id of the subtask. */
  name: string;
  /** Assistant messages before it. */
  turn: number;
  /** Milliseconds of the machine's monotonic clock, the same in every process: when the headers came. */
  receivedMs: number;
  /** When the answer was handed to the connection; 0 while it was not. */
  answeredMs: number;
  sizeBytes: number;
  body: string;
}

export type MockCommand = { id: number } & ({ do: 'script'; script: MockScript } | { do: 'take' });
export type MockAnswer = { id: number; url: string; requests: SeenRequest[] };

export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
