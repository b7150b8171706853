let holders = 0;
let originalWarn: typeof console.warn | null = null;

/** The library prints `x-appwrite-warning` headers to the console, which may be somebody's terminal: log them instead. */
export function holdWarnings(onWarning: (text: string) => void): { release(): void } {
  holders++;
  if (originalWarn === null) {
    const pass = console.warn;
    originalWarn = pass;
    console.warn = (...values: unknown[]) => {
      const [first] = values;
      if (values.length === 1 && typeof first === 'string' && first.startsWith('Warning: ')) onWarning(first.slice(9));
      else pass(...values);
    };
  }
  return {
    release: () => {
      holders--;
      if (holders > 0 || originalWarn === null) return;
      console.warn = originalWarn;
      originalWarn = null;
    },
  };
}
