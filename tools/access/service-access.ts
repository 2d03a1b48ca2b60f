// What each service may do on NATS and in Redis: the one table. Permissions of the servers are written from it.
import {
  ControlSubject,
  natsInboxPrefix,
  RelaySubject,
  ROOM_NOTES,
  RoomSubject,
  sealedSubject,
  SealSubject,
  SourceSubject,
  UsageSubject,
} from '@millrace/control';
import {
  ALL_MARKS_SUBJECT,
  ALL_SPARE_MARKS_SUBJECT,
  MARKS_STREAM,
  REPAIR_STREAM,
  REPAIR_SUBJECT,
  shardStream,
  shardSubjects,
  SPARE_MARKS_STREAM,
} from '@millrace/frame-bus';

/** The users of NATS and Redis, named after their services. */
export const SERVICES = ['gateway', 'rtmp-edge', 'rtsp-edge', 'srt-edge', 'packager', 'signaling', 'turn'] as const;
export type ServiceName = (typeof SERVICES)[number];

export interface NatsAccess {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** Whether it may answer a message that it has received, once, wherever the asker wants the answer. */
  readonly answers: boolean;
}

/** Commands on keys and channels that belong together: only these on only those. */
export interface RedisAccess {
  readonly commands: readonly string[];
  readonly keys?: readonly string[];
  readonly channels?: readonly string[];
}

export interface ServiceAccess {
  readonly nats: NatsAccess;
  /** The first holds for the connection itself; empty: no user in Redis. */
  readonly redis: readonly RedisAccess[];
}

