import { Icon } from '../ui/icon.tsx';
import type { Sign } from './words.ts';

/** A word with its sign; the colour only repeats what they say. */
export function SignLabel({ sign, about }: { sign: Sign; about?: string }) {
  return (
    <span class={`sign tone-${sign.tone}`}>
      <Icon name={sign.icon} class={sign.icon === 'sync' ? 'turning' : undefined} />
      {sign.word}
      {about === undefined ? null : <span class="muted"> {about}</span>}
    </span>
  );
}
