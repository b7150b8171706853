const LIMITS = {
  weightGrams: { least: 1, most: 30_000, unit: 'grams' },
  lengthCm: { least: 1, most: 150, unit: 'centimetres' },
  widthCm: { least: 1, most: 150, unit: 'centimetres' },
  heightCm: { least: 1, most: 150, unit: 'centimetres' },
};

/** A request that is accepted; shown by `GET /`. */
export const EXAMPLE = { weightGrams: 1200, lengthCm: 40, widthCm: 30, heightCm: 10, country: 'FR' };

/**
 * Reads a parcel out of the text of a request.
 * Returns `{ ok: true, parcel }` or `{ ok: false, problems: [{ field, message }] }`.
 */
export function readParcel(text) {
  const input = parseObject(text);
  if (input === null) return { ok: false, problems: [{ field: null, message: 'Send a JSON object; GET / shows one.' }] };
  const problems = [];
  const parcel = {};
  for (const [field, { least, most, unit }] of Object.entries(LIMITS)) {
    const value = input[field];
    if (!Number.isInteger(value) || value < least || value > most) {
      problems.push({ field, message: `${field} must be a whole number of ${unit} from ${least} to ${most}.` });
    }
    parcel[field] = value;
  }
  parcel.country = typeof input.country === 'string' ? input.country.trim().toUpperCase() : '';
  if (!/^[A-Z]{2}$/.test(parcel.country)) {
    problems.push({ field: 'country', message: 'country must be a code of two letters, such as PT.' });
  }
  return problems.length === 0 ? { ok: true, parcel } : { ok: false, problems };
}

function parseObject(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
