import * as vscode from 'vscode';
import * as z from 'zod';
import { COMMIT_SCHEME, REVIEW_SCHEME } from '../ids.ts';

/** What a document of a review shows. */
export type Place =
  | { kind: 'review'; runId: string; path: string }
  | { kind: 'commit'; runId: string; path: string; commit: string; subtaskId: string | null };

export interface Uris {
  readonly reviewScheme: string;
  of(place: Place): vscode.Uri;
  /** Null for a document that is not part of a review. */
  read(uri: vscode.Uri): Place | null;
}

const Query = z.object({
  runId: z.string().min(1),
  commit: z.string().min(1).optional(),
  subtaskId: z.string().min(1).optional(),
});

export function createUris(schemes = { commit: COMMIT_SCHEME, review: REVIEW_SCHEME }): Uris {
  return {
    reviewScheme: schemes.review,
    of(place) {
      const { runId, path } = place;
      const query =
        place.kind === 'review'
          ? { runId }
          : { runId, commit: place.commit, ...(place.subtaskId === null ? {} : { subtaskId: place.subtaskId }) };
      const scheme = place.kind === 'review' ? schemes.review : schemes.commit;
      return vscode.Uri.from({ scheme, path: `/${path}`, query: JSON.stringify(query) });
    },
    read(uri) {
      if (uri.scheme !== schemes.review && uri.scheme !== schemes.commit) return null;
      const query = Query.safeParse(parsed(uri.query));
      const path = uri.path.slice(1);
      if (!query.success || path === '') return null;
      const { runId, commit, subtaskId } = query.data;
      if (uri.scheme === schemes.review) return { kind: 'review', runId, path };
      return commit === undefined ? null : { kind: 'commit', runId, path, commit, subtaskId: subtaskId ?? null };
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
