import type { IncomingMessage } from 'node:http';

/** `Bearer TOKEN`, `token TOKEN`, or Basic with the token as password (`x-access-token:TOKEN`) or user name. */
export function presentedToken(request: IncomingMessage): string | null {
  const [scheme = '', value = ''] = (request.headers.authorization ?? '').split(' ');
  if (value === '') return null;
  if (scheme.toLowerCase() !== 'basic') return value;
  const [user = '', ...password] = Buffer.from(value, 'base64').toString('utf8').split(':');
  const secret = password.join(':');
  return secret === '' || secret === 'x-oauth-basic' ? user : secret;
}
