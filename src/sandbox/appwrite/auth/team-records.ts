import { notFound } from '../http/api-error.ts';
import { wireNow } from '../http/wire.ts';
import type { Store, Stored } from '../store.ts';
import { kind } from '../store.ts';
import { userKind } from './users.ts';

export interface TeamRecord {
  name: string;
  prefs: Record<string, unknown>;
  createdAt: string;
  updatedAt: string;
}

export interface MembershipRecord {
  userId: string;
  roles: string[];
  invited: string;
  /** '' until the invitation is accepted. */
  joined: string;
  confirm: boolean;
  /** Of the invitation; '' when there was none. */
  secret: string;
  createdAt: string;
  updatedAt: string;
}

export const teamKind = kind<TeamRecord>('team');
/** The parent is the team's id. */
export const membershipKind = kind<MembershipRecord>('membership');

export function requireTeam(store: Store, id: string): TeamRecord {
  const team = store.get(teamKind, '', id);
  if (team === null) throw notFound('team', id);
  return team;
}

export function requireMembership(store: Store, teamId: string, id: string): MembershipRecord {
  const membership = store.get(membershipKind, teamId, id);
  if (membership === null) throw notFound('membership', id);
  return membership;
}

/** Of all teams. */
export function membershipsOf(store: Store, userId: string): (Stored<MembershipRecord> & { parent: string })[] {
  return store.listAll(membershipKind).filter(({ value }) => value.userId === userId);
}

/** What the accepted memberships of a user allow. */
export function memberRoles(store: Store, userId: string): string[] {
  return membershipsOf(store, userId)
    .filter(({ value }) => value.confirm)
    .flatMap(({ id, parent, value }) => [
      ...[`team:${parent}`, `member:${id}`],
      ...value.roles.map((role) => `team:${parent}/${role}`),
    ]);
}

/** Counts the members that have accepted. */
export function presentTeam(store: Store, id: string, team: TeamRecord): Record<string, unknown> {
  const { createdAt, updatedAt, ...fields } = team;
  const total = store.list(membershipKind, id).filter(({ value }) => value.confirm).length;
  return { $id: id, $createdAt: createdAt, $updatedAt: updatedAt, ...fields, total };
}

export function presentMembership(
  store: Store,
  teamId: string,
  id: string,
  membership: MembershipRecord,
): Record<string, unknown> {
  const { secret: _secret, createdAt, updatedAt, ...fields } = membership;
  const user = store.get(userKind, '', membership.userId);
  return {
    ...{ $id: id, $createdAt: createdAt, $updatedAt: updatedAt },
    ...{ userName: user?.name ?? '', userEmail: user?.email ?? '', userPhone: user?.phone ?? '' },
    ...{ teamId, teamName: store.get(teamKind, '', teamId)?.name ?? '' },
    ...fields,
    ...{ mfa: false, userAccessedAt: user?.accessedAt ?? '' },
  };
}

export function newMembership(userId: string, roles: string[], confirm: boolean, secret = ''): MembershipRecord {
  const now = wireNow();
  return { userId, roles, confirm, secret, invited: now, joined: confirm ? now : '', createdAt: now, updatedAt: now };
}
