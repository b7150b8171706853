// The smallest extension of the product's shape: an ES module that loads a part of itself late, and a webview panel.
import * as vscode from 'vscode';

const PAGE = `<!doctype html><html><head><title>Probe panel</title></head><body><button>Count 0</button><script>
  const api = acquireVsCodeApi();
  const button = document.querySelector('button');
  let count = api.getState() ?? 0;
  const show = () => { button.textContent = 'Count ' + count; };
  button.addEventListener('click', () => { count += 1; api.setState(count); show(); });
  show();
</script></body></html>`;

function fill(panel) {
  panel.webview.options = { enableScripts: true };
  panel.webview.html = PAGE;
}

export function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand('probe.answer', async () => {
      const { answer } = await import('./late.js');
      vscode.window.showInformationMessage(`The answer is ${answer}`);
      return answer;
    }),
    vscode.commands.registerCommand('probe.open', () => {
      fill(vscode.window.createWebviewPanel('probe.panel', 'Probe', vscode.ViewColumn.One));
    }),
    vscode.window.registerWebviewPanelSerializer('probe.panel', {
      deserializeWebviewPanel: async (panel) => fill(panel),
    }),
  );
}
