import type { Repository } from '../../src/core/ports.ts';
import { crashContract } from './repository-crash.ts';
import { entriesContract } from './repository-entries.ts';
import { landingContract } from './repository-landing.ts';
import { mergingContract } from './repository-merging.ts';
import { openingContract } from './repository-opening.ts';
import { remotesContract } from './repository-remotes.ts';
import { untouchedContract } from './repository-untouched.ts';
import { worktreesContract } from './repository-worktrees.ts';

/** What every implementation of the `Repository` port must do, against real git repositories in temporary folders. */
export function repositoryContract(make: () => Repository): void {
  openingContract(make);
  untouchedContract(make);
  worktreesContract(make);
  crashContract(make);
  mergingContract(make);
  entriesContract(make);
  landingContract(make);
  remotesContract(make);
}
