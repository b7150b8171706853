import type { ErrorCode } from '../../protocol/errors.ts';

/** What a person can do about an error, most useful first. */
export type Remedy = 'set_keys' | 'open_settings' | 'use_local_cloud' | 'doctor' | 'show_log';

export function remediesFor(code: ErrorCode): Remedy[] {
  switch (code) {
    case 'configuration':
      return ['set_keys', 'open_settings', 'use_local_cloud'];
    case 'auth':
      return ['set_keys'];
    case 'workspace_unusable':
      return ['doctor'];
    default:
      return ['show_log'];
  }
}
