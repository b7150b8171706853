// Lets a test run a function with the `vscode` API in the extension host. Never part of the product.
const http = require('node:http');
const path = require('node:path');
const vscode = require('vscode');

async function answer(request) {
  let body = '';
  for await (const chunk of request) body += chunk;
  const { source, args } = JSON.parse(body);
  return new Function(`return (${source})`)()(vscode, ...args);
}

exports.activate = (context) => {
  const folder = process.env.HARNESS_BRIDGE;
  if (!folder) return;
  const server = http.createServer((request, response) => {
    answer(request).then(
      (value) => response.end(JSON.stringify({ ok: true, value })),
      (error) => response.end(JSON.stringify({ ok: false, error: String(error?.stack ?? error) })),
    );
  });
  // Every extension host has its own socket; the newest one counts.
  server.listen(path.join(folder, `${Date.now()}-${process.pid}.sock`));
  context.subscriptions.push(
    { dispose: () => server.close() },
    // Only an extension that declares a vendor may bring models; resolves with a Disposable that takes them away again.
    vscode.commands.registerCommand('harness.provideModels', (provider) =>
      vscode.lm.registerLanguageModelChatProvider('harness', provider),
    ),
  );
};
