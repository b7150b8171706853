import { render } from 'preact';
import { Console } from './console.tsx';
import { loadTexts } from './l10n.ts';
import { begin } from './store.ts';
import './styles.css';

loadTexts();
const root = document.getElementById('root');
if (root !== null) render(<Console />, root);
void begin();
