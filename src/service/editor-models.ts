import type { EditorModel, EditorModels } from '../protocol/language-models.ts';
import { EditorModelPart } from '../protocol/language-models.ts';
import type { Peer } from '../protocol/peer.ts';

/** The editor's language models, asked through the window that owns them. */
export function editorModelsOver(peer: Peer): EditorModels {
  return {
    list: async () => (await peer.call('editorModels.list', {})) as EditorModel[],
    send: async (request, signal, onPart) => {
      await peer.call('editorModels.send', request, {
        signal,
        // The adapter watches for silence; the editor's own limits end a call that is stuck.
        timeoutMs: null,
        onPart: (value) => onPart(EditorModelPart.parse(value)),
      });
    },
    countTokens: async (modelId, text) => Number(await peer.call('editorModels.countTokens', { modelId, text })),
  };
}
