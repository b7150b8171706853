import * as vscode from 'vscode';
import type { Row, RowBadge } from './nodes.ts';

/** Rows with a badge have an address of this scheme; nothing is ever read from it. */
const ROW_SCHEME = 'orchestrator-row';

/** For a file row it ends in the file's path, so that the icon of its type is found. */
export function badgeUri({ node, badge }: Row): vscode.Uri | null {
  if (badge === null) return null;
  const path = node.kind === 'file' ? `/${node.id}` : `/${node.id}/`;
  return vscode.Uri.from({ scheme: ROW_SCHEME, path, query: badgeQuery(badge) });
}

function badgeQuery(badge: RowBadge): string {
  return badge.kind === 'round' ? `round=${badge.round}` : `status=${badge.status}`;
}

export function registerRowBadges(): vscode.Disposable {
  return vscode.window.registerFileDecorationProvider({
    provideFileDecoration(uri) {
      if (uri.scheme !== ROW_SCHEME) return undefined;
      const query = new URLSearchParams(uri.query);
      const round = query.get('round');
      return round === null ? fileDecoration(query.get('status')) : roundDecoration(Number(round));
    },
  });
}

function roundDecoration(round: number): vscode.FileDecoration {
  // A badge holds two characters.
  const badge = round > 9 ? '9+' : `R${round}`;
  return new vscode.FileDecoration(badge, vscode.l10n.t('Revision round {0}', round));
}

function fileDecoration(status: string | null): vscode.FileDecoration | undefined {
  const color = (id: string) => new vscode.ThemeColor(`gitDecoration.${id}ResourceForeground`);
  switch (status) {
    case 'added':
      return new vscode.FileDecoration('A', vscode.l10n.t('added'), color('added'));
    case 'modified':
      return new vscode.FileDecoration('M', vscode.l10n.t('modified'), color('modified'));
    case 'deleted':
      return new vscode.FileDecoration('D', vscode.l10n.t('deleted'), color('deleted'));
    case 'renamed':
      return new vscode.FileDecoration('R', vscode.l10n.t('renamed'), color('renamed'));
    default:
      return undefined;
  }
}
