/** Numbers, money and times as the person's language writes them. Pure but for the language, which is set once. */

let locale = 'en';
const formats = new Map<string, Intl.NumberFormat>();
const clocks = new Map<string, Intl.DateTimeFormat>();

/** `tag`: a BCP 47 language tag; one that is not known leaves English. */
export function setLocale(tag: string): void {
  formats.clear();
  clocks.clear();
  try {
    locale = Intl.getCanonicalLocales(tag)[0] ?? 'en';
  } catch {
    locale = 'en';
  }
}

/** Making a format is slow; a list of thousands of rows uses a few of them. */
function number(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options);
  const known = formats.get(key);
  if (known !== undefined) return known;
  const made = new Intl.NumberFormat(locale, options);
  formats.set(key, made);
  return made;
}

export const formatNumber = (value: number): string => number({}).format(value);

export const formatPercent = (ratio: number): string =>
  number({ style: 'percent', maximumFractionDigits: 0 }).format(ratio);

/** US dollars: whole cents; below one cent as many digits as say something. */
export function formatMoney(usd: number): string {
  const isTiny = usd > 0 && usd < 0.01;
  return number({
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
    ...(isTiny ? { maximumSignificantDigits: 1 } : {}),
  }).format(usd);
}

/** `1.2K`, `34K`, `1.1M`. */
export const formatTokens = (tokens: number): string => number({ notation: 'compact' }).format(tokens);

const unit = (name: 'hour' | 'minute' | 'second' | 'millisecond', value: number) =>
  number({ style: 'unit', unit: name, unitDisplay: 'short', maximumFractionDigits: 0 }).format(value);

/** The two largest units that say something: `1 hr 5 min`, `3 min 20 sec`, `12 sec`, `340 ms`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return unit('millisecond', Math.max(0, Math.round(ms)));
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return unit('second', seconds);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return join(unit('minute', minutes), seconds % 60 === 0 ? '' : unit('second', seconds % 60));
  const hours = Math.floor(minutes / 60);
  return join(unit('hour', hours), minutes % 60 === 0 ? '' : unit('minute', minutes % 60));
}

/** `2:07`, `1:02:07`: for figures that tick and columns of a table. */
export function formatClock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** Rounded for a forecast: whole minutes, at least one. */
export const formatMinutes = (ms: number): string => {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  return minutes < 60 ? unit('minute', minutes) : formatDuration(minutes * 60_000);
};

interface Range {
  low: number;
  high: number;
}

/** `$1.20–$3.40`; one value when both look the same. */
export function formatRange({ low, high }: Range, format: (value: number) => string): string {
  const from = format(low);
  const to = format(high);
  return from === to ? from : `${from} – ${to}`;
}

function clock(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify(options);
  const known = clocks.get(key);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat(locale, options);
  clocks.set(key, made);
  return made;
}

/** Time of day with seconds, of an ISO 8601 time. */
export const formatTime = (iso: string): string => clock({ timeStyle: 'medium' }).format(new Date(iso));

/** Day and time, of an ISO 8601 time. */
export const formatDate = (iso: string): string =>
  clock({ dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));

const join = (first: string, second: string) => (second === '' ? first : `${first} ${second}`);
