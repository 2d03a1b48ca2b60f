// User and password of an encoder: the id of a stream key, and a digest of the key.
import { createCipheriv, createHash, pbkdf2Sync, randomBytes } from 'node:crypto';
import type { PublishLogin, PublishPassphrase } from '@millrace/control';
import { newId } from '@millrace/domain';
import { createMemoryLiveStore } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeWorld, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

const ADDRESS = '192.0.2.1';
const ENV = {
  MILLRACE_KEY_PEPPER: 'the same pepper on every gateway',
  MILLRACE_DATABASE_CONNECT_TIMEOUT_MS: '1000',
  MILLRACE_DATABASE_QUERY_TIMEOUT_MS: '1000',
};
const options = () => ({ databaseUrl: postgres.url(), liveStore: store, env: ENV });

let postgres: TestPostgres;
let store: LiveStore;
let gateway: TestGateway;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  store = createMemoryLiveStore();
  gateway = await TestGateway.start(options());
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

const md5 = (text: string): string => createHash('md5').update(text).digest('base64');
const keyPath = ({ streamId, streamKeyId }: World): string => `/v1/live_streams/${streamId}/stream_keys/${streamKeyId}`;
let attempts = 0;

/** What an encoder with this user and password sends when it connects again. */
async function answerOf(user: string, password: string, address = ADDRESS) {
  const challenge = await gateway.control.challengeLogin({ user, clientAddress: address }, 5_000);
  const { salt, opaque } = challenge!;
  const response = md5(`${md5(user + salt + password)}${opaque}0a1b2c3d`);
  return { user, opaque, clientChallenge: '0a1b2c3d', response, attempt: String(attempts++) };
}

async function publish(login: PublishLogin, from = gateway, clientAddress = ADDRESS) {
  const edge = { edgeId: 'edge-1', protocol: 'rtmp', encoder: 'FMLE/3.0' } as const;
  const answer = await from.control.authorizePublish({ key: '', app: 'login', clientAddress, login, ...edge }, 5_000);
  return answer.granted ? answer.claim.streamKeyId : answer.refusal;
}

