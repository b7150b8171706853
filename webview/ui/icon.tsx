import { ICON_PATHS, type IconName } from './icon-paths.ts';

/** Its colour and its stroke are those of the class `icon`. Hidden from screen readers: a word stands beside it. */
export function Icon({ name, class: className = '' }: { name: IconName; class?: string | undefined }) {
  return (
    <svg
      class={`icon ${className}`.trim()}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
      focusable="false"
    >
      <path d={ICON_PATHS[name]} />
    </svg>
  );
}
