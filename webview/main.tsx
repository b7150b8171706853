// The base comes first: the styles of pages refine it.
import './styles.css';
import './ui/buttons.css';
import './ui/controls.css';
import './ui/lists.css';
import './ui/skeleton.css';

import { render } from 'preact';
import { Console } from './console.tsx';
import { loadTexts } from './l10n.ts';
import { begin } from './store.ts';
import { setLocale } from './ui/format.ts';

loadTexts(document.getElementById('texts')?.textContent ?? '{}');
setLocale(document.documentElement.lang);
const root = document.getElementById('root');
if (root !== null) render(<Console />, root);
// For whoever measures how long the page takes to be there.
void begin().then(() => requestAnimationFrame(() => performance.mark('drawn')));
