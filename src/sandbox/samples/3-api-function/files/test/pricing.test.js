import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chargedKg, quote, SERVICE_NAMES, zoneOf } from '../functions/shipping-quote/src/pricing.js';

const small = { weightGrams: 800, lengthCm: 20, widthCm: 15, heightCm: 10, country: 'PT' };
const prices = (parcel) => quote(parcel).options.map((option) => option.priceCents);

test('the first kilogram has one price, each further one begun adds to it', () => {
  assert.deepEqual(prices(small), [390, 490, 890]);
  assert.deepEqual(prices({ ...small, weightGrams: 1000 }), [390, 490, 890]);
  assert.deepEqual(prices({ ...small, weightGrams: 1001 }), [450, 570, 1020]);
  assert.deepEqual(prices({ ...small, weightGrams: 3000 }), [510, 650, 1150]);
});

test('a large light parcel is charged by its volume', () => {
  assert.equal(chargedKg({ ...small, lengthCm: 50, widthCm: 40, heightCm: 25 }), 10);
  assert.equal(chargedKg({ ...small, lengthCm: 50, widthCm: 40, heightCm: 25, weightGrams: 12_000 }), 12);
});

test('a volume just above a kilogram begins the next one', () => {
  assert.equal(chargedKg({ ...small, lengthCm: 50, widthCm: 10, heightCm: 10 }), 1);
  assert.equal(chargedKg({ ...small, lengthCm: 51, widthCm: 10, heightCm: 10 }), 2);
});

test('the zone follows the country', () => {
  assert.deepEqual(['PT', 'DE', 'IE', 'US', 'GB'].map(zoneOf), ['home', 'europe', 'europe', 'world', 'world']);
});

test('a faster service costs more and never takes longer, in every zone', () => {
  for (const country of ['PT', 'FR', 'JP']) {
    const { options } = quote({ ...small, country });
    assert.deepEqual(options.map((option) => option.service), SERVICE_NAMES);
    for (const [index, option] of options.entries()) {
      assert.ok(option.workingDays.from <= option.workingDays.to);
      if (index === 0) continue;
      assert.ok(option.priceCents > options[index - 1].priceCents);
      assert.ok(option.workingDays.to <= options[index - 1].workingDays.to);
    }
  }
});

test('every price is a whole number of cents, for every weight and zone', () => {
  for (const country of ['PT', 'SE', 'AU']) {
    for (let weightGrams = 1; weightGrams <= 30_000; weightGrams += 499) {
      for (const price of prices({ ...small, weightGrams, country })) assert.ok(Number.isInteger(price));
    }
  }
});
