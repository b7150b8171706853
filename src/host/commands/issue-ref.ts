/** `owner/repo#12`, `#12` or `12` of the workspace's repository, or the web address of an issue. */
const FORMS = [
  /^(?:[\w.-]+\/[\w.-]+)?#\d{1,9}$/,
  /^https?:\/\/[^/\s]+\/[\w.-]+\/[\w.-]+\/issues\/\d{1,9}(?:[/?#]\S*)?$/i,
];

/** The name of an issue as the process reads it; null for a text that names none. */
export function readIssueRef(text: string): string | null {
  const ref = text.trim();
  if (/^\d{1,9}$/.test(ref)) return `#${ref}`;
  return FORMS.some((form) => form.test(ref)) ? ref.replace(/[?#]\D\S*$/, '') : null;
}
