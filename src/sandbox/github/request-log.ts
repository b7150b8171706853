/** One answered request to the API. `status` is 0 when the connection was cut instead. */
export interface AnsweredRequest {
  method: string;
  /** Below the API's address, without the query. */
  path: string;
  status: number;
  login: string | null;
}

/** What the stand-in was asked; 304 answers are those that count nothing against the rate limit. */
export interface RequestLog {
  all(): readonly AnsweredRequest[];
  full(): number;
  notModified(): number;
  clear(): void;
}

const KEPT_REQUESTS = 20_000;

export function createRequestLog(): RequestLog & { add(request: AnsweredRequest): void } {
  let kept: AnsweredRequest[] = [];
  const notModified = (): number => kept.filter(({ status }) => status === 304).length;
  return {
    add(request) {
      if (kept.length < KEPT_REQUESTS) kept.push(request);
    },
    all: () => [...kept],
    full: () => kept.length - notModified(),
    notModified,
    clear() {
      kept = [];
    },
  };
}
