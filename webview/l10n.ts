/** Texts by their English form, from the bundle that the host put into the page; `{0}` takes the arguments. */
let bundle: Record<string, string> = {};

/** `json`: the content of the element `texts` of the page. */
export function loadTexts(json: string): void {
  bundle = JSON.parse(json) as Record<string, string>;
}

export function t(english: string, ...args: (string | number)[]): string {
  return (bundle[english] ?? english).replace(/\{(\d+)\}/g, (whole, index: string) =>
    String(args[Number(index)] ?? whole),
  );
}
