import { AppError } from '../../protocol/errors.ts';

export const isLoopback = (url: URL): boolean => ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);

/** `https://api.github.com`, `https://host/api/v3`, or http on a loopback address; throws `configuration` for others. */
export function checkedUrl(apiUrl: string): URL {
  const url = URL.parse(apiUrl);
  const isUsable = url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)));
  if (isUsable) return url;
  throw new AppError({
    code: 'configuration',
    message: `The GitHub API URL ${apiUrl} is not an https URL.`,
    userMessage: `${apiUrl} cannot be used as the GitHub API: the token must not travel unencrypted. Use an https URL.`,
  });
}
