import { createApi, findApi, NoteRefused } from './api.js';
import { renderNotes } from './render.js';

const form = document.querySelector('#new-note');
const message = document.querySelector('#form-message');
const list = document.querySelector('#notes');
const button = form.querySelector('button');
const request = (...options) => fetch(...options);

function say(text, kind) {
  message.textContent = text;
  message.dataset.kind = kind;
}

async function showNotes(api) {
  list.setAttribute('aria-busy', 'true');
  try {
    list.innerHTML = renderNotes(await api.list(), navigator.language);
  } finally {
    list.removeAttribute('aria-busy');
  }
}

function markProblems(problems) {
  for (const field of form.querySelectorAll('input, textarea')) {
    const wrong = problems.some((problem) => problem.field === field.name);
    if (wrong) field.setAttribute('aria-invalid', 'true');
    else field.removeAttribute('aria-invalid');
  }
  form.querySelector('[aria-invalid]')?.focus();
}

async function addNote(api) {
  const { title, body, author } = Object.fromEntries(new FormData(form));
  button.disabled = true;
  try {
    await api.add({ title, body, author });
    markProblems([]);
    form.reset();
    form.elements.author.value = author;
    say('Saved.', 'good');
    await showNotes(api);
  } catch (error) {
    if (error instanceof NoteRefused) markProblems(error.problems);
    const details = error instanceof NoteRefused ? error.problems.map((problem) => problem.message) : [];
    say([error.message, ...details].join(' '), 'wrong');
  } finally {
    button.disabled = false;
  }
}

try {
  const api = createApi({ url: await findApi(request), fetch: request });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void addNote(api);
  });
  await showNotes(api);
} catch (error) {
  list.textContent = error.message;
}
