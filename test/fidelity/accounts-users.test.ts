import assert from 'node:assert/strict';
import { Query } from 'node-appwrite';
import type { Answer, ComputeServer, Services } from './compute-server.ts';
import { connect, isRefusal, PROJECT, refused, startComputeServer } from './compute-server.ts';

const GUEST = { 'x-appwrite-project': PROJECT, 'content-type': 'application/json' };
const PASSWORD = 'correct horse';
const COOKIE = `a_session_${PROJECT}`;

describe('Appwrite fidelity: accounts and users', () => {
  let at: ComputeServer;
  before(async () => {
    at = await startComputeServer();
  });
  after(() => at.stop());

  const join = (userId: string, change: Record<string, unknown> = {}) =>
    at.ask('POST', '/account', { userId, email: `${userId}@example.org`, password: PASSWORD, ...change }, GUEST);
  const signIn = (userId: string, password = PASSWORD, headers: Record<string, string> = GUEST) =>
    at.ask('POST', '/account/sessions/email', { email: `${userId}@example.org`, password }, headers);
  /** The value of the cookie, as a browser would keep it. */
  const cookieOf = (answer: Answer): string => {
    const cookies = answer.headers.getSetCookie();
    const line = cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`)) ?? '';
    return decodeURIComponent(line.slice(COOKIE.length + 1).split(';')[0] ?? '');
  };
  const asUser = async (userId: string): Promise<Services> => {
    const secret = cookieOf(await signIn(userId));
    return connect(at.server, (client) => client.setSession(secret));
  };
  const withJwt = (jwt: string) => connect(at.server, (client) => client.setJWT(jwt));

  it('54: a new account has no labels, one target and its address in lower case', async () => {
    const { status, body } = await join('ann', { email: 'Ann.Example@Example.ORG', name: 'Ann' });
    assert.equal(status, 201);
    const { labels, email, name, prefs, emailVerification, targets } = body;
    assert.deepEqual(
      { labels, email, name, prefs, emailVerification },
      { labels: [], email: 'ann.example@example.org', name: 'Ann', prefs: {}, emailVerification: false },
    );
    const [target, ...more] = targets as { providerType: string; identifier: string; userId: string }[];
    assert.deepEqual(
      [target?.providerType, target?.identifier, target?.userId, more.length],
      ['email', 'ann.example@example.org', 'ann', 0],
    );
    assert.ok(!('password' in body) && !('hash' in body));
  });

  it('54: the same address or id, and a password of the wrong length, are refused', async () => {
    isRefusal(await join('ann', { email: 'other@example.org' }), 409, 'user_already_exists');
    isRefusal(await join('ann2', { email: 'ANN.example@example.org' }), 409, 'user_already_exists');
    isRefusal(await join('short', { password: 'seven77' }), 400, 'general_argument_invalid');
    isRefusal(await join('long', { password: 'x'.repeat(257) }), 400, 'general_argument_invalid');
    isRefusal(await join('noone', { email: 'no address' }), 400, 'general_argument_invalid');
    assert.equal((await join('limit', { password: 'x'.repeat(256) })).status, 201);
    assert.equal((await join('eight', { password: 'eight888' })).status, 201);
  });

  it('55: a session names its factor and provider, and is the current one', async () => {
    await join('bob');
    const { status, body } = await signIn('bob');
    assert.equal(status, 201);
    assert.deepEqual(
      [body.factors, body.current, body.provider, body.providerUid, body.userId],
      [['password'], true, 'email', 'bob@example.org', 'bob'],
    );
    assert.ok(Date.parse(String(body.expire)) > Date.now());
  });

  it('55: a wrong password and an unknown address are refused alike, a blocked user otherwise', async () => {
    const wrong = await signIn('bob', 'wrong password');
    const unknown = await signIn('nobody');
    isRefusal(wrong, 401, 'user_invalid_credentials');
    isRefusal(unknown, 401, 'user_invalid_credentials');
    assert.equal(wrong.body.message, unknown.body.message);
    await join('blocked');
    const before = await asUser('blocked');
    await at.sdk.users.updateStatus({ userId: 'blocked', status: false });
    isRefusal(await signIn('blocked'), 403, 'user_blocked');
    await refused(before.account.get(), 403, 'user_blocked');
    await at.sdk.users.updateStatus({ userId: 'blocked', status: true });
    assert.equal((await before.account.get()).$id, 'blocked');
  });

  it('56: the secret is for keys; everybody else finds it in the cookie', async () => {
    const plain = await signIn('bob');
    assert.equal(plain.body.secret, '');
    const secret = cookieOf(plain);
    assert.ok(secret.length > 20);
    assert.deepEqual(JSON.parse(plain.headers.get('x-fallback-cookies') ?? '{}'), { [COOKIE]: secret });
    const session = connect(at.server, (client) => client.setSession(secret));
    assert.equal((await session.account.get()).$id, 'bob');
    const byCookie = await at.ask('GET', '/account', undefined, {
      ...GUEST,
      cookie: `${COOKIE}=${encodeURIComponent(secret)}`,
    });
    assert.equal(byCookie.body.$id, 'bob');
    const byFallback = await at.ask('GET', '/account', undefined, {
      ...GUEST,
      'x-fallback-cookies': JSON.stringify({ [COOKIE]: secret }),
    });
    assert.equal(byFallback.body.$id, 'bob');
    const keyed = await at.sdk.account.createEmailPasswordSession({ email: 'bob@example.org', password: PASSWORD });
    assert.notEqual(keyed.secret, '');
    const other = connect(at.server, (client) => client.setSession(keyed.secret));
    assert.equal((await other.account.getSession({ sessionId: 'current' })).$id, keyed.$id);
  });

  it('57: without credentials there is no account, and neither is there for a key', async () => {
    const guest = connect(at.server, (client) => client);
    await refused(guest.account.get(), 401, 'general_unauthorized_scope', /role: guests.*account/);
    await refused(at.sdk.account.get(), 401, 'general_unauthorized_scope', /account/);
    await refused(
      connect(at.server, (client) => client.setSession('garbage')).account.get(),
      401,
      'general_unauthorized_scope',
    );
  });

  it('57: garbage, an expired JWT and one of a deleted session are refused', async () => {
    await refused(withJwt('garbage').account.get(), 401, 'user_jwt_invalid');
    const bob = await asUser('bob');
    const { jwt } = await bob.account.createJWT();
    assert.equal((await withJwt(jwt).account.get()).$id, 'bob');
    const [header, , signature] = jwt.split('.');
    const forged = Buffer.from(JSON.stringify({ userId: 'ann', sessionId: '', exp: 9e9 })).toString('base64url');
    await refused(withJwt(`${header}.${forged}.${signature}`).account.get(), 401, 'user_jwt_invalid');
    const expired = await at.ask('POST', '/users/bob/jwts', { duration: 0 });
    await refused(withJwt(String(expired.body.jwt)).account.get(), 401, 'user_jwt_invalid');
    await bob.account.deleteSession({ sessionId: 'current' });
    await assert.rejects(withJwt(jwt).account.get(), { code: 401 });
    await refused(bob.account.get(), 401, 'general_unauthorized_scope');
  });

  it('58: a JWT lives an hour at most and cannot make another', async () => {
    const bob = await asUser('bob');
    await refused(bob.account.createJWT({ duration: 3601 }), 400, 'general_argument_invalid');
    const made = await at.ask(
      'POST',
      '/account/jwts',
      { duration: 3600 },
      { ...GUEST, ...(await sessionHeader('bob')) },
    );
    assert.equal(made.status, 201);
    assert.deepEqual(Object.keys(made.body), ['jwt']);
    await refused(withJwt(String(made.body.jwt)).account.createJWT(), 403, 'user_jwt_creation_denied');
    const both = { ...GUEST, ...(await sessionHeader('bob')), 'x-appwrite-jwt': String(made.body.jwt) };
    isRefusal(await at.ask('GET', '/account', undefined, both), 403, 'user_jwt_and_cookie_set');
  });

  const sessionHeader = async (userId: string) => ({ 'x-appwrite-session': cookieOf(await signIn(userId)) });

  it('58: a key makes a JWT for a user even without a session', async () => {
    const made = await at.ask('POST', '/users', { userId: 'quiet', email: 'quiet@example.org' });
    assert.equal(made.status, 201);
    const { status, body } = await at.ask('POST', '/users/quiet/jwts', {});
    assert.equal(status, 201);
    assert.equal((await withJwt(String(body.jwt)).account.get()).$id, 'quiet');
    isRefusal(await at.ask('POST', '/users/nobody/jwts', {}), 404, 'user_not_found');
    isRefusal(await at.ask('POST', '/users/quiet/jwts', { duration: 3601 }), 400, 'general_argument_invalid');
  });

  it('59: labels replace each other, without repetitions', async () => {
    const { users } = at.sdk;
    assert.deepEqual((await users.updateLabels({ userId: 'bob', labels: ['admin', 'admin', 'x1'] })).labels, [
      'admin',
      'x1',
    ]);
    assert.deepEqual((await users.updateLabels({ userId: 'bob', labels: ['viewer'] })).labels, ['viewer']);
    assert.deepEqual((await (await asUser('bob')).account.get()).labels, ['viewer']);
    for (const label of ['with-dash', 'with space', 'x'.repeat(37), '']) {
      await refused(users.updateLabels({ userId: 'bob', labels: [label] }), 400, 'general_argument_invalid');
    }
    await refused(users.updateLabels({ userId: 'nobody', labels: [] }), 404, 'user_not_found');
    const own = connect(at.server, (client) => client.setSession('x'));
    await refused(own.users.updateLabels({ userId: 'bob', labels: ['admin'] }), 401, 'general_unauthorized_scope');
  });

  it('59: a label opens the rows that it is granted', async () => {
    const { tables } = at.sdk;
    await tables.create({ databaseId: 'crew', name: 'Crew' });
    const columns = [{ key: 'title', type: 'string', size: 20, required: false }];
    const place = { databaseId: 'crew', tableId: 'plans' };
    await tables.createTable({ ...place, name: 'Plans', columns, permissions: ['read("label:planner")'] });
    await join('eve');
    const eve = await asUser('eve');
    await refused(eve.tables.listRows(place), 401, 'user_unauthorized');
    await at.sdk.users.updateLabels({ userId: 'eve', labels: ['planner'] });
    assert.equal((await eve.tables.listRows(place)).total, 0);
  });

  it('lists, changes and deletes users', async () => {
    const { users } = at.sdk;
    const found = await users.list({ queries: [Query.equal('email', 'bob@example.org')] });
    assert.deepEqual(
      found.users.map(({ $id }) => $id),
      ['bob'],
    );
    assert.equal((await users.list({ search: 'Ann' })).users[0]?.$id, 'ann');
    assert.equal((await users.updateName({ userId: 'bob', name: 'Bob' })).name, 'Bob');
    await refused(users.updateEmail({ userId: 'bob', email: 'eve@example.org' }), 409, 'user_target_already_exists');
    assert.equal(
      (await users.updateEmailVerification({ userId: 'bob', emailVerification: true })).emailVerification,
      true,
    );
    await users.updatePassword({ userId: 'bob', password: 'another one' });
    isRefusal(await signIn('bob'), 401, 'user_invalid_credentials');
    assert.equal((await signIn('bob', 'another one')).status, 201);
    assert.ok((await users.listSessions({ userId: 'bob' })).total > 0);
    await users.deleteSessions({ userId: 'bob' });
    assert.equal((await users.listSessions({ userId: 'bob' })).total, 0);
    const session = await users.createSession({ userId: 'bob' });
    assert.equal((await connect(at.server, (client) => client.setSession(session.secret)).account.get()).$id, 'bob');
    await users.delete({ userId: 'bob' });
    await refused(users.get({ userId: 'bob' }), 404, 'user_not_found');
    await refused(
      connect(at.server, (client) => client.setSession(session.secret)).account.get(),
      401,
      'general_unauthorized_scope',
    );
  });

  it('lets users change what is theirs', async () => {
    await join('zoe');
    const { account } = await asUser('zoe');
    assert.equal((await account.updateName({ name: 'Zoe' })).name, 'Zoe');
    assert.deepEqual({ ...(await account.updatePrefs({ prefs: { theme: 'dark' } })).prefs }, { theme: 'dark' });
    assert.deepEqual({ ...(await account.getPrefs()) }, { theme: 'dark' });
    await refused(
      account.updatePassword({ password: 'new password', oldPassword: 'wrong' }),
      401,
      'user_invalid_credentials',
    );
    await account.updatePassword({ password: 'new password', oldPassword: PASSWORD });
    await account.updateEmail({ email: 'Zoe2@example.org', password: 'new password' });
    assert.equal((await account.get()).email, 'zoe2@example.org');
    const sessions = await account.listSessions();
    assert.deepEqual(
      sessions.sessions.map(({ current }) => current),
      [true],
    );
    await account.deleteSessions();
    await refused(account.get(), 401, 'general_unauthorized_scope');
  });
});
