/**
 * Watches one streamed HTTP call from below the vendor's SDK, where every byte is seen: SDKs swallow keep-alive events, and
 * drop parts of error bodies.
 */
export interface CallGuard {
  /** Give this to the SDK. */
  readonly fetch: typeof fetch;
  /** Fires when the caller cancels, when nothing arrives for `idleMs`, or when the call is older than `wallMs`. */
  readonly signal: AbortSignal;
  readonly state: {
    /** The request left this process; from here on the provider may charge. */
    sent: boolean;
    /** Headers of a good answer have come. */
    answered: boolean;
    /** Why the guard fired on its own. */
    timedOut: 'idle' | 'wall' | null;
    /** Raw body of an error answer, at most 64 kB. */
    errorBody: string | null;
  };
  close(): void;
}

export interface GuardOptions extends GuardLimits {
  /** The request leaves this process only after it; default: at once. */
  cleared?: Promise<void>;
}

export interface GuardLimits {
  /** Longest silence; default 60,000. */
  idleMs?: number;
  /** Longest call; default 1,200,000. */
  wallMs?: number;
}

const MAX_ERROR_BODY_CHARS = 64_000;

export function createCallGuard(outer: AbortSignal, baseFetch: typeof fetch, options: GuardOptions): CallGuard {
  const { idleMs = 60_000, wallMs = 1_200_000, cleared } = options;
  const own = new AbortController();
  const state: CallGuard['state'] = { sent: false, answered: false, timedOut: null, errorBody: null };

  const giveUp = (reason: 'idle' | 'wall'): void => {
    state.timedOut ??= reason;
    own.abort();
  };
  const idle = setTimeout(() => giveUp('idle'), idleMs);
  const wall = setTimeout(() => giveUp('wall'), wallMs);
  let open = true;
  const heard = (): void => {
    // Refreshing a cleared timer would start it again.
    if (open) idle.refresh();
  };

  const watched = (body: ReadableStream<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> =>
    body.pipeThrough(
      new TransformStream({
        transform(chunk, controller) {
          heard();
          controller.enqueue(chunk);
        },
      }),
    );

  const guardedFetch: typeof fetch = async (input, init) => {
    await cleared;
    state.sent = true;
    const response = await baseFetch(input, init);
    heard();
    const { status, statusText, headers } = response;
    if (!response.ok) {
      const text = await response.text();
      state.errorBody = text.slice(0, MAX_ERROR_BODY_CHARS);
      return new Response(text, { status, statusText, headers });
    }
    state.answered = true;
    return response.body === null ? response : new Response(watched(response.body), { status, statusText, headers });
  };

  return {
    fetch: guardedFetch,
    signal: AbortSignal.any([outer, own.signal]),
    state,
    close() {
      open = false;
      clearTimeout(idle);
      clearTimeout(wall);
    },
  };
}