/** @param shards `MILLRACE_NATS_SHARDS` */
export function serviceAccess(shards: number): Readonly<Record<ServiceName, ServiceAccess>> {
  const logs = Array.from({ length: shards }, (_, shard) => shardStream(shard));
  const frames = Array.from({ length: shards }, (_, shard) => shardSubjects(shard));
  const kept = [MARKS_STREAM, SPARE_MARKS_STREAM];
  const streams = [...kept, ...logs];
  const marks = [ALL_MARKS_SUBJECT, ALL_SPARE_MARKS_SUBJECT];
  const api = (action: string, names: readonly string[], rest = ''): string[] =>
    names.map((name) => `$JS.API.${action}.${name}${rest}`);

  /** What a reader of frames asks of JetStream to begin, and to catch up. */
  const readsLogs = [
    ...api('DIRECT.GET', logs),
    ...api('DIRECT.GET', logs, '.>'),
    ...api('CONSUMER.CREATE', logs),
    ...api('CONSUMER.CREATE', logs, '.>'),
    ...api('CONSUMER.DELETE', logs, '.*'),
    ...api('CONSUMER.MSG.NEXT', logs, '.*'),
  ];

  return {
    gateway: {
      nats: {
        publish: [
          ControlSubject.cutPublisher,
          ControlSubject.putTimedMetadata,
          ControlSubject.targetsChanged,
          ControlSubject.streamLive,
          ControlSubject.eventsCommitted,
          SourceSubject.sourceChanged,
          RoomSubject.roomChanged,
          RoomSubject.roomEnd,
          RoomSubject.participantRemove,
          RelaySubject.revokeRelay,
          // Frames for viewers: read, never made or published.
          ...api('STREAM.INFO', logs),
          ...readsLogs,
        ],
        subscribe: [
          SealSubject.gatewayKey,
          ...REQUESTS.map(sealedSubject),
          ControlSubject.eventsCommitted,
          SourceSubject.sourceChanged,
          ControlSubject.timedMetadataPut,
          ControlSubject.publishEnded,
          ControlSubject.sessionActive,
          ControlSubject.sessionEnded,
          ControlSubject.sessionWarned,
          answersTo('gateway'),
          ...frames,
          RoomSubject.roomStarted,
          RoomSubject.roomFinished,
          RoomSubject.participantLeft,
        ],
        answers: true,
      },
      redis: [
        CONNECTION,
        CLAIMS,
        { keys: ['millrace:record:*'], commands: ['get', 'set', 'del'] },
        {
          keys: ['millrace:viewers:*'],
          commands: [...SCRIPTS, ...NOTES_VIEWERS, 'zcount'],
        },
        { keys: ['%R~millrace:{str_*}:*'], commands: ['get', 'mget', 'hget', 'hmget'] },
        { commands: ['multi', 'exec'] },
        { channels: ['millrace:changes'], commands: ['subscribe', 'unsubscribe'] },
        // A script counts as a writer of the keys that it names; what it then does is looked at command by command.
        { keys: ['millrace:{rooms}:due'], commands: SCRIPTS },
        {
          keys: ['%R~millrace:{rooms}:*'],
          commands: [
            'get',
            'hget',
            'hmget',
            'hgetall',
            'smembers',
            'scard',
            'sismember',
            'exists',
            'llen',
            'lrange',
            'zrange',
            'zscore',
          ],
        },
      ],
    },
    'rtmp-edge': {
      nats: {
        publish: [
          ...asks(
            ControlSubject.authorizePublish,
            ControlSubject.challengeLogin,
            ControlSubject.authorizePlayback,
            ControlSubject.checkPlayback,
            SourceSubject.takeSources,
            ControlSubject.syncTargets,
            UsageSubject.reportUsage,
            ControlSubject.handOver,
          ),
          // Edges of the release before tell this without waiting for an acknowledgement; likewise below.
          ControlSubject.publishEnded,
          ControlSubject.sessionWarned,
          ControlSubject.timedMetadataPut,
          ...frames,
          ...api('STREAM.INFO', streams),
          // Frames for players.
          ...readsLogs,
        ],
        subscribe: [
          answersTo('rtmp-edge'),
          ControlSubject.cutPublisher,
          ControlSubject.putTimedMetadata,
          SourceSubject.sourceChanged,
          ControlSubject.targetsChanged,
          ...marks,
          ...frames,
        ],
        answers: false,
      },
      redis: EDGE_STORE,
    },
    'rtsp-edge': {
      nats: {
        publish: [
          ...asks(
            ControlSubject.authorizePublish,
            ControlSubject.challengeLogin,
            ControlSubject.authorizePlayback,
            ControlSubject.checkPlayback,
            SourceSubject.takeSources,
            ControlSubject.syncTargets,
            UsageSubject.reportUsage,
            ControlSubject.handOver,
          ),
          ControlSubject.timedMetadataPut,
          ...frames,
          ...api('STREAM.INFO', streams),
          // Frames for players.
          ...readsLogs,
        ],
        subscribe: [
          answersTo('rtsp-edge'),
          ControlSubject.cutPublisher,
          ControlSubject.putTimedMetadata,
          SourceSubject.sourceChanged,
          ControlSubject.targetsChanged,
          ...marks,
          ...frames,
        ],
        answers: false,
      },
      redis: EDGE_STORE,
    },
    'srt-edge': {
      nats: {
        publish: [
          ...asks(
            ControlSubject.authorizePublish,
            ControlSubject.authorizePlayback,
            ControlSubject.checkPlayback,
            SourceSubject.takeSources,
            ControlSubject.syncTargets,
            UsageSubject.reportUsage,
            ControlSubject.handOver,
          ),
          ControlSubject.timedMetadataPut,
          ...frames,
          ...api('STREAM.INFO', streams),
          // Frames for players.
          ...readsLogs,
        ],
        subscribe: [
          answersTo('srt-edge'),
          ControlSubject.cutPublisher,
          ControlSubject.putTimedMetadata,
          SourceSubject.sourceChanged,
          ControlSubject.targetsChanged,
          ...marks,
          ...frames,
        ],
        answers: false,
      },
      redis: EDGE_STORE,
    },
    packager: {
      nats: {
        publish: [
          ...asks(UsageSubject.reportUsage, ControlSubject.handOver),
          ControlSubject.sessionActive,
          ControlSubject.sessionEnded,
          ...marks,
          // A stream of marks that its disk has left unable to take any is made anew.
          ...api('STREAM.PURGE', kept),
          `$JS.API.STREAM.DELETE.${MARKS_STREAM}`,
          REPAIR_SUBJECT,
          ...['INFO', 'CREATE', 'DELETE'].flatMap((action) => api(`STREAM.${action}`, [REPAIR_STREAM])),
          ...api('STREAM.INFO', streams),
          ...api('STREAM.CREATE', streams),
          ...api('STREAM.UPDATE', streams),
          ...api('DIRECT.GET', kept),
          ...api('DIRECT.GET', kept, '.>'),
          ...readsLogs,
        ],
        subscribe: [answersTo('packager'), ControlSubject.streamLive, ...marks, ...frames],
        answers: false,
      },
      redis: [
        CONNECTION,
        CLAIMS,
        {
          keys: ['millrace:{str_*}:*'],
          channels: ['millrace:changes'],
          commands: [
            ...SCRIPTS,
            'get',
            'mget',
            'set',
            'exists',
            'hget',
            'hmget',
            'hset',
            'pexpire',
            'rename',
            'unlink',
            'publish',
          ],
        },
        { commands: ['multi', 'exec'] },
      ],
    },
    signaling: {
      nats: {
        publish: [
          ...asks(
            RoomSubject.authorizeJoin,
            RoomSubject.issueIceServers,
            RoomSubject.renewToken,
            UsageSubject.reportUsage,
            ControlSubject.handOver,
          ),
          RoomSubject.roomStarted,
          RoomSubject.roomFinished,
          RoomSubject.participantJoined,
          RoomSubject.participantLeft,
          ROOM_NOTES,
        ],
        subscribe: [
          answersTo('signaling'),
          ROOM_NOTES,
          RoomSubject.roomChanged,
          RoomSubject.roomEnd,
          RoomSubject.participantRemove,
        ],
        answers: false,
      },
      redis: [
        CONNECTION,
        {
          keys: ['millrace:{rooms}:*'],
          commands: [
            ...SCRIPTS,
            'get',
            'set',
            'del',
            'exists',
            'pexpire',
            'hget',
            'hmget',
            'hset',
            'hdel',
            'hincrby',
            'hexists',
            'hgetall',
            'hlen',
            'llen',
            'lpop',
            'lrange',
            'rpush',
            'sadd',
            'srem',
            'scard',
            'sismember',
            'smembers',
            'zadd',
            'zrem',
            'zrange',
            'zscore',
            'zincrby',
            'zcard',
          ],
        },
      ],
    },
    turn: {
      nats: {
        publish: [...asks(RelaySubject.authorizeRelay, UsageSubject.reportUsage), RelaySubject.relayUsage],
        subscribe: [answersTo('turn'), RelaySubject.revokeRelay],
        answers: false,
      },
      redis: [],
    },
  };
}

