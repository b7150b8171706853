/** The café's own time zone: "open now" means open there, wherever the visitor is. */
export const TIME_ZONE = 'Europe/Lisbon';

/** Opening hours by weekday, Monday first; null when closed. Times are `HH:MM` on the café's clock. */
export const WEEK = [
  { day: 'Monday', hours: null },
  { day: 'Tuesday', hours: { from: '08:00', to: '18:00' } },
  { day: 'Wednesday', hours: { from: '08:00', to: '18:00' } },
  { day: 'Thursday', hours: { from: '08:00', to: '18:00' } },
  { day: 'Friday', hours: { from: '08:00', to: '22:00' } },
  { day: 'Saturday', hours: { from: '09:00', to: '22:00' } },
  { day: 'Sunday', hours: { from: '09:00', to: '16:00' } },
];

const CLOSING_SOON_MINUTES = 30;

/** The café's weekday (0 is Monday) and minutes since its midnight, at a moment. */
export function cafeTime(moment, timeZone = TIME_ZONE) {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'long',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(moment);
  const value = (type) => parts.find((part) => part.type === type).value;
  return {
    dayIndex: WEEK.findIndex((entry) => entry.day === value('weekday')),
    minutes: Number(value('hour')) * 60 + Number(value('minute')),
  };
}

/**
 * Whether the café is open at a moment, in words for the page.
 * Returns `{ open, dayIndex, text }`; `dayIndex` is today's place in WEEK.
 */
export function statusAt(moment, timeZone = TIME_ZONE) {
  const { dayIndex, minutes } = cafeTime(moment, timeZone);
  const today = WEEK[dayIndex].hours;
  if (today !== null && minutes >= minutesOf(today.from) && minutes < minutesOf(today.to)) {
    const left = minutesOf(today.to) - minutes;
    const text =
      left <= CLOSING_SOON_MINUTES
        ? `Open, closing in ${left} ${left === 1 ? 'minute' : 'minutes'}`
        : `Open now until ${today.to}`;
    return { open: true, dayIndex, text };
  }
  if (today !== null && minutes < minutesOf(today.from)) {
    return { open: false, dayIndex, text: `Closed now, opens today at ${today.from}` };
  }
  const { daysAhead, entry } = nextOpenDay(dayIndex);
  const when = daysAhead === 1 ? 'tomorrow' : `on ${entry.day}`;
  return { open: false, dayIndex, text: `Closed now, opens ${when} at ${entry.hours.from}` };
}

function nextOpenDay(dayIndex) {
  for (let daysAhead = 1; daysAhead <= WEEK.length; daysAhead += 1) {
    const entry = WEEK[(dayIndex + daysAhead) % WEEK.length];
    if (entry.hours !== null) return { daysAhead, entry };
  }
  throw new Error('The café is never open: check WEEK.');
}

function minutesOf(time) {
  const [hours, minutes] = time.split(':').map(Number);
  return hours * 60 + minutes;
}
