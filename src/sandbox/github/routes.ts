import { graphqlRoutes } from './graphql.ts';
import type { Route } from './http.ts';
import { actionRoutes } from './routes-actions.ts';
import { checkRoutes } from './routes-checks.ts';
import { collaboratorRoutes } from './routes-collaborators.ts';
import { commentRoutes } from './routes-comments.ts';
import { compareRoutes } from './routes-compare.ts';
import { contentRoutes } from './routes-contents.ts';
import { gitRoutes } from './routes-git.ts';
import { issueRoutes } from './routes-issues.ts';
import { jobRoutes } from './routes-jobs.ts';
import { labelRoutes } from './routes-labels.ts';
import { organizationRoutes } from './routes-orgs.ts';
import { protectionRoutes } from './routes-protection.ts';
import { pullRoutes } from './routes-pulls.ts';
import { metaRoutes, repositoryRoutes } from './routes-repos.ts';
import { reviewCommentRoutes } from './routes-review-comments.ts';
import { reviewerRoutes } from './routes-reviewers.ts';
import { reviewRoutes } from './routes-reviews.ts';
import type { World } from './world.ts';

/** Every route of the API. The first that fits answers, so what takes the rest of a path comes last. */
export function allRoutes(world: World, rate: Parameters<typeof metaRoutes>[0]): Route[] {
  return [
    ...metaRoutes(rate),
    ...graphqlRoutes(world),
    ...checkRoutes(world),
    ...reviewRoutes(world),
    ...reviewCommentRoutes(world),
    ...reviewerRoutes(world),
    ...pullRoutes(world),
    ...collaboratorRoutes(world),
    ...commentRoutes(world),
    ...labelRoutes(world),
    ...issueRoutes(world),
    ...actionRoutes(world),
    ...jobRoutes(world),
    ...contentRoutes(world),
    ...compareRoutes(world),
    ...organizationRoutes(world),
    ...protectionRoutes(world),
    ...repositoryRoutes(world),
    ...gitRoutes(world),
  ];
}