/** What gateways are asked; only in its sealed form. */
const REQUESTS = [
  ControlSubject.handOver,
  ControlSubject.authorizePublish,
  ControlSubject.challengeLogin,
  ControlSubject.authorizePlayback,
  ControlSubject.checkPlayback,
  SourceSubject.takeSources,
  ControlSubject.syncTargets,
  RoomSubject.authorizeJoin,
  RoomSubject.issueIceServers,
  RoomSubject.renewToken,
  RelaySubject.authorizeRelay,
  UsageSubject.reportUsage,
];

const asks = (...requests: string[]): string[] => [SealSubject.gatewayKey, ...requests.map(sealedSubject)];

const answersTo = (service: ServiceName): string => `${natsInboxPrefix(service)}.>`;

/** What the scripts do that note who watches. */
const NOTES_VIEWERS = ['pexpire', 'zadd', 'zcard', 'zrem', 'zremrangebyscore', 'zscore'];

/** The clock belongs to every script. */
const SCRIPTS = ['eval', 'evalsha', 'time'];

/** What the client library does by itself; `info` also says how full the server is. */
const CONNECTION: RedisAccess = { commands: ['ping', 'info', 'client|setname', 'client|id'] };

/** Who publishes: sessions, claims and quotas. */
const CLAIMS: RedisAccess = {
  keys: ['millrace:{live}:*'],
  commands: [
    ...SCRIPTS,
    'get',
    'set',
    'del',
    'exists',
    'hget',
    'hmget',
    'hset',
    'pexpire',
    'pexpireat',
    'zadd',
    'zcard',
    'zrange',
    'zrem',
    'zremrangebyscore',
    'zscore',
  ],
};

/** Edges take claims, read whether a stream is live for their players, and note who plays. */
const EDGE_STORE: readonly RedisAccess[] = [
  CONNECTION,
  CLAIMS,
  { keys: ['millrace:viewers:*'], commands: [...SCRIPTS, ...NOTES_VIEWERS] },
  // A live stream is read together with the lease of its packager.
  { keys: ['%R~millrace:{str_*}:lease'], commands: ['get'] },
];