describe('a login', () => {
  it('with a key’s id and the key is that key’s publish', async () => {
    const world = await makeWorld(gateway);
    expect(await publish(await answerOf(world.streamKeyId, world.streamKey))).toBe(world.streamKeyId);
  });

  it.each<[string, (world: World) => readonly [string, string]]>([
    ['another password', ({ streamKeyId }) => [streamKeyId, 'guess']],
    ['no password', ({ streamKeyId }) => [streamKeyId, '']],
    ['a key that does not exist', ({ streamKey }) => [newId('skey'), streamKey]],
    ['a user that is no key', ({ streamKey }) => ['admin', streamKey]],
    ['the key as user', ({ streamKey }) => [streamKey, streamKey]],
  ])('with %s is a bad key', async (_, of) => {
    expect(await publish(await answerOf(...of(await makeWorld(gateway))))).toBe('bad_key');
  });

  it('with another key’s password is a bad key', async () => {
    const [one, two] = [await makeWorld(gateway), await makeWorld(gateway)];
    expect(await publish(await answerOf(one.streamKeyId, two.streamKey))).toBe('bad_key');
  });

  it.each(['SHA-256', 'MD5'] as const)(
    'may be a digest of RFC 7616 with %s, whatever the user is called',
    async (algorithm) => {
      const { streamKeyId, streamKey } = await makeWorld(gateway);
      const hash = (text: string) =>
        createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
          .update(text)
          .digest('hex');
      const login = async (password: string) => {
        const { opaque, attempt } = await answerOf(streamKeyId, password);
        const uri = `rtsp://h/live/${streamKeyId}`;
        const response = hash(`${hash(`camera:r:${password}`)}:${opaque}:${hash(`ANNOUNCE:${uri}`)}`);
        const digest = { algorithm, username: 'camera', realm: 'r', method: 'ANNOUNCE', uri };
        return publish({ user: streamKeyId, opaque, clientChallenge: '', response, attempt, digest });
      };
      expect(await login(streamKey)).toBe(streamKeyId);
      expect(await login('guess')).toBe('bad_key');
    },
  );

  it('answers its challenge once: asking again in the same attempt is no second use, a replay is', async () => {
    const world = await makeWorld(gateway);
    await gateway.ok('PATCH', `/v1/live_streams/${world.streamId}`, { body: { second_publisher: 'takeover' } });
    const login = await answerOf(world.streamKeyId, world.streamKey);
    expect(await publish(login)).toBe(world.streamKeyId);
    expect(await publish(login)).toBe(world.streamKeyId);
    expect(await publish({ ...login, attempt: 'replayed' })).toBe('login_expired');
    const wrong = await answerOf(world.streamKeyId, 'wrong');
    expect(await publish(wrong)).toBe('bad_key');
    const right = md5(`${md5(`${world.streamKeyId}?${world.streamKey}`)}${wrong.opaque}0a1b2c3d`);
    expect(await publish({ ...wrong, response: right, attempt: 'second guess' })).toBe('login_expired');
  });

  it('answers no challenge of another user, network or maker', async () => {
    const world = await makeWorld(gateway);
    const login = await answerOf(world.streamKeyId, world.streamKey);
    expect(await publish(login, gateway, '192.0.2.2')).toBe('login_expired');
    expect(await publish({ ...login, user: newId('skey') })).toBe('login_expired');
    expect(await publish({ ...login, opaque: 'made-up' })).toBe('login_expired');
    expect(await publish(login)).toBe(world.streamKeyId);
    const roaming = await answerOf(world.streamKeyId, world.streamKey, '2001:db8::1');
    expect(await publish(roaming, gateway, '2001:db8::2')).toBe('already_publishing');
  });

  it('with a key that is revoked, or was made before its secret was kept, is refused with what to do', async () => {
    const [revoked, old] = [await makeWorld(gateway), await makeWorld(gateway)];
    await gateway.ok('DELETE', keyPath(revoked));
    expect(await publish(await answerOf(revoked.streamKeyId, revoked.streamKey))).toBe('key_revoked');
    await postgres.query(`UPDATE stream_keys SET sealed = NULL WHERE id = '${old.streamKeyId}'`);
    expect(await publish(await answerOf(old.streamKeyId, old.streamKey))).toBe('rotate_key');
    const rotated = await gateway.ok('POST', `${keyPath(old)}/rotate`, { body: { grace_seconds: 60 } });
    expect(await publish(await answerOf(String(rotated['user']), String(rotated['password'])))).toBe(rotated['id']);
  });
});

