/** What the console's document is made of. Addresses are those of the webview. */
export interface ConsoleHtml {
  title: string;
  /** BCP 47 tag of the editor's language. */
  language: string;
  scriptUri: string;
  styleUri: string;
  /** Where styles, pictures and fonts may come from. */
  cspSource: string;
  /** Fresh for every document. */
  nonce: string;
  /** Translations by their English form. */
  texts: Readonly<Record<string, string>>;
  /** Shown to people without sight until the page is there. */
  loadingText: string;
}

/**
 * The document of the console. Nothing inline runs; nothing is fetched but the two files of the extension. What is in the root is
 * the outline of the page, drawn before the script has been read.
 */
export function consoleHtml(parts: ConsoleHtml): string {
  const csp = [
    "default-src 'none'",
    `script-src 'nonce-${parts.nonce}'`,
    `style-src ${parts.cspSource}`,
    `img-src ${parts.cspSource}`,
    `font-src ${parts.cspSource}`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${attribute(parts.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${attribute(csp)}">
<link rel="stylesheet" href="${attribute(parts.styleUri)}">
<title>${attribute(parts.title)}</title>
</head>
<body>
<div id="root"><div class="skeleton" role="status" aria-label="${attribute(parts.loadingText)}">
<div class="skeleton-tabs"><span></span><span></span><span></span><span></span></div>
<div class="skeleton-page"><span></span><span></span><span></span></div>
</div></div>
<script type="application/json" id="texts">${jsonForScript(parts.texts)}</script>
<script async nonce="${attribute(parts.nonce)}" src="${attribute(parts.scriptUri)}"></script>
</body>
</html>`;
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** No `<` may end the element early, whatever a translation says. */
function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
