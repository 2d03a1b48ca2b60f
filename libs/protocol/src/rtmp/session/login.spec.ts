// "authmod=adobe" on the wire: refusals of connect that clients take for questions.
import { describe, expect, it } from 'vitest';
import type { AmfValue } from '../../amf0/index.ts';
import { record } from '../../testing/amf-record.ts';
import { ServerHarness } from '../testing/server-harness.ts';

const connect = (app: string) =>
  new ServerHarness({ loginApps: ['login', 'studio'] }).handshake().command('connect', 1, [record({ app })]);

const descriptionOf = (harness: ServerHarness): unknown => {
  const [info] = (harness.commands.at(-1)?.args ?? []) as readonly { readonly description?: AmfValue }[];
  return info?.description;
};

describe('a client that connects', () => {
  it.each(['login', '/login/', 'login/room', 'studio?x=1', 'live?authmod=adobe', 'live?authmod=llnw&user=a'])(
    'to %j is asked for its user, and the session ends',
    (app) => {
      const harness = connect(app);
      expect(harness.commands).toMatchObject([{ name: '_error', transactionId: 1 }]);
      expect(descriptionOf(harness)).toBe('[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ');
      expect(harness.events).toEqual([['closed', 'rtmp.session.login']]);
    },
  );

  it.each(['live', 'live/login', 'logins', '', 'live?authmod=adobe&user=u&challenge=c&response=r&opaque=o'])(
    'to %j is connected',
    (app) => {
      const harness = connect(app);
      expect(harness.commands).toMatchObject([{ name: '_result', transactionId: 1 }]);
      expect(harness.closed).toBeUndefined();
    },
  );

  it('with a user waits for a challenge, which ends the session', () => {
    const harness = connect('live?authmod=adobe&user=skey_1');
    expect(harness.events).toEqual([['login-request', 'skey_1']]);
    expect(harness.session.stateName).toBe('logging-in');
    expect(harness.commands).toEqual([]);
    const [request] = harness.logins;
    expect(harness.session.challengeLogin(request!, { salt: 'S', opaque: 'O' })).toBe(true);
    expect(descriptionOf(harness)).toBe(
      '[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=skey_1&salt=S&challenge=O&opaque=O',
    );
    expect(harness.closed?.code).toBe('rtmp.session.login');
    expect(harness.session.challengeLogin(request!, { salt: 'S', opaque: 'O' })).toBe(false);
  });

  it('with a user may be refused', () => {
    const harness = connect('live?authmod=adobe&user=skey_1');
    expect(harness.session.refuseLogin(harness.logins[0]!)).toBe(true);
    expect(descriptionOf(harness)).toBe('[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed');
    expect(harness.closed?.code).toBe('rtmp.session.login');
  });

  it('and sends more before the challenge gets it all the same', () => {
    const harness = connect('live?authmod=adobe&user=skey_1').command('createStream', 2, [null]);
    harness.command('publish', 3, [null, 'x', 'live'], 1).command('connect', 4, [record({ app: 'live' })]);
    expect(harness.commands).toEqual([]);
    expect(harness.session.challengeLogin(harness.logins[0]!, { salt: 'S', opaque: 'O' })).toBe(true);
  });

  it.each([
    `live?authmod=adobe&user=${'u'.repeat(65)}`,
    `live?authmod=adobe&user=u&challenge=c&response=r&opaque=${'o'.repeat(65)}`,
  ])('with a part of a login that is too long is refused: %j', (app) => {
    const harness = connect(app);
    expect(descriptionOf(harness)).toContain('reason=nosuchuser');
    expect(harness.closed?.code).toBe('rtmp.session.login');
  });

  it('is gone before its challenge', () => {
    const harness = connect('live?authmod=adobe&user=skey_1');
    harness.session.end();
    expect(harness.session.challengeLogin(harness.logins[0]!, { salt: 'S', opaque: 'O' })).toBe(false);
    expect(harness.commands).toEqual([]);
  });
});
