import * as vscode from 'vscode';
import type { HostApp } from '../app.ts';
import { CHAT_PARTICIPANT } from '../ids.ts';
import { guard } from '../shells.ts';
import { OPEN_BRIEF_COMMAND } from './parts.ts';

const STATUS_TOOL = 'orchestrator_run_status';

/** The participant and the tool of the editor's own chat; an editor without a chat, or without tools, has none of them. */
export function registerChat(app: () => Promise<HostApp>): vscode.Disposable {
  const owned: vscode.Disposable[] = [];
  guard(() => {
    if (typeof vscode.chat?.createChatParticipant === 'function') owned.push(...registerParticipant(app));
  });
  guard(() => {
    if (typeof vscode.lm?.registerTool === 'function') owned.push(registerTool(app));
  });
  return vscode.Disposable.from(...owned);
}

function registerParticipant(app: () => Promise<HostApp>): vscode.Disposable[] {
  const participant = vscode.chat.createChatParticipant(CHAT_PARTICIPANT, async (request, _context, stream, token) => {
    const { answerChat } = await import('./handler.ts');
    return answerChat(await app(), request, stream, token);
  });
  participant.iconPath = new vscode.ThemeIcon('organization');
  participant.followupProvider = {
    provideFollowups: async (result) => (await import('./handler.ts')).followups(result),
  };
  const openBrief = vscode.commands.registerCommand(OPEN_BRIEF_COMMAND, async (given: unknown) => {
    const { BriefForForm } = await import('./brief-draft.ts');
    await (await app()).console.edit(BriefForForm.parse(given));
  });
  return [participant, openBrief];
}

function registerTool(app: () => Promise<HostApp>): vscode.Disposable {
  return vscode.lm.registerTool<unknown>(STATUS_TOOL, {
    prepareInvocation: () => ({ invocationMessage: vscode.l10n.t('Reading how the runs stand') }),
    invoke: async ({ input }) => {
      const { answerStatusTool } = await import('./status-tool.ts');
      return answerStatusTool(await app(), input);
    },
  });
}
