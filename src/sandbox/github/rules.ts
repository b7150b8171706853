import type { Rule } from './state-schema.ts';

/** A rule as a test sets it: parameters that are not given have GitHub's own defaults. */
export interface GithubRule {
  type: Rule['type'];
  parameters?: Readonly<Record<string, unknown>>;
}

const DEFAULTS: Record<Rule['type'], Readonly<Record<string, unknown>>> = {
  pull_request: {
    allowed_merge_methods: ['merge', 'squash', 'rebase'],
    dismiss_stale_reviews_on_push: false,
    require_code_owner_review: false,
    require_last_push_approval: false,
    required_approving_review_count: 0,
    required_review_thread_resolution: false,
  },
  required_status_checks: {
    do_not_enforce_on_create: false,
    required_status_checks: [],
    strict_required_status_checks_policy: false,
  },
  merge_queue: {
    check_response_timeout_minutes: 60,
    grouping_strategy: 'ALLGREEN',
    max_entries_to_build: 5,
    max_entries_to_merge: 5,
    merge_method: 'MERGE',
    min_entries_to_merge: 1,
    min_entries_to_merge_wait_minutes: 5,
  },
};

export function completeRule({ type, parameters }: GithubRule): Rule {
  return { type, parameters: { ...DEFAULTS[type], ...parameters } };
}
