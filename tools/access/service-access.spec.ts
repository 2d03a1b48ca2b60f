// Each service's user on a real nats-server and a real redis-server, with the configuration as it is generated: what it must be
// able to do, and that it can do nothing else. The tables here are written by hand, not taken from the one under test.
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ControlSubject,
  natsInboxPrefix,
  RelaySubject,
  RoomSubject,
  sealedSubject,
  UsageSubject,
} from '@millrace/control';
import { createNatsFrameBus, FrameBusError } from '@millrace/frame-bus';
import type { FrameBus, NatsFrameBusOptions } from '@millrace/frame-bus';
import { FrameRecorder, sampleEpoch, sampleFrame, startNatsServer } from '@millrace/frame-bus/testing';
import type { NatsServer } from '@millrace/frame-bus/testing';
import { startRedisServer } from '@millrace/live-store/testing';
import type { RedisServer } from '@millrace/live-store/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { natsUsers } from './nats-users.ts';
import { redisPasswordHash, redisUsers } from './redis-users.ts';
import { serviceAccess, SERVICES } from './service-access.ts';
import type { ServiceName } from './service-access.ts';

const STREAM = 'str_01m8mjdkgjbtb1z5zcwnq56y2r';
const passwordOf = (service: ServiceName): string => `the-password-of-${service}`;

