import { CURRENCY, quote, SERVICE_NAMES } from './pricing.js';
import { EXAMPLE, readParcel } from './request.js';

/** Prices are public, and a shop's page may ask from its own domain. */
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST, OPTIONS',
  'access-control-allow-headers': 'content-type',
};

const USAGE = {
  name: 'Shipping Quote API',
  usage: 'POST / with a parcel as JSON: weight in grams, size in centimetres, country as a code of two letters.',
  example: EXAMPLE,
  services: SERVICE_NAMES,
  currency: CURRENCY,
};

/** The function: `GET /` explains itself, `POST /` answers with the price and the time of every service. */
export default async function shippingQuote({ req, res }) {
  const answer = (body, status) => res.json(body, status, CORS);
  if (req.method === 'OPTIONS') return res.text('', 204, CORS);
  if (req.path !== '/') return answer({ error: `There is nothing at ${req.path}.` }, 404);
  if (req.method === 'GET') return answer(USAGE, 200);
  if (req.method !== 'POST') return answer({ error: 'Only GET and POST are known here.' }, 405);
  const request = readParcel(req.bodyText);
  if (!request.ok) return answer({ error: 'No price for this parcel.', problems: request.problems }, 400);
  return answer(quote(request.parcel), 200);
}
