import type { HostBase, Review } from '../app.ts';

export function createReview(_app: HostBase): Review {
  throw new Error('stub');
}
