/** Lower case letters, digits and hyphens, at most 40: for branches, repositories and run ids. */
export function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, '');
  return slug === '' ? 'project' : slug;
}

const ALPHABET = '23456789abcdefghjkmnpqrstvwxyz';

/** `team-notes-7k3f9q`: readable, and unique enough for one state folder (30^6); the store refuses a repeated one. */
export function newRunId(slug: string, random: () => number): string {
  let tail = '';
  for (let n = 0; n < 6; n += 1) tail += ALPHABET[Math.floor(random() * ALPHABET.length)] ?? '';
  return `${slug}-${tail}`;
}
