import assert from 'node:assert/strict';
import type { Mail } from '../../src/sandbox/appwrite/auth/account-routes.ts';
import { eventually } from '../contracts/deployer-support.ts';
import type { ComputeServer, Services } from './compute-server.ts';
import { connect, isRefusal, PROJECT, refused, startComputeServer } from './compute-server.ts';

describe('Appwrite fidelity: teams', () => {
  let at: ComputeServer;
  const mails: Mail[] = [];
  const people: Record<string, Services> = {};
  before(async () => {
    at = await startComputeServer({ sendMail: (mail) => void mails.push(mail) });
    for (const userId of ['owner', 'member', 'stranger']) {
      await at.sdk.users.create({ userId, email: `${userId}@example.org`, name: userId });
      const { secret } = await at.sdk.users.createSession({ userId });
      people[userId] = connect(at.server, (client) => client.setSession(secret));
    }
  });
  after(() => at.stop());

  const person = (userId: string): Services => {
    const found = people[userId];
    assert.ok(found !== undefined);
    return found;
  };

  it('60: a team of a key is empty, one of a user has its owner', async () => {
    const byKey = await at.ask('POST', '/teams', { teamId: 'ops', name: 'Operations' });
    assert.deepEqual([byKey.status, byKey.body.total, byKey.body.prefs], [201, 0, {}]);
    const { teams } = person('owner');
    const own = await teams.create({ teamId: 'crew', name: 'Crew', roles: ['captain'] });
    assert.equal(own.total, 1);
    const { memberships } = await teams.listMemberships({ teamId: 'crew' });
    assert.deepEqual(
      memberships.map((one) => [one.userId, one.roles, one.confirm, one.teamName]),
      [['owner', ['captain', 'owner'], true, 'Crew']],
    );
    isRefusal(await at.ask('POST', '/teams', { teamId: 'ops', name: 'Again' }), 409, 'team_already_exists');
  });

  it('60: a team is renamed with PUT, by its owner or a key, and seen by its members only', async () => {
    const renamed = await at.ask('PUT', '/teams/ops', { name: 'Ops' });
    assert.deepEqual([renamed.status, renamed.body.name], [200, 'Ops']);
    assert.equal((await person('owner').teams.updateName({ teamId: 'crew', name: 'The crew' })).name, 'The crew');
    await refused(person('stranger').teams.get({ teamId: 'crew' }), 404, 'team_not_found');
    assert.equal((await person('stranger').teams.list()).total, 0);
    assert.deepEqual(
      (await person('owner').teams.list()).teams.map(({ $id }) => $id),
      ['crew'],
    );
    assert.equal((await at.sdk.teams.list()).total, 2);
    await at.sdk.teams.updatePrefs({ teamId: 'ops', prefs: { colour: 'red' } });
    assert.deepEqual({ ...(await at.sdk.teams.getPrefs({ teamId: 'ops' })) }, { colour: 'red' });
  });

  it('61: a key lets people in at once, and makes those whom it does not know', async () => {
    const path = '/teams/ops/memberships';
    const made = await at.ask('POST', path, { email: 'member@example.org', roles: ['developer'] });
    assert.deepEqual(
      [made.status, made.body.confirm, made.body.userId, made.body.roles],
      [201, true, 'member', ['developer']],
    );
    assert.match(String(made.body.joined), /\+00:00$/);
    const again = await at.ask('POST', path, { userId: 'member', roles: [] });
    isRefusal(again, 409, 'membership_already_confirmed');
    const unknown = await at.ask('POST', path, { email: 'New.Person@example.org', roles: [], name: 'New' });
    const created = await at.sdk.users.get({ userId: String(unknown.body.userId) });
    assert.deepEqual([created.email, created.name], ['new.person@example.org', 'New']);
    assert.equal((await at.sdk.teams.get({ teamId: 'ops' })).total, 2);
    assert.equal(mails.length, 0);
  });

  it('61: an owner invites by mail, again when asked again', async () => {
    const path = '/teams/crew/memberships';
    const headers = { 'x-appwrite-project': PROJECT, 'content-type': 'application/json' };
    const { secret } = await at.sdk.users.createSession({ userId: 'owner' });
    const invite = (change: Record<string, unknown> = {}) => {
      const body = { email: 'member@example.org', roles: ['sailor'], url: 'http://localhost/join', ...change };
      return at.ask('POST', path, body, { ...headers, 'x-appwrite-session': secret });
    };
    const first = await invite();
    assert.deepEqual([first.status, first.body.confirm, first.body.joined], [201, false, '']);
    const second = await invite();
    assert.deepEqual([second.status, second.body.$id], [201, first.body.$id]);
    assert.deepEqual(
      mails.map(({ to }) => to),
      ['member@example.org', 'member@example.org'],
    );
    assert.equal((await at.sdk.teams.get({ teamId: 'crew' })).total, 1);
    for (const change of [
      ...[{ email: 'no address' }, { roles: 'sailor' }, { roles: undefined }, { url: 'https://evil.example.org/' }],
      ...[{ url: undefined }, { email: undefined }],
    ]) {
      isRefusal(await invite(change), 400, 'general_argument_invalid');
    }
    isRefusal(await invite({ email: undefined, userId: 'nobody' }), 404, 'user_not_found');
  });

  it('61: whoever has the link of the invitation joins, once', async () => {
    const link = (mail: Mail | undefined) => Object.fromEntries(new URL(mail?.url ?? 'http://none').searchParams);
    const { teamId = '', membershipId = '', userId = '', secret = '' } = link(mails.at(-1));
    const { teams } = connect(at.server, (client) => client);
    const accept = (change = {}) =>
      teams.updateMembershipStatus({ ...{ teamId, membershipId, userId, secret }, ...change });
    await refused(accept({ secret: link(mails[0]).secret }), 401, 'team_invalid_secret');
    await refused(accept({ userId: 'stranger' }), 401, 'team_invite_mismatch');
    const joined = await accept();
    assert.deepEqual([joined.confirm, joined.userId, joined.roles], [true, 'member', ['sailor']]);
    await refused(accept(), 409, 'membership_already_confirmed');
    assert.equal((await at.sdk.teams.get({ teamId: 'crew' })).total, 2);
    assert.equal((await person('member').teams.get({ teamId: 'crew' })).name, 'The crew');
  });

  it('62: roles are replaced, by owners only, and open what is granted to them', async () => {
    const { memberships } = await at.sdk.teams.listMemberships({ teamId: 'crew' });
    const membershipId = memberships.find(({ userId }) => userId === 'member')?.$id ?? '';
    const of = { teamId: 'crew', membershipId };
    const place = { databaseId: 'crew', tableId: 'logs' };
    const columns = [{ key: 'title', type: 'string', size: 20, required: false }];
    await at.sdk.tables.create({ databaseId: 'crew', name: 'Crew' });
    await at.sdk.tables.createTable({ ...place, name: 'Logs', columns, permissions: ['read("team:crew/mate")'] });
    await refused(person('member').tables.listRows(place), 401, 'user_unauthorized');
    const changed = await person('owner').teams.updateMembership({ ...of, roles: ['mate'] });
    assert.deepEqual(changed.roles, ['mate']);
    assert.equal((await person('member').tables.listRows(place)).total, 0);
    await refused(person('member').teams.updateMembership({ ...of, roles: ['owner'] }), 401, 'user_unauthorized');
    await refused(at.sdk.teams.updateMembership({ ...of, teamId: 'nothing', roles: [] }), 404, 'team_not_found');
    await refused(at.sdk.teams.updateMembership({ ...of, teamId: 'ops', roles: [] }), 404, 'membership_not_found');
    await refused(at.sdk.teams.updateMembership({ ...of, membershipId: 'x', roles: [] }), 404, 'membership_not_found');
  });

  it('62: deleting a user lowers the total of the team', async () => {
    await at.sdk.users.delete({ userId: 'member' });
    await eventually('the total', async () => {
      const { total } = await at.sdk.teams.get({ teamId: 'crew' });
      return total === 1 ? total : null;
    });
    const { memberships } = await at.sdk.teams.listMemberships({ teamId: 'crew' });
    assert.deepEqual(
      memberships.map(({ userId }) => userId),
      ['owner'],
    );
    const [own] = memberships;
    await person('owner').teams.deleteMembership({ teamId: 'crew', membershipId: own?.$id ?? '' });
    await refused(person('owner').teams.get({ teamId: 'crew' }), 404, 'team_not_found');
    assert.equal((await at.ask('DELETE', '/teams/crew', {})).status, 204);
    await refused(at.sdk.teams.get({ teamId: 'crew' }), 404, 'team_not_found');
  });
});
