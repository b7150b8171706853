/** HTML of the list of notes. */
export function renderNotes(notes, locale) {
  if (notes.length === 0) return '<p class="empty">No notes yet. Write the first one.</p>';
  return notes.map((note) => renderNote(note, locale)).join('\n');
}

function renderNote(note, locale) {
  const when = new Date(note.createdAt);
  const written = when.toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short' });
  return `<article class="note">
  <h3>${note.title}</h3>
  <p>${note.body}</p>
  <p class="meta">${note.author}, <time datetime="${when.toISOString()}">${written}</time></p>
</article>`;
}
