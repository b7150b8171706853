/** What the console's document is made of. Addresses are those of the webview. */
export interface ConsoleHtml {
  title: string;
  /** BCP 47 tag of the editor's language. */
  language: string;
  scriptUri: string;
  /** The styles themselves: a file of them would be waited for before anything is drawn. */
  styles: string;
  /** Where pictures and fonts may come from. */
  cspSource: string;
  /** Fresh for every document. */
  nonce: string;
  /** Translations by their English form. */
  texts: Readonly<Record<string, string>>;
  /** Shown to people without sight until the page is there. */
  loadingText: string;
  /** The tabs of the page, of which one may be selected. */
  tabs: readonly { label: string; isSelected: boolean }[];
}

/**
 * The document of the console. No code stands in it but the line that reads the script of the extension, and nothing else is
 * fetched. What is in the root is the head of the page and the outline of the rest, drawn before the script has been read: the
 * editor hides a page until it has loaded, which all scripts and styles of a page hold up, but not what a script imports later.
 */
export function consoleHtml(parts: ConsoleHtml): string {
  const csp = [
    "default-src 'none'",
    `script-src 'nonce-${parts.nonce}'`,
    `style-src 'nonce-${parts.nonce}'`,
    `img-src ${parts.cspSource}`,
    `font-src ${parts.cspSource}`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${attribute(parts.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${attribute(csp)}">
<style nonce="${attribute(parts.nonce)}">${parts.styles.replaceAll('</', '<\\/')}</style>
<title>${attribute(parts.title)}</title>
</head>
<body>
<div id="root"><div class="skeleton" role="status" aria-label="${attribute(parts.loadingText)}">
<div class="console-header" aria-hidden="true"><div class="tabs">${parts.tabs.map(tab).join('')}</div></div>
<div class="skeleton-page"><span></span><span></span><span></span></div>
</div></div>
<script type="application/json" id="texts">${jsonForScript(parts.texts)}</script>
<script type="module" nonce="${attribute(parts.nonce)}">import(${jsonForScript(parts.scriptUri)})</script>
</body>
</html>`;
}

function tab({ label, isSelected }: ConsoleHtml['tabs'][number]): string {
  return `<div class="tab${isSelected ? ' selected' : ''}">${attribute(label)}</div>`;
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** No `<` may end the element early, whatever a translation says. */
function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
