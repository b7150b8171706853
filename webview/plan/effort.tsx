import type { Effort as EffortName } from '../../src/protocol/plan.ts';
import { EFFORTS } from './words.ts';

/** Bars, as many filled as the effort is high; the word is said beside it. */
export function Effort({ effort }: { effort: EffortName }) {
  const filled = EFFORTS.indexOf(effort) + 1;
  return (
    <svg class="effort" viewBox="0 0 22 12" aria-hidden="true">
      {EFFORTS.map((name, index) => (
        <rect
          key={name}
          class={index < filled ? 'filled' : ''}
          x={index * 4.5 + 0.5}
          y={9 - index * 2}
          width="3"
          height={2.5 + index * 2}
          rx="0.5"
        />
      ))}
    </svg>
  );
}
