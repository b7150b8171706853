export const CURRENCY = 'EUR';

/** Cubic centimetres that count as one kilogram. */
const VOLUME_PER_KG = 5000;

/** Countries by zone, as ISO 3166-1 alpha-2 codes; every other country is `world`. */
const ZONES = {
  home: ['PT'],
  europe: [
    'AT', 'BE', 'BG', 'HR', 'CY', 'CZ', 'DK', 'EE', 'FI', 'FR', 'DE', 'GR', 'HU', 'IE', 'IT', 'LV', 'LT', 'LU', 'MT',
    'NL', 'PL', 'RO', 'SK', 'SI', 'ES', 'SE',
  ],
};

/** Per zone: cents for the first kilogram, cents for each further one begun, working days from and to. */
const SERVICES = {
  economy: {
    home: { first: 390, next: 60, days: [3, 5] },
    europe: { first: 1090, next: 140, days: [6, 10] },
    world: { first: 2190, next: 620, days: [12, 25] },
  },
  standard: {
    home: { first: 490, next: 80, days: [2, 3] },
    europe: { first: 1390, next: 190, days: [4, 6] },
    world: { first: 2990, next: 790, days: [7, 12] },
  },
  express: {
    home: { first: 890, next: 130, days: [1, 1] },
    europe: { first: 2690, next: 390, days: [1, 2] },
    world: { first: 5490, next: 1290, days: [2, 4] },
  },
};

/** Names of the services, cheapest first. */
export const SERVICE_NAMES = Object.keys(SERVICES);

/** The price zone of a country. */
export function zoneOf(country) {
  return Object.keys(ZONES).find((zone) => ZONES[zone].includes(country)) ?? 'world';
}

/** Whole kilograms that are charged: the weight or the volume, whichever is more, at least one. */
export function chargedKg({ weightGrams, lengthCm, widthCm, heightCm }) {
  const byWeight = Math.ceil(weightGrams / 1000);
  const byVolume = Math.ceil((lengthCm * widthCm * heightCm) / VOLUME_PER_KG);
  return Math.max(1, byWeight, byVolume);
}

/**
 * What a parcel costs with each service, cheapest first.
 * parcel: `{ weightGrams, lengthCm, widthCm, heightCm, country }`, already checked.
 */
export function quote(parcel) {
  const zone = zoneOf(parcel.country);
  const kilograms = chargedKg(parcel);
  const options = SERVICE_NAMES.map((service) => {
    const { first, next, days } = SERVICES[service][zone];
    const priceCents = first + next * (kilograms - 1);
    return { service, priceCents, currency: CURRENCY, workingDays: { from: days[0], to: days[1] } };
  });
  return { zone, chargedKg: kilograms, options };
}