describe('a passphrase of SRT', () => {
  const PASSPHRASE = 'correct horse battery';

  const withPassphrase = async (passphrase: string | null = PASSPHRASE) => {
    const world = await makeWorld(gateway);
    const body = { srt_passphrase: passphrase };
    const made = await gateway.ok('POST', `/v1/live_streams/${world.streamId}/stream_keys`, { body });
    return { world, made, user: String(made['id']) };
  };

  /** What an encoder with this passphrase sends. */
  const proofOf = (user: string, passphrase: string, keyBytes = 32) => {
    const salt = randomBytes(16);
    const key = pbkdf2Sync(passphrase, salt.subarray(8), 2_048, keyBytes, 'sha1');
    const cipher = createCipheriv(`id-aes${keyBytes * 8}-wrap`, key, Buffer.alloc(8, 0xa6));
    const wrapped = Buffer.concat([cipher.update(randomBytes(keyBytes)), cipher.final()]);
    return { key, proof: { user, salt: salt.toString('base64'), wrapped: wrapped.toString('base64'), keyBytes } };
  };

  const publishWith = (passphrase: PublishPassphrase, from = gateway) =>
    from.control.authorizePublish(
      {
        key: '',
        passphrase,
        app: 'live',
        clientAddress: ADDRESS,
        edgeId: 'edge-1',
        protocol: 'srt',
        encoder: 'SRT 1.5.1',
      },
      5_000,
    );

  it.each([16, 24, 32])(
    'opens the key whose it is, and gives the edge what unwraps keys of %i bytes',
    async (keyBytes) => {
      const { user } = await withPassphrase();
      const { key, proof } = proofOf(user, PASSPHRASE, keyBytes);
      const answer = await publishWith(proof);
      expect(answer).toMatchObject({
        granted: true,
        claim: { streamKeyId: user },
        keyEncryptionKey: key.toString('base64'),
      });
    },
  );

  it('opens the key once with the same keys, on any gateway: a recording of a connection publishes nothing', async () => {
    const { user, world } = await withPassphrase();
    const { key, proof } = proofOf(user, PASSPHRASE);
    expect(await publishWith({ ...proof, attempt: 'first' })).toMatchObject({ granted: true });
    expect(await publishWith({ ...proof, attempt: 'second' })).toMatchObject({ refusal: 'login_expired' });
    await until('the stream is told', async () => {
      const { last_error: error } = await gateway.ok('GET', `/v1/live_streams/${world.streamId}`);
      return (error as { code?: string } | null)?.code === 'login_expired';
    });
    const other = await TestGateway.start(options());
    try {
      expect(await publishWith({ ...proof, attempt: 'third' }, other)).toMatchObject({ refusal: 'login_expired' });
      expect(await publishWith(proof, other)).toMatchObject({ refusal: 'login_expired' });
      // The edge asks again where an answer was lost: the claim is there already.
      expect(await publishWith({ ...proof, attempt: 'first' }, other)).toMatchObject({ refusal: 'already_publishing' });
    } finally {
      await other.close();
    }
    // Keys that were announced in the middle of the recorded connection: of the same salt.
    const cipher = createCipheriv('id-aes256-wrap', key, Buffer.alloc(8, 0xa6));
    const wrapped = Buffer.concat([cipher.update(randomBytes(32)), cipher.final()]).toString('base64');
    expect(await publishWith({ ...proof, wrapped })).toMatchObject({ refusal: 'login_expired' });
    // The encoder itself comes back with another salt.
    expect(await publishWith(proofOf(user, PASSPHRASE).proof)).toMatchObject({ refusal: 'already_publishing' });
  });

  it('is wrong where it is another one or the key has none; the stream is told', async () => {
    const { user, world } = await withPassphrase();
    expect(await publishWith(proofOf(user, 'incorrect horse battery').proof)).toEqual({
      granted: false,
      refusal: 'wrong_passphrase',
    });
    expect(await publishWith(proofOf(world.streamKeyId, PASSPHRASE).proof)).toMatchObject({
      refusal: 'wrong_passphrase',
    });
    const path = `/v1/live_streams/${world.streamId}`;
    await until('the error is told', async () => {
      const { last_error: error } = await gateway.ok('GET', path);
      return (error as { code?: string } | null)?.code === 'wrong_passphrase';
    });
    expect(await publishWith(proofOf(newId('skey'), PASSPHRASE).proof)).toMatchObject({ refusal: 'bad_key' });
    expect(await publishWith({ ...proofOf(user, PASSPHRASE).proof, keyBytes: 17 })).toMatchObject({
      refusal: 'bad_key',
    });
    expect(await publishWith({ ...proofOf(user, PASSPHRASE).proof, salt: 'AAAA' })).toMatchObject({
      refusal: 'bad_key',
    });
  });

  it('is needed over SRT by a key that has one, also where its secret is shown; over other protocols the key is enough', async () => {
    const { made, user, world } = await withPassphrase();
    const show = (key: unknown, protocol: string) =>
      gateway.control.authorizePublish(
        { key: String(key), app: 'live', clientAddress: ADDRESS, edgeId: 'edge-1', protocol, encoder: 'x' },
        5_000,
      );
    expect(await show(made['key'], 'srt')).toEqual({ granted: false, refusal: 'wrong_passphrase' });
    await until('the error is told', async () => {
      const { last_error: error } = await gateway.ok('GET', `/v1/live_streams/${world.streamId}`);
      return (error as { code?: string } | null)?.code === 'wrong_passphrase';
    });
    expect(await show(made['key'], 'rtmp')).toMatchObject({ granted: true, claim: { streamKeyId: user } });
    const { made: other } = await withPassphrase(null);
    expect(await show(other['key'], 'srt')).toMatchObject({ granted: true });
  });

  it('is sealed, told of and never shown; a rotated key keeps it, gets another or none', async () => {
    const { made, user, world } = await withPassphrase();
    expect(made).toMatchObject({ has_srt_passphrase: true });
    expect(JSON.stringify(made)).not.toContain(PASSPHRASE);
    const [row] = await postgres.query(`SELECT srt_passphrase FROM stream_keys WHERE id = '${user}'`);
    expect((row as { srt_passphrase: Buffer }).srt_passphrase.toString('latin1')).not.toContain(PASSPHRASE.slice(0, 8));
    const keys = `/v1/live_streams/${world.streamId}/stream_keys`;
    const rotate = (id: unknown, body: object) =>
      gateway.ok('POST', `${keys}/${String(id)}/rotate`, { body: { grace_seconds: 0, ...body } });
    const kept = await rotate(user, {});
    expect(await publishWith(proofOf(String(kept['id']), PASSPHRASE).proof)).toMatchObject({ granted: true });
    const other = await rotate(kept['id'], { srt_passphrase: 'another passphrase' });
    expect(await publishWith(proofOf(String(other['id']), PASSPHRASE).proof)).toMatchObject({
      refusal: 'wrong_passphrase',
    });
    expect(await rotate(other['id'], { srt_passphrase: null })).toMatchObject({ has_srt_passphrase: false });
  });

  it.each(['short', 'x'.repeat(80), 'passphrase with ümlaut'])('must be one that SRT takes: %s', async (passphrase) => {
    const world = await makeWorld(gateway);
    const body = { srt_passphrase: passphrase };
    const { status } = await gateway.call('POST', `/v1/live_streams/${world.streamId}/stream_keys`, { body });
    expect(status).toBe(400);
  });
});