const folder = mkdtempSync(join(tmpdir(), 'millrace-access-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A connection on which text goes out and comes in. */
class TextSocket {
  readonly #socket: Socket;
  #received = '';

  constructor(port: number) {
    this.#socket = createConnection({ host: '127.0.0.1', port });
    this.#socket.on('data', (data) => (this.#received += data.toString('latin1')));
  }

  /** Sends, and takes what comes until it matches. */
  async exchange(text: string, until: RegExp): Promise<string> {
    this.#socket.write(text);
    while (!until.test(this.#received)) {
      await new Promise<void>((resolve, reject) => {
        const cleanUp = (): void => void this.#socket.off('data', onData).off('close', onClose);
        const onData = (): void => (cleanUp(), resolve());
        const onClose = (): void => (cleanUp(), reject(new Error(`closed after: ${this.#received}`)));
        this.#socket.on('data', onData).on('close', onClose);
      });
    }
    const received = this.#received;
    this.#received = '';
    return received;
  }

  close(): void {
    this.#socket.destroy();
  }
}

it('has every subject of the control plane: what someone tells, and what someone hears', () => {
  const access = Object.values(serviceAccess(1)).map(({ nats }) => nats);
  const events = [ControlSubject, RoomSubject, RelaySubject].flatMap((subjects): string[] => Object.values(subjects));
  const requests = events.filter((subject) => access.some(({ publish }) => publish.includes(sealedSubject(subject))));
  expect(requests).toHaveLength(10);
  const usage = sealedSubject(UsageSubject.reportUsage);
  const reporters = Object.entries(serviceAccess(1)).filter(([, { nats }]) => nats.publish.includes(usage));
  expect(reporters.map(([service]) => service)).toEqual([
    'rtmp-edge',
    'rtsp-edge',
    'srt-edge',
    'packager',
    'signaling',
    'turn',
  ]);
  const edgesSay = new Set<string>([
    ControlSubject.authorizePublish,
    ControlSubject.authorizePlayback,
    ControlSubject.checkPlayback,
    ControlSubject.syncTargets,
    ControlSubject.timedMetadataPut,
  ]);
  /** SRT has no login with a challenge. */
  const mostEdgesSay: string = ControlSubject.challengeLogin;
  const edgesHear = new Set<string>([
    ControlSubject.cutPublisher,
    ControlSubject.putTimedMetadata,
    ControlSubject.targetsChanged,
  ]);
  for (const subject of events) {
    const name = requests.includes(subject) ? sealedSubject(subject) : subject;
    const publishers = access.filter(({ publish }) => publish.includes(name));
    const subscribers = access.filter(({ subscribe }) => subscribe.includes(name));
    // Edges, packagers and signaling servers hand over what they have seen.
    expect(publishers, `who publishes ${name}`).toHaveLength(
      subject === ControlSubject.handOver ? 5 : edgesSay.has(subject) ? 3 : subject === mostEdgesSay ? 2 : 1,
    );
    // Published for later listeners, such as a meter of relayed bytes.
    const unheard: string[] = [RoomSubject.participantJoined, RelaySubject.relayUsage];
    expect(subscribers, `who hears ${name}`).toHaveLength(unheard.includes(name) ? 0 : edgesHear.has(subject) ? 3 : 1);
  }
});

describe('on NATS', () => {
  let server: NatsServer;

  beforeAll(async () => {
    const config = join(folder, 'nats.conf');
    writeFileSync(
      config,
      natsUsers(2, (service) => JSON.stringify(passwordOf(service))),
    );
    server = await startNatsServer({ arguments: ['-c', config] });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const login = async (user: string, pass: string): Promise<TextSocket> => {
    const socket = new TextSocket(server.port);
    await socket.exchange('', /INFO .*\r\n/);
    await socket.exchange(`CONNECT ${JSON.stringify({ user, pass, verbose: false })}\r\nPING\r\n`, /PONG\r\n/);
    return socket;
  };
  const refused = (received: string): string[] =>
    [...received.matchAll(/Permissions Violation for (?:Publish|Subscription) to "([^"]+)"/g)].map(
      ([, subject]) => subject!,
    );

  const readApi = (shard: number): string[] => [
    `$JS.API.DIRECT.GET.FRAMES_${shard}`,
    `$JS.API.DIRECT.GET.FRAMES_${shard}.millrace.frames.${shard}.${STREAM}`,
    `$JS.API.CONSUMER.CREATE.FRAMES_${shard}`,
    `$JS.API.CONSUMER.CREATE.FRAMES_${shard}.name.millrace.frames.${shard}.${STREAM}`,
    `$JS.API.CONSUMER.DELETE.FRAMES_${shard}.name`,
    `$JS.API.CONSUMER.MSG.NEXT.FRAMES_${shard}.name`,
  ];
  const frameApi = (shard: number): string[] => [
    `$JS.API.STREAM.CREATE.FRAMES_${shard}`,
    `$JS.API.STREAM.UPDATE.FRAMES_${shard}`,
    ...readApi(shard),
  ];
  const info = [
    '$JS.API.STREAM.INFO.MARKS',
    '$JS.API.STREAM.INFO.MARKS_SPARE',
    '$JS.API.STREAM.INFO.FRAMES_0',
    '$JS.API.STREAM.INFO.FRAMES_1',
  ];
  const frames = [`millrace.frames.0.${STREAM}`, `millrace.frames.1.${STREAM}`];
  const marks = `millrace.marks.${STREAM}`;
  const spare = `millrace.marks.spare.${STREAM}`;
  const marksApi = ['MARKS', 'MARKS_SPARE'].flatMap((name) => [
    `$JS.API.STREAM.CREATE.${name}`,
    `$JS.API.STREAM.UPDATE.${name}`,
    `$JS.API.STREAM.PURGE.${name}`,
    `$JS.API.DIRECT.GET.${name}`,
    `$JS.API.DIRECT.GET.${name}.${marks}`,
  ]);
  const note = 'millrace.rooms.pod.signaling-1';

  const MAY_PUBLISH: Record<ServiceName, string[]> = {
    gateway: [
      'millrace.ctl.publisher.cut',
      'millrace.ctl.stream.live',
      'millrace.ctl.events.committed',
      'millrace.ctl.room.changed',
      'millrace.ctl.room.end',
      'millrace.ctl.room.participant.remove',
      'millrace.ctl.relay.revoke',
      '$JS.API.STREAM.INFO.FRAMES_0',
      '$JS.API.STREAM.INFO.FRAMES_1',
      ...readApi(0),
      ...readApi(1),
    ],
    'rtmp-edge': [
      'millrace.ctl.seal.key',
      'millrace.ctl.publish.authorize.sealed',
      'millrace.ctl.publish.challenge.sealed',
      'millrace.ctl.playback.authorize.sealed',
      'millrace.ctl.playback.check.sealed',
      'millrace.ctl.usage.report.sealed',
      'millrace.ctl.events.hand_over.sealed',
      'millrace.ctl.publish.ended',
      'millrace.ctl.session.warned',
      ...frames,
      ...info,
      ...readApi(0),
      ...readApi(1),
    ],
    'rtsp-edge': [
      'millrace.ctl.seal.key',
      'millrace.ctl.publish.authorize.sealed',
      'millrace.ctl.publish.challenge.sealed',
      'millrace.ctl.playback.authorize.sealed',
      'millrace.ctl.playback.check.sealed',
      'millrace.ctl.usage.report.sealed',
      'millrace.ctl.events.hand_over.sealed',
      ...frames,
      ...info,
      ...readApi(0),
      ...readApi(1),
    ],
    'srt-edge': [
      'millrace.ctl.seal.key',
      'millrace.ctl.publish.authorize.sealed',
      'millrace.ctl.playback.authorize.sealed',
      'millrace.ctl.playback.check.sealed',
      'millrace.ctl.usage.report.sealed',
      'millrace.ctl.events.hand_over.sealed',
      ...frames,
      ...info,
      ...readApi(0),
      ...readApi(1),
    ],
    packager: [
      'millrace.ctl.seal.key',
      'millrace.ctl.usage.report.sealed',
      'millrace.ctl.events.hand_over.sealed',
      'millrace.ctl.session.active',
      'millrace.ctl.session.ended',
      marks,
      ...info,
      ...frameApi(0),
      ...frameApi(1),
      ...marksApi,
      spare,
      '$JS.API.STREAM.DELETE.MARKS',
      '$JS.API.STREAM.INFO.MARKS_REPAIR',
      '$JS.API.STREAM.CREATE.MARKS_REPAIR',
      '$JS.API.STREAM.DELETE.MARKS_REPAIR',
      'millrace.marks.repair.room',
    ],
    signaling: [
      'millrace.ctl.seal.key',
      'millrace.ctl.room.authorize.sealed',
      'millrace.ctl.room.ice.sealed',
      'millrace.ctl.room.token.sealed',
      'millrace.ctl.usage.report.sealed',
      'millrace.ctl.events.hand_over.sealed',
      'millrace.ctl.room.started',
      'millrace.ctl.room.finished',
      'millrace.ctl.room.participant.joined',
      'millrace.ctl.room.participant.left',
      note,
    ],
    turn: [
      'millrace.ctl.seal.key',
      'millrace.ctl.relay.authorize.sealed',
      'millrace.ctl.usage.report.sealed',
      'millrace.ctl.relay.usage',
    ],
  };

  const MAY_SUBSCRIBE: Record<ServiceName, string[]> = {
    gateway: [
      '_INBOX.gateway.x.*',
      ...frames,
      'millrace.ctl.seal.key',
      'millrace.ctl.publish.authorize.sealed',
      'millrace.ctl.publish.challenge.sealed',
      'millrace.ctl.playback.authorize.sealed',
      'millrace.ctl.playback.check.sealed',
      'millrace.ctl.room.authorize.sealed',
      'millrace.ctl.room.ice.sealed',
      'millrace.ctl.room.token.sealed',
      'millrace.ctl.relay.authorize.sealed',
      'millrace.ctl.usage.report.sealed',
      'millrace.ctl.events.hand_over.sealed',
      'millrace.ctl.events.committed',
      'millrace.ctl.publish.ended',
      'millrace.ctl.session.active',
      'millrace.ctl.session.ended',
      'millrace.ctl.session.warned',
      'millrace.ctl.room.started',
      'millrace.ctl.room.finished',
      'millrace.ctl.room.participant.left',
    ],
    'rtmp-edge': [
      '_INBOX.rtmp-edge.x.*',
      ...frames,
      'millrace.ctl.publisher.cut',
      'millrace.marks.*',
      'millrace.marks.spare.*',
      marks,
      spare,
    ],
    'rtsp-edge': [
      '_INBOX.rtsp-edge.x.*',
      ...frames,
      'millrace.ctl.publisher.cut',
      'millrace.marks.*',
      'millrace.marks.spare.*',
      marks,
      spare,
    ],
    'srt-edge': [
      '_INBOX.srt-edge.x.*',
      ...frames,
      'millrace.ctl.publisher.cut',
      'millrace.marks.*',
      'millrace.marks.spare.*',
      marks,
      spare,
    ],
    packager: [
      '_INBOX.packager.x.*',
      'millrace.ctl.stream.live',
      'millrace.marks.*',
      'millrace.marks.spare.*',
      marks,
      spare,
      ...frames,
    ],
    signaling: [
      '_INBOX.signaling.x.*',
      note,
      'millrace.ctl.room.changed',
      'millrace.ctl.room.end',
      'millrace.ctl.room.participant.remove',
    ],
    turn: ['_INBOX.turn.x.*', 'millrace.ctl.relay.revoke'],
  };

  /** What no service may do. */
  const NEVER = [
    'millrace.ctl.publish.authorize',
    'millrace.ctl.publish.challenge',
    'millrace.ctl.playback.authorize',
    'millrace.ctl.playback.check',
    'millrace.ctl.room.authorize',
    'millrace.ctl.room.ice',
    'millrace.ctl.room.token',
    'millrace.ctl.relay.authorize',
    '$JS.API.INFO',
    '$JS.API.STREAM.NAMES',
    '$JS.API.STREAM.LIST',
    '$JS.API.STREAM.CREATE.SPY',
    '$JS.API.STREAM.UPDATE.SPY',
    '$JS.API.STREAM.DELETE.FRAMES_0',
    '$JS.API.STREAM.PURGE.FRAMES_0',
    '$JS.API.STREAM.MSG.DELETE.MARKS',
    '$JS.API.STREAM.MSG.GET.FRAMES_0',
    '$JS.API.STREAM.SNAPSHOT.MARKS',
    '$JS.API.CONSUMER.CREATE.MARKS',
    '$JS.API.CONSUMER.LIST.FRAMES_0',
    '$JS.API.STREAM.INFO.FRAMES_2',
    '$SYS.REQ.SERVER.PING',
    'other',
  ];

  it.each(SERVICES)('%s publishes what it has to, and nothing else', async (service) => {
    const inboxes = SERVICES.map((other) => `_INBOX.${other}.x.1`);
    const all = [...new Set([...Object.values(MAY_PUBLISH).flat(), ...NEVER, ...inboxes])];
    const socket = await login(service, passwordOf(service));
    const text = all.map((subject) => `PUB ${subject} 0\r\n\r\n`).join('');
    const received = await socket.exchange(`${text}PING\r\n`, /PONG\r\n/);
    socket.close();
    const may = new Set(MAY_PUBLISH[service]);
    expect(refused(received).sort()).toEqual(all.filter((subject) => !may.has(subject)).sort());
  });

  it.each(SERVICES)('%s hears what it has to, and nothing else', async (service) => {
    const wide = [
      '>',
      '*',
      '_INBOX.>',
      '_INBOX.*.x.*',
      'millrace.>',
      'millrace.ctl.>',
      'millrace.rooms.>',
      '$JS.>',
      '$SYS.>',
    ];
    const all = [...new Set([...Object.values(MAY_SUBSCRIBE).flat(), ...NEVER, ...wide])];
    const socket = await login(service, passwordOf(service));
    const text = all.map((subject, i) => `SUB ${subject} ${i + 1}\r\n`).join('');
    const received = await socket.exchange(`${text}PING\r\n`, /PONG\r\n/);
    socket.close();
    const may = new Set(MAY_SUBSCRIBE[service]);
    expect(refused(received).sort()).toEqual(all.filter((subject) => !may.has(subject)).sort());
  });

  it('lets a gateway answer once where the asker wants it, and not without being asked', async () => {
    const gateway = await login('gateway', passwordOf('gateway'));
    const turn = await login('turn', passwordOf('turn'));
    await turn.exchange('SUB _INBOX.turn.x 1\r\nPING\r\n', /PONG\r\n/);
    await gateway.exchange('SUB millrace.ctl.seal.key gateway 1\r\nPING\r\n', /PONG\r\n/);
    const unasked = await gateway.exchange('PUB _INBOX.turn.x 2\r\nno\r\nPING\r\n', /PONG\r\n/);
    expect(refused(unasked)).toEqual(['_INBOX.turn.x']);
    await turn.exchange('PUB millrace.ctl.seal.key _INBOX.turn.x 0\r\n\r\nPING\r\n', /PONG\r\n/);
    await gateway.exchange('', /MSG millrace\.ctl\.seal\.key 1 _INBOX\.turn\.x 0/);
    const twice = 'PUB _INBOX.turn.x 3\r\nyes\r\n'.repeat(2);
    expect(refused(await gateway.exchange(`${twice}PING\r\n`, /PONG\r\n/))).toEqual(['_INBOX.turn.x']);
    expect(await turn.exchange('', /yes\r\n/)).not.toContain('no\r\n');
    for (const socket of [gateway, turn]) socket.close();
  });

  it('lets a gateway read the frames that an edge publishes, from the newest keyframe on, and publish none', async () => {
    const streamId = STREAM;
    const open = (service: ServiceName, options: Partial<NatsFrameBusOptions>): Promise<FrameBus> =>
      createNatsFrameBus({
        url: `nats://${service}:${encodeURIComponent(passwordOf(service))}@127.0.0.1:${server.port}`,
        inboxPrefix: natsInboxPrefix(service),
        shards: 2,
        ...options,
      });
    const isOld = (error: Error): boolean => error instanceof FrameBusError && error.code === 'old-server';
    const packager = await open('packager', { publishes: false });
    const edge = await open('rtmp-edge', { makesStreams: false });
    const problems: string[] = [];
    const gateway = await open('gateway', {
      makesStreams: false,
      publishes: false,
      marks: false,
      // That the server is old is no matter of permissions.
      observer: { problem: (error) => void (isOld(error) || problems.push(error.message)) },
    });
    const publisher = edge.openPublisher(streamId, 1);
    for (const frame of sampleEpoch(1, 12, 5)) publisher.publish(frame);
    publisher.flush();
    await vi.waitFor(() => expect(publisher.inflightBytes).toBe(0));
    const seen = new FrameRecorder();
    await gateway.subscribe(streamId, { from: 'keyframe' }, seen);
    await seen.untilCount(2);
    publisher.publish(sampleFrame(1, 13));
    publisher.flush();
    await seen.untilCount(3);
    expect([seen.sequences, problems]).toEqual([[11, 12, 13], []]);
    for (const bus of [gateway, edge, packager]) await bus.close();
  });

  it('lets in no one without a user, or with the password of another one', async () => {
    for (const [user, pass] of [
      ['gateway', passwordOf('turn')],
      ['turn', ''],
      ['', ''],
    ] as const)
      await expect(login(user, pass)).rejects.toThrow(/Authorization Violation/);
  });
});

describe('in Redis', () => {
  let server: RedisServer;

  beforeAll(async () => {
    const users = join(folder, 'users.acl');
    writeFileSync(
      users,
      redisUsers((service) => redisPasswordHash(passwordOf(service))),
    );
    server = await startRedisServer(['--aclfile', users]);
  });
  afterAll(() => server.stop());

  const LIVE = 'millrace:{live}:open';
  const CLAIM = `millrace:{live}:session:${STREAM}`;
  const RECORD = 'millrace:record:playback:1';
  const VIEWERS = 'millrace:viewers:pbk_01m8mjdkgjbtb1z5zcwnq56y2r';
  const LIST = `millrace:{${STREAM}}:playlist`;
  const SEGMENT = `millrace:{${STREAM}}:seg:1.ts`;
  const ROOM = 'millrace:{rooms}:room:1';
  const script = (key: string, lua: string): string => `EVAL "${lua}" 1 ${key}`;

  /** One of each kind, and who may. */
  const COMMANDS: [command: string, ...may: ServiceName[]][] = [
    [`HMGET ${CLAIM} epoch`, 'gateway', 'rtmp-edge', 'rtsp-edge', 'srt-edge', 'packager'],
    [`HSET ${CLAIM} epoch 1`, 'gateway', 'rtmp-edge', 'rtsp-edge', 'srt-edge', 'packager'],
    [`ZADD ${LIVE} 1 x`, 'gateway', 'rtmp-edge', 'rtsp-edge', 'srt-edge', 'packager'],
    [script(LIVE, `return redis.call('ZCARD', KEYS[1])`), 'gateway', 'rtmp-edge', 'rtsp-edge', 'srt-edge', 'packager'],
    [script(LIVE, `return redis.call('GET', '${RECORD}')`), 'gateway'],
    [script(LIVE, `return redis.call('SET', '${SEGMENT}', 'x')`), 'packager'],
    [`SET ${RECORD} x`, 'gateway'],
    [`GET ${RECORD}`, 'gateway'],
    [`DEL ${RECORD}`, 'gateway'],
    [script(VIEWERS, `return redis.call('ZADD', KEYS[1], '1', 'x')`), 'gateway', 'rtmp-edge', 'rtsp-edge', 'srt-edge'],
    [`ZCOUNT ${VIEWERS} 0 1`, 'gateway'],
    [`GET ${SEGMENT}`, 'gateway', 'packager'],
    [`GET millrace:{${STREAM}}:lease`, 'gateway', 'rtmp-edge', 'rtsp-edge', 'srt-edge', 'packager'],
    [`SET millrace:{${STREAM}}:lease x`, 'packager'],
    [`MGET millrace:{${STREAM}}:lease`, 'gateway', 'packager'],
    [`HMGET ${LIST} text`, 'gateway', 'packager'],
    [`HSET ${LIST} text x`, 'packager'],
    [`SET ${SEGMENT} x`, 'packager'],
    [`UNLINK ${SEGMENT}`, 'packager'],
    [script(LIST, `return redis.call('HGET', KEYS[1], 'text')`), 'packager'],
    [script(LIST, `return redis.call('PUBLISH', 'millrace:changes', 'x')`), 'packager'],
    ['PUBLISH millrace:changes x', 'packager'],
    ['PUBLISH other x'],
    [`HMGET ${ROOM} facts`, 'gateway', 'signaling'],
    ['SMEMBERS millrace:{rooms}:members:1', 'gateway', 'signaling'],
    [script('millrace:{rooms}:due', `return redis.call('HMGET', '${ROOM}', 'facts')`), 'gateway', 'signaling'],
    [script('millrace:{rooms}:due', `return redis.call('HSET', '${ROOM}', 'facts', 'x')`), 'signaling'],
    [`HSET ${ROOM} facts x`, 'signaling'],
    ['RPUSH millrace:{rooms}:box:1 x', 'signaling'],
    ['LRANGE millrace:{rooms}:box:1 0 -1', 'gateway', 'signaling'],
    ['DEL millrace:{rooms}:box:1', 'signaling'],
    ['GET other'],
    ['SET other x'],
    ['GET millrace:{other}:x'],
    ...['KEYS *', 'SCAN 0', 'FLUSHALL', 'FLUSHDB', 'CONFIG GET *', 'ACL LIST', 'CLIENT LIST'].map(
      (command): [string] => [command],
    ),
    ...['SAVE', 'SHUTDOWN', 'REPLICAOF NO ONE', 'SCRIPT FLUSH', 'RANDOMKEY', 'DBSIZE', 'MONITOR'].map(
      (command): [string] => [command],
    ),
    ['INFO memory', 'gateway', 'rtmp-edge', 'rtsp-edge', 'srt-edge', 'packager', 'signaling'],
    ['PING', 'gateway', 'rtmp-edge', 'rtsp-edge', 'srt-edge', 'packager', 'signaling'],
    // The last: a connection that subscribes takes no other commands.
    ['SUBSCRIBE other'],
    ['SUBSCRIBE millrace:changes', 'gateway'],
  ];

  const REPLY = /^(?:[-+:].*\r\n|\$-1\r\n|\$\d+\r\n[\s\S]*\r\n|\*-?\d+\r\n[\s\S]*|_\r\n)$/;

  it.each(['gateway', 'rtmp-edge', 'rtsp-edge', 'srt-edge', 'packager', 'signaling'] as const)(
    '%s may do what it has to, and nothing else',
    async (service) => {
      const socket = new TextSocket(server.port);
      expect(await socket.exchange(`AUTH ${service} ${passwordOf(service)}\r\n`, REPLY)).toBe('+OK\r\n');
      const done: string[] = [];
      for (const [command] of COMMANDS) {
        const reply = await socket.exchange(`${command}\r\n`, REPLY);
        if (!/NOPERM|The user executing the script can't/i.test(reply)) {
          expect(reply, command).not.toMatch(/^-/);
          done.push(command);
        }
      }
      socket.close();
      expect(done).toEqual(COMMANDS.filter(([, ...may]) => may.includes(service)).map(([command]) => command));
    },
  );

  it('lets in no one without a user, turn not at all', async () => {
    const socket = new TextSocket(server.port);
    for (const command of ['PING', `GET ${RECORD}`, 'INFO', 'FLUSHALL'])
      expect(await socket.exchange(`${command}\r\n`, REPLY)).toMatch(/^-NOAUTH/);
    for (const user of ['turn', 'default', 'gateway'])
      expect(await socket.exchange(`AUTH ${user} ${passwordOf('turn')}\r\n`, REPLY)).toMatch(/^-WRONGPASS/);
    socket.close();
  });
});
