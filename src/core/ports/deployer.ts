import type { DeploymentNeeds, FunctionNeed, SiteNeed } from '../../protocol/deployment-needs.ts';
import type { Deployment, DeploymentChange } from '../../protocol/work.ts';
import type { Approval } from '../approval.ts';

export interface DeployedUrls {
  endpoint: string;
  projectId: string;
  databaseId: string | null;
  /** Id of the function in the plan -> public URL without a trailing slash. */
  functions: Record<string, string>;
}

/** What of the plan needs a place of its own on the host. */
export type PlaceRequest =
  | { kind: 'database'; id: string; name: string }
  | { kind: 'function'; need: FunctionNeed }
  | { kind: 'site'; need: SiteNeed };

/** Where a thing of the plan lives: `<id of the plan>`, or `<id>-2` … `<id>-20` when others have that; 36 characters at most. */
export interface Place {
  id: string;
  /** What marks it as this project's: `<project>/<id of the plan>`. Not a secret. */
  mark: string;
}

/** Something of a project that is on the host, and its id in the plans that made it. */
export interface OwnPlace {
  kind: PlaceRequest['kind'];
  id: string;
  planId: string;
}

/** Hears what a deployment does right before it is done, so that one which is cut off at any point can be undone. */
export interface DeploymentJournal {
  /** These are made next. */
  begin(changes: readonly DeploymentChange[]): void;
  /** These were begun, and certainly not made. */
  notMade(changes: readonly DeploymentChange[]): void;
  /** An upload is next (`null`), or was taken; `previousDeploymentId` is what was live before it. */
  upload(deploymentId: string | null, previousDeploymentId: string | null): void;
}

/**
 * Everything is find-or-create, and only what carries the mark of the project is ever changed. Every call but `place` and
 * the reading ones refuses (`deployment_failed`) a place that meanwhile belongs to somebody else. Applied twice, the second
 * time changes nothing; `Deployment.changes` names what was done, and `journal`, where there is one, hears it before.
 */
export interface Deployer {
  /**
   * What deploying would create, change and delete; reads only. A column or index that the plan no longer has in a table that
   * it names is deleted; a table that it does not name stays. A database that is made, while the project has tables in one
   * that the plan does not name, is `destructive`: the data stays behind.
   */
  preview(needs: DeploymentNeeds, name: string, project: string, signal: AbortSignal): Promise<DeploymentChange[]>;
  /**
   * What the project has, by its marks: databases with a table, functions and sites that are live. Reads only; of each kind the
   * 100 that were made last are looked at.
   */
  places(project: string, signal: AbortSignal): Promise<OwnPlace[]>;
  /**
   * Finds the place of this project, or takes the first free one and marks it. `project` is a key that stays the same over
   * the runs of one project, also when its repository is renamed, and is no other project's: `ForgeRepository.id`.
   */
  place(
    request: PlaceRequest,
    project: string,
    signal: AbortSignal,
    /** Called right before the place is made; not for one that is there. */
    onCreate?: (place: Place) => void,
  ): Promise<Place>;
  /**
   * Makes the smallest changes that bring database, tables, columns and indexes to what is needed; waits until all are
   * available. Changes that lose data are made only when `destructive` allows them, else left out and named in `left`.
   * Whether a table is empty is looked at again right before something of it is deleted.
   */
  applyDatabase(
    needs: DeploymentNeeds,
    place: Place,
    name: string,
    options: { destructive: Approval },
    signal: AbortSignal,
    journal?: DeploymentJournal,
  ): Promise<Deployment>;
  /**
   * Ids of the deployments that exist now: asked before an upload, so that a repeated upload can be recognised. `id` is that
   * of the place. The active one first, the others newest first.
   */
  knownDeployments(kind: 'function' | 'site', id: string, signal: AbortSignal): Promise<string[]>;
  /**
   * Creates or updates the function with its variables, triggers and domains, uploads the folder, waits for the build and the
   * activation. When a deployment exists that is not in `known`, it is taken as ours from an earlier attempt and is not
   * uploaded again; when what is active was made of the same files and settings, nothing is uploaded. The `id` of the result
   * is that of the place. A domain that does not verify is no failure: `domains` says what to do.
   */
  deployFunction(
    need: FunctionNeed,
    place: Place,
    sourceDir: string,
    known: string[],
    variables: Record<string, string>,
    signal: AbortSignal,
    journal?: DeploymentJournal,
  ): Promise<Deployment>;
  deploySite(
    need: SiteNeed,
    place: Place,
    sourceDir: string,
    known: string[],
    signal: AbortSignal,
    journal?: DeploymentJournal,
  ): Promise<Deployment>;
  /** `functionIds`: id in the plan -> id of the place; `databaseId` is that of the place. */
  urls(functionIds: Record<string, string>, databaseId: string | null, signal: AbortSignal): Promise<DeployedUrls>;
  /** What undoing these deployments would do, and what cannot be undone, in words; reads only. */
  previewRollback(
    deployments: readonly Deployment[],
    signal: AbortSignal,
  ): Promise<{ changes: DeploymentChange[]; irreversible: string[] }>;
  /**
   * Undoes one deployment: the one before is activated again; tables and columns that it added are dropped when they are empty,
   * and others, like a function or site that it made, only with `destructive`. Idempotent. `kept` says in words what was left.
   */
  rollBack(
    deployment: Deployment,
    options: { destructive: Approval },
    signal: AbortSignal,
  ): Promise<{ done: DeploymentChange[]; kept: string[] }>;
}
