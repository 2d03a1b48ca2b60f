// Hostile clients, case by case; each test is named after its entry in the project's catalogue of bad input.
import { describe, expect, it } from 'vitest';
import { encodeAmf0 } from '../../amf0/index.ts';
import type { AmfValue } from '../../amf0/index.ts';
import { record } from '../../testing/amf-record.ts';
import { hex } from '../../testing/hex.ts';
import { encodeAggregate } from '../message/aggregate.ts';
import { MessageType } from '../message/message-type.ts';
import { rawChunk, rawMessage } from '../testing/raw-chunk.ts';
import { ServerHarness } from '../testing/server-harness.ts';
import { DEFAULT_SERVER_SESSION_LIMITS } from './server-session-options.ts';

const video = { type: MessageType.video, messageStreamId: 1, payload: hex('1701') } as const;

describe('handshakes out of order', () => {
  it('an HTTP request ends the session without an answer', () => {
    const harness = new ServerHarness();
    harness.session.push(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
    expect(harness.closed?.code).toBe('rtmp.handshake.not-rtmp');
    expect(harness.answers).toEqual([]);
  });

  it('everything up to publish in one read', () => {
    const one = new ServerHarness();
    const two = new ServerHarness();
    // What a client sends from connect to publish, collected from one session and replayed to another in one piece.
    const sent: Buffer[] = [];
    const push = one.session.push.bind(one.session);
    one.session.push = (bytes) => {
      sent.push(Buffer.from(bytes));
      push(bytes);
    };
    one.connected().command('publish', 3, [null, 'key', 'live'], 1);
    two.session.push(Buffer.concat(sent));
    expect(two.events).toEqual([
      ['connect', 'live'],
      ['publish-request', 'key'],
    ]);
  });
});

describe('input after the end', () => {
  it('of a session that ended inside the handshake is not answered', () => {
    const harness = new ServerHarness();
    const sent: Buffer[] = [];
    harness.session.handler.send = (bytes) => void sent.push(bytes);
    harness.session.end();
    harness.handshake().command('connect', 1, [record({ app: 'live' })]);
    expect(sent).toEqual([]);
    expect(harness.events).toEqual([]);
    expect(harness.session.bytesReceived).toBe(0);
  });

  it('is not decoded: not what comes later, and not what came in the same read', () => {
    const harness = new ServerHarness().publishing();
    const before = harness.session.bytesReceived;
    harness.handler.onVideo = () => harness.session.dismiss('NetStream.Publish.Rejected', 'cut');
    const statuses = () => harness.statuses.map(([code]) => code);
    const publish = encodeAmf0('publish', 9, null, 'other', 'live');
    const two = Buffer.concat([rawMessage(6, { data: video.payload }), rawMessage(3, { type: 20, data: publish })]);
    harness.session.push(two);
    expect(statuses()).toEqual(['NetStream.Publish.Start', 'NetStream.Publish.Rejected']);
    harness.message(video).command('publish', 9, [null, 'other', 'live'], 1);
    expect(statuses()).toHaveLength(2);
    expect(harness.eventNames).toEqual(['connect', 'publish-request', 'closed']);
    expect(harness.session.bytesReceived).toBe(before + two.length);
  });
});

describe('commands out of place', () => {
  it.each(['publish', 'play', 'createStream', 'deleteStream', '_checkbw', 'x'])('%s before connect', (name) => {
    const harness = new ServerHarness().handshake().command(name, 1, [null, 'key'], 1);
    expect(harness.commands).toMatchObject([{ name: '_error', transactionId: 1 }]);
    expect(harness.closed?.code).toBe('rtmp.session.command-out-of-place');
    expect(harness.eventNames).toEqual(['closed']);
  });

  it('connect twice', () => {
    const harness = new ServerHarness().connected().command('connect', 3, [record({ app: 'other' })]);
    expect(harness.commands.at(-1)).toMatchObject({ name: '_error', transactionId: 3 });
    expect(harness.closed?.code).toBe('rtmp.session.command-out-of-place');
    expect(harness.eventNames).toEqual(['connect', 'closed']);
  });

  it('connect again, and a stream too many, while publishing are answered, and the publisher goes on', () => {
    const harness = new ServerHarness().publishing().command('connect', 3, [record({ app: 'other' })]);
    expect(harness.commands.at(-1)).toMatchObject({ name: '_error', transactionId: 3 });
    for (let i = 0; i < 8; i++) harness.command('createStream', 4 + i, [null]);
    expect(harness.commands.at(-1)).toMatchObject({ name: '_error', transactionId: 11 });
    harness.message(video);
    expect(harness.eventNames).toEqual(['connect', 'publish-request', 'video']);
  });

  it.each([
    ['publish', 'key', 'NetStream.Publish.BadName'],
    ['publish', 'other', 'NetStream.Publish.BadName'],
    ['play', 'key', 'NetStream.Play.Failed'],
  ])('%s of %j while publishing is refused on its message stream, and ends neither', (name, streamName, code) => {
    for (const stream of [1, 2]) {
      const harness = new ServerHarness().publishing().command('createStream', 4, [null]);
      harness.command(name, 5, [null, streamName], stream);
      const isRepeated = name === 'publish' && streamName === 'key' && stream === 1;
      expect(harness.statuses.at(-1)).toEqual(isRepeated ? ['NetStream.Publish.Start', 1] : [code, stream]);
      expect(harness.closed).toBeUndefined();
      harness.message(video);
      expect(harness.eventNames).toEqual(['connect', 'publish-request', 'video']);
    }
  });

  it('publish while publishing is being decided, and on a stream that is played', () => {
    const deciding = new ServerHarness()
      .connected()
      .command('publish', 3, [null, 'a'], 1)
      .command('publish', 4, [null, 'a'], 1)
      .command('publish', 5, [null, 'b'], 1);
    expect(deciding.statuses).toEqual([]);
    expect(deciding.eventNames).toEqual(['connect', 'publish-request']);
    expect(deciding.session.acceptPublish(deciding.request('publish'))).toBe(true);
    deciding.session.resumeInput();
    expect(deciding.statuses.at(-1)).toEqual(['NetStream.Publish.BadName', 1]);
    deciding.message(video);
    expect(deciding.eventNames.at(-1)).toBe('video');
    const playing = new ServerHarness().connected().command('play', 3, [null, 'a'], 1);
    playing.session.acceptPlay(playing.request('play'));
    playing.command('publish', 4, [null, 'b'], 1);
    expect(playing.statuses.at(-1)).toEqual(['NetStream.Publish.BadName', 1]);
    expect(playing.closed).toBeUndefined();
    expect(playing.session.stateName).toBe('playing');
  });

  it('publish and play on a stream that was never created', () => {
    for (const stream of [0, 2, 0xffffffff]) {
      const publish = new ServerHarness().connected().command('publish', 3, [null, 'key'], stream);
      expect(publish.statuses).toEqual([['NetStream.Publish.BadName', stream]]);
      const play = new ServerHarness().connected().command('play', 3, [null, 'key'], stream);
      expect(play.statuses).toEqual([['NetStream.Play.Failed', stream]]);
      expect([publish.closed?.code, play.closed?.code]).toEqual(['rtmp.session.refused', 'rtmp.session.refused']);
    }
  });

  it.each<[string, readonly AmfValue[]]>([
    ['another stream', [null, 2]],
    ['stream 0', [null, 0]],
    ['no stream', [null]],
    ['NaN', [null, NaN]],
    ['a text', [null, '1']],
  ])('deleteStream of %s leaves the publisher alone', (_name, args) => {
    const harness = new ServerHarness()
      .publishing()
      .command('deleteStream', 4, args)
      .message({ ...video, timestamp: 9 });
    expect(harness.events.at(-1)).toEqual(['video', 9, '1701']);
  });

  it('FCUnpublish of another name, and closeStream elsewhere, leave the publisher alone', () => {
    const harness = new ServerHarness()
      .publishing()
      .command('FCUnpublish', 4, [null, 'other'])
      .command('closeStream', 0, [null], 7);
    harness.message({ ...video, timestamp: 9 });
    expect(harness.events.at(-1)).toEqual(['video', 9, '1701']);
  });

  it.each([NaN, Infinity, -Infinity])('a transaction id of %d is not answered', (transactionId) => {
    const harness = new ServerHarness().connected();
    const before = harness.answers.length;
    harness.command('createStream', transactionId, [null]);
    expect(harness.answers).toHaveLength(before);
  });

  it.each([-1, 1e308, 0.5])('a transaction id of %d comes back as it is', (transactionId) => {
    const harness = new ServerHarness().connected().command('createStream', transactionId, [null]);
    expect(harness.commands.at(-1)).toMatchObject({ name: '_result', transactionId });
  });

  it('SEC-RTMP-04 createStream again and again: eight are given, then the session ends', () => {
    const harness = new ServerHarness().connected();
    for (let i = 0; i < 10_000; i++) harness.command('createStream', 3 + i, [null]);
    expect(harness.commands.filter(({ name }) => name === '_result').length - 1).toBe(8);
    expect(harness.commands.at(-1)).toMatchObject({ name: '_error' });
    expect(harness.eventNames).toEqual(['connect', 'closed']);
  });

  it.each(['releaseStream', 'FCPublish', 'x'])('SEC-RTMP-04 %s 10,000 times ends the session', (name) => {
    const harness = new ServerHarness().connected();
    for (let i = 0; i < 10_000; i++) harness.command(name, 3 + i, [null, 'key']);
    expect(harness.closed?.code).toBe('rtmp.session.too-many-commands');
    expect(harness.answers.length).toBeLessThan(100);
  });

  it('commands at an ordinary pace may go on for ever', () => {
    const harness = new ServerHarness().connected();
    for (let i = 0; i < 1000; i++) {
      harness.now += 1000;
      harness.command('FCPublish', 3 + i, [null, 'key']);
    }
    expect(harness.closed).toBeUndefined();
  });
});

describe('connect with odd arguments', () => {
  it.each<[string, AmfValue]>([
    ['no object', null],
    ['a number', 5],
    ['an array', [1]],
    ['an app that is a number', record({ app: 5 })],
    ['an app of 257 bytes', record({ app: 'x'.repeat(257) })],
    ['an app of 64 KB', record({ app: 'x'.repeat(65_000) })],
    ['a tcUrl of 60 KB', record({ app: 'live', tcUrl: `rtmp://h/${'x'.repeat(60_000)}` })],
    ['a query of 2 KB', record({ app: `live?${'x'.repeat(2_000)}` })],
  ])('%s is rejected', (_name, object) => {
    const harness = new ServerHarness().handshake().command('connect', 1, [object]);
    expect(harness.eventNames).toEqual(['closed']);
    // The longest do not even get through the AMF limit.
    expect(['rtmp.session.bad-connect', 'amf.too-large']).toContain(harness.closed?.code);
    if (harness.closed?.code === 'rtmp.session.bad-connect') {
      expect(harness.commands).toMatchObject([
        {
          name: '_error',
          args: [record({ level: 'error', code: 'NetConnection.Connect.Rejected' }) as unknown].map(
            (info) => expect.objectContaining(info as object) as unknown,
          ),
        },
      ]);
    }
  });

  it.each<[string, Record<string, AmfValue>]>([
    ['no tcUrl', { app: 'live' }],
    ['a tcUrl that is a number', { app: 'live', tcUrl: 5 }],
    ['a tcUrl of another scheme', { app: 'live', tcUrl: 'javascript:alert(1)' }],
    ['an IPv6 tcUrl', { app: 'live', tcUrl: 'rtmp://[::1]:1935/live' }],
    ['no app', { tcUrl: 'rtmp://h/' }],
    ['an app of 256 bytes', { app: 'x'.repeat(256) }],
    ['a name that is __proto__', { app: 'live', __proto__x: 1 }],
  ])('%s is accepted', (_name, object) => {
    const harness = new ServerHarness().handshake().command('connect', 1, [record(object)]);
    expect(harness.commands).toMatchObject([{ name: '_result' }]);
    expect(harness.closed).toBeUndefined();
  });
});

describe('stream names', () => {
  it.each<[string, AmfValue]>([
    ['a number', 5],
    ['an object', record({})],
    ['nothing', undefined],
    ['257 bytes', 'x'.repeat(257)],
    ['64 KB', 'x'.repeat(60_000)],
    ['a query of 2 KB', `key?${'x'.repeat(2_000)}`],
    ['256 characters of two bytes each', 'é'.repeat(256)],
  ])('%s is refused', (_name, streamName) => {
    const harness = new ServerHarness().connected().command('publish', 3, [null, streamName], 1);
    expect(harness.statuses).toEqual([['NetStream.Publish.BadName', 1]]);
    expect(harness.eventNames).toEqual(['connect', 'closed']);
  });

  it.each([
    '',
    '?',
    'a?b?c',
    '../x',
    'a/b',
    '%2e%2e',
    'a\0b',
    'a\r\nb',
    '#EXT-X-ENDLIST',
    '*',
    '>',
    'a.b',
    '{x}',
    '😀',
    'a\u202eb',
    '__proto__',
  ])('%j is for the owner to judge, as it came', (streamName) => {
    const harness = new ServerHarness().connected().command('publish', 3, [null, streamName], 1);
    expect(harness.events.at(-1)).toEqual(['publish-request', streamName]);
  });

  it('nothing that ends a session quotes the peer', () => {
    const secret = 'mr_st_secret';
    const ends = [
      new ServerHarness().connected().command('publish', 3, [null, secret.repeat(100)], 1),
      new ServerHarness().handshake().command(secret, 1, [null]),
      new ServerHarness().handshake().command('connect', 1, [record({ app: secret.repeat(100) })]),
    ];
    for (const { closed } of ends) {
      expect(closed).toBeDefined();
      expect(JSON.stringify(closed)).not.toContain(secret);
    }
  });
});

describe('media out of place', () => {
  const media = [
    video,
    { ...video, type: MessageType.audio },
    { ...video, type: MessageType.dataAmf0, payload: encodeAmf0('onMetaData', null) },
    {
      ...video,
      type: MessageType.aggregate,
      payload: encodeAggregate([{ type: 9, timestamp: 0, payload: hex('17') }], 1),
    },
  ];

  it.each<[string, () => ServerHarness]>([
    ['before connect', () => new ServerHarness().handshake()],
    ['before publish', () => new ServerHarness().connected()],
    ['after a refusal', refused],
    ['from a player', playing],
    ['after deleteStream', () => new ServerHarness().publishing().command('deleteStream', 4, [null, 1])],
  ])('SEC-RTMP-09 media %s goes nowhere', (_name, prepare) => {
    const harness = prepare();
    const before = harness.events.length;
    for (const message of media) harness.message(message);
    expect(harness.events).toHaveLength(before);
    if (harness.closed === undefined) expect(harness.session.ignored).toMatchObject({ media: 3, data: 1 });
  });

  it.each<[string, string, AmfValue, number]>([
    ['closeStream', 'closeStream', undefined, 1],
    ['FCUnpublish', 'FCUnpublish', 'key', 0],
    ['deleteStream', 'deleteStream', 1, 0],
    ['publish(false)', 'publish', false, 1],
  ])('media in flight after %s is read, up to a limit, and goes nowhere', (_name, command, argument, stream) => {
    const maxBytesInFlight = 1_000_000;
    const harness = new ServerHarness({ limits: { ...DEFAULT_SERVER_SESSION_LIMITS, maxBytesInFlight } })
      .publishing()
      .command(command, 4, [null, argument], stream);
    const events = harness.events.length;
    const picture = { ...video, payload: Buffer.alloc(300_000, 1) };
    for (let i = 0; i < 3; i++) harness.message(picture);
    expect(harness.closed).toBeUndefined();
    expect(harness.session.bytesBeforeActive).toBe(0);
    expect(harness.session.ignored.media).toBe(3);
    expect(harness.events).toHaveLength(events);
    harness.message(picture).message(picture);
    expect(harness.closed?.code).toBe('rtmp.chunk.message-too-large');
    expect(harness.session.bytesBeforeActive).toBeGreaterThan(100_000);
  });

  it('media in flight does not keep the client from publishing again', () => {
    const harness = new ServerHarness().publishing().command('closeStream', 4, [null], 1);
    harness.message({ ...video, payload: Buffer.alloc(300_000, 1) });
    harness.command('publish', 5, [null, 'next', 'live'], 1);
    harness.session.acceptPublish(harness.request('publish'));
    harness.message(video);
    expect(harness.events.at(-1)).toEqual(['video', 0, '1701']);
  });

  it.each([0, 2, 0xffffffff])('media on message stream %i goes nowhere', (messageStreamId) => {
    const harness = new ServerHarness().publishing();
    const before = harness.events.length;
    for (const message of media) harness.message({ ...message, messageStreamId });
    expect(harness.events).toHaveLength(before);
    expect(harness.session.ignored).toMatchObject({ media: 3, data: 1 });
  });

  it('empty audio and video messages are ignored', () => {
    const harness = new ServerHarness().publishing();
    harness.message({ ...video, payload: hex('') }).message({ ...video, type: MessageType.audio, payload: hex('') });
    expect(harness.session.ignored.media).toBe(2);
    expect(harness.eventNames).not.toContain('video');
  });

  function refused(): ServerHarness {
    const harness = new ServerHarness().connected().command('publish', 3, [null, 'key'], 1);
    harness.session.refuse(harness.request('publish'), 'NetStream.Publish.BadName', 'no');
    return harness;
  }

  function playing(): ServerHarness {
    const harness = new ServerHarness().connected().command('play', 3, [null, 'key'], 1);
    harness.session.acceptPlay(harness.request('play'));
    return harness;
  }
});

describe('data messages', () => {
  it('metadata of 1 MB is dropped, and the stream goes on', () => {
    const harness = new ServerHarness().publishing();
    const payload = encodeAmf0('onMetaData', 'x'.repeat(1_000_000));
    harness.message({ ...video, type: MessageType.dataAmf0, payload }).message({ ...video, timestamp: 3 });
    expect(harness.session.ignored.data).toBe(1);
    expect(harness.events.at(-1)).toEqual(['video', 3, '1701']);
  });

  it('metadata a thousand times in a second is dropped above the rate', () => {
    const harness = new ServerHarness().publishing();
    const payload = encodeAmf0('onMetaData', null);
    for (let i = 0; i < 1000; i++) harness.message({ ...video, type: MessageType.dataAmf0, payload });
    const taken = harness.eventNames.filter((name) => name === 'data').length;
    expect(taken).toBe(200);
    expect(harness.session.ignored.data).toBe(800);
    harness.now += 1000;
    harness.message({ ...video, type: MessageType.dataAmf0, payload });
    expect(harness.eventNames.at(-1)).toBe('data');
  });

  it.each(['', '07 0000', '05', '0a ffffffff', '02 ffff'])(
    'metadata of %j is dropped, and the stream goes on',
    (bytes) => {
      const harness = new ServerHarness().publishing();
      for (const type of [MessageType.dataAmf0, MessageType.dataAmf3])
        harness.message({ ...video, type, payload: hex(bytes) });
      expect(harness.session.ignored.data).toBe(2);
      expect(harness.closed).toBeUndefined();
    },
  );
});

describe('control messages', () => {
  it.each([
    ['window 0', 5, '00000000'],
    ['window 1', 5, '00000001'],
    ['window ffffffff', 5, 'ffffffff'],
    ['a window of 3 bytes', 5, '000000'],
    ['peer bandwidth of type 3', 6, '0000000103'],
    ['peer bandwidth of 4 bytes', 6, '00000001'],
    ['user control of 0 bytes', 4, ''],
    ['user control of 1 byte', 4, '00'],
    ['user control of 5 bytes', 4, '0006000000'],
    ['user control event 1f', 4, '001f00000001'],
    ['user control event ffff', 4, 'ffff'],
    ['an acknowledgement of 3 bytes', 3, '000000'],
    ['shared object 16', 16, '00'],
    ['shared object 19', 19, '00'],
    ['type 7f', 0x7f, '00'],
    ['type 0', 0, ''],
  ])('%s is ignored', (_name, type, bytes) => {
    const harness = new ServerHarness().publishing();
    const before = harness.answers.length;
    harness.message({ type, chunkStreamId: 2, payload: hex(bytes) });
    expect(harness.answers).toHaveLength(before);
    expect(harness.session.ignored.other).toBe(type > 6 || type === 0 ? 1 : 0);
    harness.message({ ...video, timestamp: 3 });
    expect(harness.events.at(-1)).toEqual(['video', 3, '1701']);
  });

  it('a window of one byte makes no more than one acknowledgement per 64 KiB', () => {
    const harness = new ServerHarness().publishing().message({ type: 5, chunkStreamId: 2, payload: hex('00000001') });
    const from = harness.session.bytesReceived;
    for (let i = 0; i < 2000; i++) harness.message({ ...video, payload: Buffer.alloc(500, 1) });
    const acknowledgements = harness.answers.filter(({ type }) => type === 3).length;
    expect(acknowledgements).toBeGreaterThan(10);
    expect(acknowledgements).toBeLessThanOrEqual((harness.session.bytesReceived - from) / 65_536 + 1);
  });

  it('pings are answered up to a rate', () => {
    const harness = new ServerHarness().publishing();
    const pings = (): number => harness.userControls.filter((event) => event === 'pingResponse').length;
    for (let i = 0; i < 100_000; i++) harness.message({ type: 4, chunkStreamId: 2, payload: hex('0006 00000d0f') });
    expect(pings()).toBe(10);
    expect(harness.session.ignored.control).toBe(99_990);
    harness.now += 1000;
    harness.message({ type: 4, chunkStreamId: 2, payload: hex('0006 00000d0f') });
    expect(pings()).toBe(11);
  });

  it('the ping of librtmp is answered', () => {
    const harness = new ServerHarness().publishing();
    harness.session.push(hex('42 000000 000006 04 0006 00000d0f'));
    expect(harness.answers.at(-1)).toMatchObject({ type: 4, payload: hex('0007 00000d0f') });
  });

  it('peer bandwidth is answered with the window when it changes, up to a rate', () => {
    const harness = new ServerHarness().publishing();
    const windows = (): number => harness.answers.filter(({ type }) => type === 5).length;
    const before = windows();
    for (let i = 0; i < 5; i++) harness.message({ type: 6, chunkStreamId: 2, payload: hex('00010000 00') });
    expect(windows() - before).toBe(1);
    for (let i = 0; i < 1000; i++)
      harness.message({ type: 6, chunkStreamId: 2, payload: hex(i % 2 === 0 ? '0001000000' : '0002000000') });
    expect(windows() - before).toBe(10);
  });
});

describe('broken input', () => {
  it.each([
    ['a chunk stream that was never opened', 'c5', 'rtmp.chunk.unknown-stream'],
    ['a promise of 16 MiB', '05 000000 ffffff 09 01000000', 'rtmp.chunk.message-too-large'],
    ['a chunk size of 0', '02 000000 000004 01 00000000 00000000', 'rtmp.chunk.bad-chunk-size'],
  ])('%s ends the session with a reason', (_name, bytes, code) => {
    const harness = new ServerHarness().publishing();
    harness.session.push(hex(bytes));
    expect(harness.closed?.code).toBe(code);
    harness.session.push(hex(bytes));
    expect(harness.eventNames.filter((name) => name === 'closed')).toHaveLength(1);
  });

  it('a broken aggregate ends the session', () => {
    const harness = new ServerHarness()
      .publishing()
      .message({ ...video, type: 22, payload: hex('09 0000ff 000000 00 000000 17') });
    expect(harness.closed?.code).toBe('ended-early');
  });

  it.each([
    ['no byte', ''],
    ['no name', '05'],
    ['a cut name', '02 00ff 61'],
    ['a reference', '02 0001 61 07 0000'],
    ['33 levels', `02 0001 61 ${'0a 00000001'.repeat(33)} 05`],
  ])('a command with %s ends the session', (_name, bytes) => {
    for (const type of [20, 17]) {
      const harness = new ServerHarness().connected().message({ type, payload: hex(bytes) });
      expect(harness.eventNames).toEqual(['connect', 'closed']);
    }
  });

  it('commands of type 17, with and without the format selector', () => {
    for (const selector of ['00', '']) {
      const harness = new ServerHarness().connected();
      const payload = Buffer.concat([hex(selector), encodeAmf0('createStream', 5, null)]);
      harness.message({ type: 17, payload });
      expect(harness.commands.at(-1)).toMatchObject({ name: '_result', transactionId: 5, args: [2] });
    }
  });

  it('an error of the owner is the owner’s: it is not swallowed', () => {
    const harness = new ServerHarness().publishing();
    harness.handler.onVideo = () => {
      throw new TypeError('defect');
    };
    expect(() => harness.message(video)).toThrow('defect');
  });

  it('a chunk that is broken in a read of many ends the session there, behind what came before', () => {
    const harness = new ServerHarness().publishing();
    const good = rawChunk({ fmt: 0, csid: 6, time: 5, length: 2, type: 9, stream: 1, data: hex('1701') });
    harness.session.push(Buffer.concat([good, hex('c7'), good]));
    expect(harness.eventNames.slice(2)).toEqual(['video', 'closed']);
  });
});