it('REST shows user, password and their server beside server and key, once', async () => {
  const world = await makeWorld(gateway);
  const made = await gateway.ok('POST', `/v1/live_streams/${world.streamId}/stream_keys`, { body: {} });
  expect(made).toMatchObject({
    server: 'rtmp://localhost:1935/live',
    user: made['id'],
    password: made['key'],
    login_server: 'rtmp://localhost:1935/login',
  });
  const read = await gateway.ok('GET', `/v1/live_streams/${world.streamId}/stream_keys/${String(made['id'])}`);
  expect(JSON.stringify(read)).not.toContain(String(made['key']));
  const [row] = await postgres.query(`SELECT sealed FROM stream_keys WHERE id = '${String(made['id'])}'`);
  expect((row as { sealed: Buffer }).sealed.toString('latin1')).not.toContain(String(made['key']).slice(0, 12));
});

it('what has logged in before does so again while the database is away, also on a gateway that starts then', async () => {
  const world = await makeWorld(gateway);
  const stranger = await makeWorld(gateway);
  await gateway.ok('PATCH', `/v1/live_streams/${world.streamId}`, { body: { second_publisher: 'takeover' } });
  expect(await publish(await answerOf(world.streamKeyId, world.streamKey))).toBe(world.streamKeyId);
  for (const record of [`login:${world.streamKeyId}`, `stream:${world.streamId}`, `tenant:${world.tenantId}`])
    await until(`${record} is remembered`, async () => (await store.recall(record)) !== undefined);
  const remembered = await store.recall(`login:${world.streamKeyId}`);
  expect(remembered).not.toContain(world.streamKey);
  await postgres.stop('SIGQUIT');
  const second = await TestGateway.start(options());
  try {
    for (const one of [gateway, second]) {
      expect(await publish(await answerOf(world.streamKeyId, world.streamKey), one)).toBe(world.streamKeyId);
      expect(await publish(await answerOf(world.streamKeyId, 'wrong'), one)).toBe('bad_key');
      expect(await publish(await answerOf(stranger.streamKeyId, stranger.streamKey), one)).toBe('unavailable');
    }
  } finally {
    await second.close();
    await postgres.start();
  }
});
