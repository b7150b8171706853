/**
 * Owner and name of a remote URL that belongs to the server of `apiUrl`; null for other servers and forms. Takes
 * `https://host/o/n(.git)`, `ssh://git@host/o/n` and `git@host:o/n`.
 */
export function recognise(apiUrl: string, remoteUrl: string): { owner: string; name: string } | null {
  const api = new URL(apiUrl);
  const scp = /^[^@/]+@([^:/]+):(?!\/)(.+)$/.exec(remoteUrl);
  const url = scp ? `ssh://${scp[1]}/${scp[2]}` : remoteUrl;
  if (!URL.canParse(url)) return null;
  const remote = new URL(url);
  if (!['https:', 'http:', 'ssh:'].includes(remote.protocol)) return null;
  const isHttp = remote.protocol !== 'ssh:';
  const host = api.hostname.replace(/^api\./, '');
  if (remote.hostname !== host || (isHttp && remote.port !== api.port)) return null;
  const [owner, name, ...rest] = remote.pathname.split('/').filter((part) => part !== '');
  if (owner === undefined || name === undefined || rest.length > 0) return null;
  return { owner, name: name.replace(/\.git$/, '') };
}
