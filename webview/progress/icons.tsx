import { ICON_PATHS, type IconName } from './icon-paths.ts';

export function Icon({ name, class: className }: { name: IconName; class?: string | undefined }) {
  return (
    <svg
      class={`icon ${className ?? ''}`}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
      focusable="false"
    >
      <path
        d={ICON_PATHS[name]}
        fill="none"
        stroke="currentColor"
        stroke-width="1.2"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}
