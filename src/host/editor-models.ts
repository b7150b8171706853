import type { CallContext } from '../protocol/peer.ts';

export function hasEditorModels(): boolean {
  return false;
}

export async function answerEditorModels(method: string, _params: unknown, _context: CallContext): Promise<unknown> {
  throw new Error(method);
}
