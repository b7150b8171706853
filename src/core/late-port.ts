/** What a port is made of here: every method answers with a promise. */
type Answering<Port> = { [Name in keyof Port]: (...args: never[]) => Promise<unknown> };

/**
 * A port whose adapter is loaded at its first call, so that a start does not wait for code that it may never need. `names` are
 * all of its methods. When loading fails, that call rejects and the next one tries again.
 */
export function latePort<Port extends Answering<Port>>(
  names: Record<keyof Port & string, true>,
  load: () => Promise<Port>,
): Port {
  let loading: Promise<Port> | null = null;
  const loaded = (): Promise<Port> => {
    loading ??= load().catch((thrown: unknown) => {
      loading = null;
      throw thrown;
    });
    return loading;
  };
  const methodOf =
    (name: string) =>
    async (...args: unknown[]) => {
      const port: Port = await loaded();
      return Reflect.apply(Reflect.get(port, name), port, args);
    };
  // `names` has every method of Port, which the compiler cannot follow through `fromEntries`.
  return Object.fromEntries(Object.keys(names).map((name) => [name, methodOf(name)])) as unknown as Port;
}
