import { describe, expect, it } from 'vitest';
import { encodeAmf0 } from '../../amf0/index.ts';
import type { AmfValue } from '../../amf0/index.ts';
import { record } from '../../testing/amf-record.ts';
import { hex } from '../../testing/hex.ts';
import { encodeAggregate } from '../message/aggregate.ts';
import { MessageType } from '../message/message-type.ts';
import { ServerHarness } from '../testing/server-harness.ts';
import type { PlayerCommand } from './server-session-handler.ts';
import { DEFAULT_SERVER_SESSION_LIMITS } from './server-session-options.ts';

describe('RtmpServerSession', () => {
  it('answers connect with window, bandwidth, chunk size and result', () => {
    const { answers, commands, events, session } = new ServerHarness()
      .handshake()
      .command('connect', 1, [record({ app: 'live', tcUrl: 'rtmp://host/live' })]);
    // The harness' decoder obeys the chunk size, so that is missing here.
    expect(answers.map(({ type }) => type)).toEqual([5, 6, 20]);
    expect(commands[0]).toMatchObject({ name: '_result', transactionId: 1 });
    expect(commands[0]?.args).toEqual([
      record({
        level: 'status',
        code: 'NetConnection.Connect.Success',
        description: 'Connection succeeded.',
        objectEncoding: 0,
      }),
    ]);
    expect(commands[0]?.object).toEqual(record({ fmsVer: 'FMS/3,5,7,7009', capabilities: 31, mode: 1 }));
    expect(events).toEqual([['connect', 'live']]);
    expect(session.stateName).toBe('connected');
  });

  it('walks through its states', () => {
    const harness = new ServerHarness();
    expect(harness.session.stateName).toBe('handshake');
    harness.handshake();
    expect(harness.session.stateName).toBe('awaiting-connect');
    harness.command('createStream', 1, [null]);
    expect(harness.session.stateName).toBe('closed');
    const publisher = new ServerHarness().connected().command('publish', 3, [null, 'key', 'live'], 1);
    expect(publisher.session).toMatchObject({ stateName: 'deciding', active: false });
    publisher.session.acceptPublish(publisher.request('publish'));
    expect(publisher.session).toMatchObject({ stateName: 'publishing', active: true });
    publisher.command('deleteStream', 4, [null, 1]);
    expect(publisher.session).toMatchObject({ stateName: 'connected', active: false });
  });

  it('answers releaseStream, FCPublish, createStream, getStreamLength and _checkbw', () => {
    const { commands } = new ServerHarness()
      .handshake()
      .command('connect', 1, [record({ app: 'live' })])
      .command('releaseStream', 2, [null, 'key'])
      .command('FCPublish', 3, [null, 'key'])
      .command('createStream', 4, [null])
      .command('createStream', 5, [null])
      .command('getStreamLength', 6, [null, 'key'])
      .command('_checkbw', 7, [null]);
    expect(commands.slice(1).map(({ name, transactionId, args }) => [name, transactionId, ...args])).toEqual([
      ['_result', 2, undefined],
      ['_result', 3, undefined],
      ['_result', 4, 1],
      ['_result', 5, 2],
      ['_result', 6, 0],
      ['_result', 7, undefined],
    ]);
  });

  it('gives a message stream id again once it was deleted', () => {
    const { commands } = new ServerHarness()
      .connected()
      .command('createStream', 3, [null])
      .command('deleteStream', 4, [null, 1])
      .command('createStream', 5, [null]);
    expect(
      commands
        .filter(({ name }) => name === '_result')
        .slice(1)
        .map(({ args }) => args[0]),
    ).toEqual([1, 2, 1]);
  });

  it('refuses unknown commands that ask for an answer, and stays', () => {
    const harness = new ServerHarness().connected().command('doThings', 9, [null]).command('doMore', 0, [null]);
    expect(harness.commands.at(-1)).toMatchObject({ name: '_error', transactionId: 9 });
    expect(harness.closed).toBeUndefined();
  });

  it('asks its owner, and lets the client publish when told to', () => {
    const harness = new ServerHarness().connected().command('publish', 3, [null, 'key?a=1', 'record'], 1);
    const request = harness.request('publish');
    expect(request).toMatchObject({ streamName: 'key?a=1', publishType: 'record', messageStreamId: 1 });
    expect(request.connect).toMatchObject({ app: 'live', tcUrl: 'rtmp://host/live' });
    expect(harness.statuses).toEqual([]);
    expect(harness.session.acceptPublish(request)).toBe(true);
    expect(harness.userControls).toEqual(['streamBegin']);
    expect(harness.statuses).toEqual([['NetStream.Publish.Start', 1]]);
    expect(harness.session.acceptPublish(request)).toBe(false);
  });

  it('says onFCPublish to who said FCPublish', () => {
    const harness = new ServerHarness()
      .connected()
      .command('FCPublish', 3, [null, 'key'])
      .command('publish', 4, [null, 'key'], 1);
    harness.session.acceptPublish(harness.request('publish'));
    expect(harness.commands.map(({ name }) => name).slice(-2)).toEqual(['onFCPublish', 'onStatus']);
  });

  it('takes audio, video and data of the publisher', () => {
    const harness = new ServerHarness()
      .publishing()
      .message({ type: MessageType.video, messageStreamId: 1, timestamp: 40, payload: hex('17 01') })
      .message({ type: MessageType.audio, messageStreamId: 1, timestamp: 41, payload: hex('af 01') })
      .message({
        type: MessageType.dataAmf0,
        messageStreamId: 1,
        timestamp: 42,
        payload: encodeAmf0('@setDataFrame', 'onMetaData', record({ width: 1 })),
      })
      .message({
        type: MessageType.dataAmf3,
        messageStreamId: 1,
        timestamp: 43,
        payload: Buffer.concat([hex('00'), encodeAmf0('onCuePoint', 5)]),
      });
    expect(harness.events.slice(2)).toEqual([
      ['video', 40, '1701'],
      ['audio', 41, 'af01'],
      ['data', 42, 'onMetaData', record({ width: 1 })],
      ['data', 43, 'onCuePoint', 5],
    ]);
  });

  it('takes aggregates apart', () => {
    const payload = encodeAggregate(
      [
        { type: 9, timestamp: 7, payload: hex('1701') },
        { type: 8, timestamp: 9, payload: hex('af01') },
        { type: 18, timestamp: 9, payload: encodeAmf0('x') },
        { type: 20, timestamp: 9, payload: encodeAmf0('deleteStream', 1, null, 1) },
      ],
      1,
    );
    const harness = new ServerHarness().publishing().message({ type: 22, messageStreamId: 1, timestamp: 100, payload });
    expect(harness.events.slice(2)).toEqual([
      ['video', 100, '1701'],
      ['audio', 102, 'af01'],
      ['data', 102, 'x'],
    ]);
    expect(harness.session.ignored.media).toBe(1);
  });

  it('an aggregate stops with the session that ends inside it', () => {
    const harness = new ServerHarness().publishing();
    const seen: number[] = [];
    harness.handler.onVideo = (timestamp) => {
      seen.push(timestamp);
      harness.session.end();
    };
    const payload = encodeAggregate(
      [1, 2, 3].map((timestamp) => ({ type: 9, timestamp, payload: hex('1701') })),
      1,
    );
    harness.message({ type: 22, messageStreamId: 1, timestamp: 1, payload });
    expect(seen).toEqual([1]);
  });

  it.each<[string, (harness: ServerHarness) => unknown, string]>([
    ['deleteStream', (harness) => harness.command('deleteStream', 4, [null, 1]), 'delete-stream'],
    ['closeStream', (harness) => harness.command('closeStream', 4, [null], 1), 'close-stream'],
    ['FCUnpublish', (harness) => harness.command('FCUnpublish', 4, [null, 'key']), 'fc-unpublish'],
    ['publish(false)', (harness) => harness.command('publish', 4, [null, false], 1), 'publish-false'],
  ])('%s ends the stream, and media behind it is ignored', (_name, stop, reason) => {
    const harness = new ServerHarness().publishing();
    stop(harness);
    harness.message({ type: MessageType.video, messageStreamId: 1, payload: hex('1701') });
    expect(harness.events.slice(2)).toEqual([['stopped', reason]]);
    expect(harness.session.ignored.media).toBe(1);
    expect(harness.statuses.at(-1)).toEqual(['NetStream.Unpublish.Success', 1]);
  });

  it('takes the message stream away with deleteStream, and only then', () => {
    const deleted = new ServerHarness().publishing().command('deleteStream', 4, [null, 1]);
    deleted.command('publish', 5, [null, 'key', 'live'], 1);
    expect(deleted.closed?.code).toBe('rtmp.session.refused');
    for (const [name, args, stream] of [
      ['closeStream', [null], 1],
      ['publish', [null, false], 1],
    ] as const) {
      const stopped = new ServerHarness().publishing().command(name, 4, args, stream);
      stopped.command('publish', 5, [null, 'key', 'live'], 1);
      expect(stopped.eventNames.at(-1)).toBe('publish-request');
    }
  });

  it('answers FCUnpublish, which asks for that, and neither deleteStream nor closeStream', () => {
    const answered = (harness: ServerHarness): unknown[] =>
      harness.commands.filter(({ name }) => name === '_result').map(({ transactionId }) => transactionId);
    expect(answered(new ServerHarness().publishing().command('FCUnpublish', 9, [null, 'key']))).toContain(9);
    expect(answered(new ServerHarness().publishing().command('deleteStream', 9, [null, 1]))).not.toContain(9);
    expect(answered(new ServerHarness().publishing().command('closeStream', 9, [null], 1))).not.toContain(9);
  });

  it('lets a client publish again after it stopped', () => {
    const harness = new ServerHarness()
      .publishing('one')
      .command('FCUnpublish', 4, [null, 'one'])
      .command('publish', 5, [null, 'two'], 1);
    expect(harness.session.acceptPublish(harness.request('publish'))).toBe(true);
    harness.message({ type: MessageType.video, messageStreamId: 1, timestamp: 5, payload: hex('1701') });
    expect(harness.events.at(-1)).toEqual(['video', 5, '1701']);
  });

  it('holds what comes before the decision, and goes on with it', () => {
    const harness = new ServerHarness().connected().command('publish', 3, [null, 'one'], 1);
    harness.message({ type: MessageType.video, messageStreamId: 1, timestamp: 5, payload: hex('1701') });
    expect(harness.eventNames).toEqual(['connect', 'publish-request']);
    expect(harness.session.heldBytes).toBeGreaterThan(0);
    expect(harness.session.acceptPublish(harness.request('publish'))).toBe(true);
    harness.session.resumeInput();
    expect(harness.events.at(-1)).toEqual(['video', 5, '1701']);
    expect(harness.session.heldBytes).toBe(0);
  });

  it('a request that was taken back cannot be decided any more', () => {
    const harness = new ServerHarness().connected().command('publish', 3, [null, 'one'], 1);
    const first = harness.request('publish');
    harness
      .command('deleteStream', 4, [null, 1])
      .command('createStream', 5, [null])
      .command('publish', 6, [null, 'two'], 1);
    expect(harness.eventNames).toEqual(['connect', 'publish-request']);
    expect(harness.session.acceptPublish(first)).toBe(true);
    harness.session.resumeInput();
    expect(harness.eventNames).toEqual(['connect', 'publish-request', 'stopped', 'publish-request']);
    expect(harness.session.acceptPublish(first)).toBe(false);
    expect(harness.session.refuse(first, 'NetStream.Publish.BadName', 'no')).toBe(false);
    expect(harness.session.acceptPublish(harness.request('publish'))).toBe(true);
  });

  it('refuses with an error status, and is over', () => {
    const harness = new ServerHarness().connected().command('publish', 3, [null, 'key'], 1);
    expect(harness.session.refuse(harness.request('publish'), 'NetStream.Publish.BadName', 'key revoked')).toBe(true);
    expect(harness.commands.at(-1)).toMatchObject({
      name: 'onStatus',
      stream: 1,
      args: [record({ level: 'error', code: 'NetStream.Publish.BadName', description: 'key revoked' })],
    });
    expect(harness.closed).toEqual({ code: 'rtmp.session.refused', detail: 'NetStream.Publish.BadName' });
    expect(harness.session.stateName).toBe('closed');
  });

  it('is dismissed at any time, with a status where the client looks for it', () => {
    const publisher = new ServerHarness().publishing();
    publisher.session.dismiss('NetStream.Publish.Denied', 'key revoked');
    expect(publisher.statuses.at(-1)).toEqual(['NetStream.Publish.Denied', 1]);
    expect(publisher.eventNames.at(-1)).toBe('closed');
    const idle = new ServerHarness().connected();
    idle.session.dismiss('NetConnection.Connect.Rejected', 'no');
    expect(idle.statuses).toEqual([['NetConnection.Connect.Rejected', 0]]);
  });

  it('tells its end once, and nothing afterwards', () => {
    const harness = new ServerHarness().publishing();
    harness.session.dismiss('NetStream.Publish.Denied', 'one');
    harness.session.dismiss('NetStream.Publish.Denied', 'two');
    harness.message({ type: MessageType.video, messageStreamId: 1, payload: hex('1701') });
    expect(harness.eventNames.filter((name) => name === 'closed')).toHaveLength(1);
    expect(harness.eventNames).not.toContain('video');
    const gone = new ServerHarness().publishing();
    gone.session.end();
    gone.message({ type: MessageType.video, messageStreamId: 1, payload: hex('1701') });
    gone.session.dismiss('NetStream.Publish.Denied', 'no');
    expect(gone.eventNames).toEqual(['connect', 'publish-request']);
  });

  it('acknowledges every window of bytes', () => {
    const harness = new ServerHarness().publishing();
    const acknowledgements = (): number[] =>
      harness.answers.filter(({ type }) => type === 3).map(({ payload }) => payload.readUInt32BE());
    harness.message({ type: 5, chunkStreamId: 2, payload: hex('00018000') });
    expect(acknowledgements()).toEqual([]);
    for (let i = 0; i < 5; i++) harness.message({ type: 9, messageStreamId: 1, payload: Buffer.alloc(40_000, 1) });
    expect(acknowledgements()).toHaveLength(1);
    expect(acknowledgements()[0]).toBeGreaterThanOrEqual(0x18000);
    for (let i = 0; i < 5; i++) harness.message({ type: 9, messageStreamId: 1, payload: Buffer.alloc(40_000, 1) });
    expect(acknowledgements()).toHaveLength(3);
    expect(acknowledgements().at(-1)).toBeLessThanOrEqual(harness.session.bytesReceived);
  });

  it('counts what comes while nothing is published, and begins anew after a stop', () => {
    const limits = { ...DEFAULT_SERVER_SESSION_LIMITS, maxBytesInFlight: 0 };
    const harness = new ServerHarness({ limits }).connected();
    const before = harness.session.bytesBeforeActive;
    expect(before).toBe(harness.session.bytesReceived);
    harness.command('publish', 3, [null, 'key'], 1);
    harness.session.acceptPublish(harness.request('publish'));
    const atStart = harness.session.bytesBeforeActive;
    harness.message({ type: 9, messageStreamId: 1, payload: Buffer.alloc(100_000) });
    expect(harness.session.bytesBeforeActive).toBe(atStart);
    harness.command('FCUnpublish', 4, [null, 'key']);
    expect(harness.session.bytesBeforeActive).toBe(0);
    harness.message({ type: 9, messageStreamId: 1, payload: Buffer.alloc(10) });
    expect(harness.session.bytesBeforeActive).toBeGreaterThan(10);
  });

  it('takes no long message before it is active, and takes it afterwards', () => {
    const early = new ServerHarness()
      .connected()
      .message({ type: 9, messageStreamId: 1, payload: Buffer.alloc(65_537) });
    expect(early.closed?.code).toBe('rtmp.chunk.message-too-large');
    const late = new ServerHarness()
      .publishing()
      .message({ type: 9, messageStreamId: 1, payload: Buffer.alloc(1_000_000, 1) });
    expect(late.eventNames.at(-1)).toBe('video');
  });

  describe('for a player', () => {
    function player(): ServerHarness {
      return new ServerHarness().connected().command('play', 3, [null, 'pbk_1', -1], 1);
    }

    it('announces the stream, sends media, and stops with the player', () => {
      const harness = player();
      expect(harness.request('play')).toMatchObject({ streamName: 'pbk_1', start: -1, messageStreamId: 1 });
      const out = harness.session.acceptPlay(harness.request('play'))!;
      expect(harness.session).toMatchObject({ stateName: 'playing', active: true });
      expect(harness.userControls).toEqual(['streamBegin']);
      expect(harness.statuses).toEqual([
        ['NetStream.Play.Reset', 1],
        ['NetStream.Play.Start', 1],
      ]);
      const access = encodeAmf0('|RtmpSampleAccess', true, true);
      const start = encodeAmf0('onStatus', record({ code: 'NetStream.Data.Start' }));
      expect(harness.answers.filter(({ type }) => type === 18).map(({ payload }) => payload)).toEqual([access, start]);
      expect(harness.session.sender.encoder.chunkSize).toBe(60_000);
      harness.answers.length = 0;
      out.sendVideo(5, hex('1701'));
      out.sendAudio(6, hex('af01'));
      out.sendData(7, encodeAmf0('onMetaData', record({})));
      out.sendStreamEvent('streamEof');
      expect(harness.answers.map(({ type, stream }) => [type, stream])).toEqual([
        [9, 1],
        [8, 1],
        [18, 1],
        [4, 0],
      ]);
      harness.command('deleteStream', 4, [null, 1]);
      expect(harness.events.at(-1)).toEqual(['stopped', 'delete-stream']);
      harness.answers.length = 0;
      out.sendVideo(8, hex('1701'));
      out.sendStreamEvent('streamBegin');
      expect(out.isOpen).toBe(false);
      expect(harness.answers).toEqual([]);
    });

    it('answers what a player asks of its stream, and tells its owner what to do', () => {
      const harness = player();
      harness.session.acceptPlay(harness.request('play'));
      const asked = (name: string, ...args: AmfValue[]) => {
        harness.answers.length = harness.events.length = 0;
        harness.command(name, 0, [null, ...args], 1);
        return [harness.userControls, harness.statuses.map(([code]) => code), harness.events];
      };
      const told = (command: PlayerCommand) => [['player-command', command]];
      const receive = (audio: boolean, video: boolean) => told({ kind: 'receive', receives: { audio, video } });
      expect(asked('pause', true, 0)).toEqual([
        ['streamEof'],
        ['NetStream.Pause.Notify'],
        told({ kind: 'pause', isPaused: true }),
      ]);
      expect(asked('pause', false, 0)).toEqual([
        ['streamBegin'],
        ['NetStream.Unpause.Notify'],
        told({ kind: 'pause', isPaused: false }),
      ]);
      expect(asked('pause', 'now')).toEqual([[], [], []]);
      expect(asked('seek', 5_000)).toEqual([[], ['NetStream.Seek.Notify'], []]);
      expect(asked('receiveVideo', false)).toEqual([[], [], receive(true, false)]);
      expect(asked('receiveAudio', false)).toEqual([[], [], receive(false, false)]);
      expect(asked('receiveVideo', true)).toEqual([
        [],
        ['NetStream.Seek.Notify', 'NetStream.Play.Start'],
        receive(false, true),
      ]);
      expect(asked('play2', record({ streamName: 'other' }))).toEqual([[], ['NetStream.Play.Failed'], []]);
      expect(harness.session.stateName).toBe('playing');
      expect(asked('closeStream')).toEqual([[], [], [['stopped', 'close-stream']]]);
      expect(asked('play2', record({}))).toEqual([[], ['NetStream.Play.Failed'], []]);
      expect(harness.closed).toBeUndefined();
    });

    it('knows what a client wants to receive that said so before it asked to play', () => {
      const harness = new ServerHarness().connected();
      harness.command('receiveVideo', 0, [null, false], 1).command('play', 3, [null, 'pbk_1'], 1);
      expect(harness.request('play')).toMatchObject({ receives: { audio: true, video: false } });
      expect(harness.statuses).toEqual([]);
    });

    it('tells a player when its stream is dry, has media again, and is over', () => {
      const harness = player();
      harness.session.acceptPlay(harness.request('play'));
      harness.answers.length = 0;
      harness.session.sendStreamEvent('streamDry');
      harness.session.sendStreamEvent('streamBegin');
      harness.session.endPlay(true, 'The stream has ended.');
      expect(harness.userControls).toEqual(['streamDry', 'streamBegin', 'streamEof']);
      expect(harness.statuses).toEqual([
        ['NetStream.Play.UnpublishNotify', 1],
        ['NetStream.Play.Stop', 1],
      ]);
      expect(harness.closed?.code).toBe('rtmp.session.play-ended');
      harness.session.endPlay(true, 'The stream has ended.');
      expect(harness.statuses).toHaveLength(2);
    });

    it('does not send to a player whose session is over', () => {
      const harness = player();
      const out = harness.session.acceptPlay(harness.request('play'))!;
      harness.session.end();
      harness.answers.length = 0;
      out.sendVideo(5, hex('1701'));
      expect(harness.answers).toEqual([]);
    });

    it('refuses with an error status', () => {
      const harness = player();
      harness.session.refuse(harness.request('play'), 'NetStream.Play.StreamNotFound', 'no such stream');
      expect(harness.statuses).toEqual([['NetStream.Play.StreamNotFound', 1]]);
      expect(harness.session.acceptPlay(harness.request('play'))).toBeUndefined();
    });
  });
});
