import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { encodeAmf0 } from '../../amf0/index.ts';
import { FlvDecoder, FlvTagType } from '../../flv/index.ts';
import { decodeData } from '../message/data.ts';
import { record } from '../../testing/amf-record.ts';
import { hex } from '../../testing/hex.ts';
import { pattern } from '../testing/raw-chunk.ts';
import { RtmpClientSession } from './client-session.ts';
import type { ClientSessionHandler } from './client-session.ts';
import { clientSessionOptions } from './client-session-options.ts';
import type { ClientSessionOptions } from './client-session-options.ts';
import type { PlayerSender } from './player-sender.ts';
import { RtmpServerSession } from './server-session.ts';
import type { MediaHandler } from './media-intake.ts';
import type { ServerSessionHandler } from './server-session-handler.ts';
import { serverSessionOptions } from './server-session-options.ts';
import type { ServerSessionOptions } from './server-session-options.ts';

const now = (): number => 0;

/** A client and a server session, connected by two queues that `settle` empties, in reads of a given size. */
class Pair {
  readonly log: unknown[] = [];
  readonly client: RtmpClientSession;
  readonly server: RtmpServerSession;
  player: PlayerSender | undefined = undefined;
  readonly #toServer: Buffer[] = [];
  readonly #toClient: Buffer[] = [];
  readonly #readSize: number;

  constructor(
    client: Partial<ClientSessionOptions> = {},
    {
      refuse,
      readSize = 1_000_000,
      server = {},
    }: { refuse?: string; readSize?: number; server?: Partial<ServerSessionOptions> } = {},
  ) {
    this.#readSize = readSize;
    const handler = this.#serverHandler(refuse);
    this.server = new RtmpServerSession(handler, serverSessionOptions(now, server));
    this.server.media = handler;
    this.client = new RtmpClientSession(
      this.#clientHandler(),
      clientSessionOptions({ now, mode: 'publish', app: 'live', tcUrl: 'rtmp://h/live', streamName: 'key', ...client }),
    );
    this.client.start();
    this.settle();
  }

  #serverHandler(refuse: string | undefined): ServerSessionHandler & MediaHandler {
    return {
      send: (bytes) => void this.#toClient.push(bytes),
      onConnect: (info) => void this.log.push(['connect', info.app, info.objectEncoding, info.capsEx]),
      onLoginRequest: () => undefined,
      onPublishRequest: (request) => {
        if (refuse === undefined) this.server.acceptPublish(request);
        else this.server.refuse(request, 'NetStream.Publish.BadName', refuse);
      },
      onPlayRequest: (request) => {
        this.player = this.server.acceptPlay(request);
      },
      onPlayerCommand: () => undefined,
      onAudio: (timestamp, payload) => void this.log.push(['audio', timestamp, payload.toString('hex')]),
      onVideo: (timestamp, payload) => void this.log.push(['video', timestamp, payload.toString('hex')]),
      onData: (timestamp, data) => void this.log.push(['data', timestamp, data.name]),
      onStopped: (reason) => void this.log.push(['stopped', reason]),
      onClosed: ({ code }) => void this.log.push(['server closed', code]),
    };
  }

  #clientHandler(): ClientSessionHandler {
    return {
      send: (bytes) => void this.#toServer.push(bytes),
      onReady: () => void this.log.push(['ready']),
      onStatus: ({ code }) => void this.log.push(['status', code]),
      onReconnectRequest: (tcUrl, description) => void this.log.push(['reconnect', tcUrl, description]),
      onAudio: (timestamp, payload) => void this.log.push(['audio', timestamp, payload.toString('hex')]),
      onVideo: (timestamp, payload) => void this.log.push(['video', timestamp, payload.toString('hex')]),
      onData: (timestamp, data) => void this.log.push(['data', timestamp, data.name]),
      onClosed: ({ code, detail }) => void this.log.push(['client closed', code, detail]),
    };
  }

  /** Carries bytes to and fro until neither side has more to say. */
  settle(): void {
    while (this.#toServer.length + this.#toClient.length > 0) {
      this.#carry(this.#toServer, (bytes) => this.server.push(bytes));
      this.#carry(this.#toClient, (bytes) => this.client.push(bytes));
    }
  }

  #carry(queue: Buffer[], push: (bytes: Buffer) => void): void {
    const bytes = Buffer.concat(queue.splice(0));
    for (let at = 0; at < bytes.length; at += this.#readSize) push(bytes.subarray(at, at + this.#readSize));
  }
}

const start = [['connect', 'live', 0, 0], ['status', 'NetStream.Publish.Start'], ['ready']];

describe('a client and a server session', () => {
  it.each<[string, Partial<ClientSessionOptions>]>([
    ['with the simple handshake', {}],
    ['with a digest of scheme 0', { digestScheme: 0 }],
    ['with a digest of scheme 1', { digestScheme: 1 }],
    ['in chunks of 1 byte', { chunkSize: 1 }],
    ['in chunks of 65536 bytes', { chunkSize: 65_536 }],
  ])('publish %s', (_name, options) => {
    const pair = new Pair(options);
    expect(pair.log).toEqual(start);
    pair.client.sendVideo(1, pattern(5000));
    pair.client.sendAudio(2, hex('af01'));
    pair.client.sendData(3, { name: 'onMetaData', values: [null] });
    pair.client.sendVideo(0x1000000, pattern(500));
    pair.client.unpublish();
    pair.settle();
    expect(pair.log.slice(3)).toEqual([
      ['video', 1, pattern(5000).toString('hex')],
      ['audio', 2, 'af01'],
      ['data', 3, 'onMetaData'],
      ['video', 0x1000000, pattern(500).toString('hex')],
      ['stopped', 'fc-unpublish'],
      ['status', 'NetStream.Unpublish.Success'],
    ]);
  });

  it('publish byte by byte', () => {
    const pair = new Pair({}, { readSize: 1 });
    pair.client.sendVideo(1, pattern(5000));
    pair.settle();
    expect(pair.log).toEqual([...start, ['video', 1, pattern(5000).toString('hex')]]);
  });

  it('publish with AMF3 messages', () => {
    const pair = new Pair({ objectEncoding: 3 });
    pair.client.sendData(3, { name: 'onMetaData', values: [record({ a: 1 })] });
    pair.settle();
    expect(pair.log).toEqual([['connect', 'live', 3, 0], ...start.slice(1), ['data', 3, 'onMetaData']]);
  });

  it('carry footage of codecs that the server does not know, whole', () => {
    const file = readFileSync(new URL('../../../../../media/bbb-av1-opus-enhanced.flv', import.meta.url));
    const tags = new FlvDecoder().push(file);
    expect(tags.map(({ type }) => type).filter((type) => type === 9).length).toBeGreaterThan(100);
    const pair = new Pair({ chunkSize: 1000 }, { readSize: 1460 });
    const sent = tags.map(({ type, timestampMs, data }) => {
      if (type === FlvTagType.video) pair.client.sendVideo(timestampMs, data);
      else if (type === FlvTagType.audio) pair.client.sendAudio(timestampMs, data);
      else pair.client.sendData(timestampMs, decodeData(data));
      const name = type === FlvTagType.video ? 'video' : type === FlvTagType.audio ? 'audio' : 'data';
      return [name, timestampMs, name === 'data' ? 'onMetaData' : data.toString('hex')];
    });
    pair.settle();
    expect(pair.log.slice(start.length)).toEqual(sent);
  });

  it('publish in chunk forms that a test asks for', () => {
    const pair = new Pair();
    pair.client.sendVideo(10, pattern(3), { fmt: 0 });
    pair.client.sendVideo(20, pattern(3), { fmt: 3 });
    pair.client.sendVideo(30, pattern(3), { fmt: 2 });
    pair.client.sender.message(9, pair.client.messageStreamId, 40, pattern(3), 65_599, { basicHeader: 3 });
    pair.settle();
    expect(pair.log.slice(3).map((entry) => (entry as unknown[])[1])).toEqual([10, 20, 30, 40]);
  });

  it('play', () => {
    const pair = new Pair({ mode: 'play' });
    expect(pair.log).toEqual([
      ['connect', 'live', 0, 0],
      ['status', 'NetStream.Play.Reset'],
      ['status', 'NetStream.Play.Start'],
      ['ready'],
      ['data', 0, '|RtmpSampleAccess'],
      ['data', 0, 'onStatus'],
    ]);
    pair.player?.sendVideo(1, pattern(10_000));
    pair.player?.sendAudio(2, hex('af01'));
    pair.player?.sendData(3, encodeAmf0('onMetaData', null));
    pair.settle();
    expect(pair.log.slice(6)).toEqual([
      ['video', 1, pattern(10_000).toString('hex')],
      ['audio', 2, 'af01'],
      ['data', 3, 'onMetaData'],
    ]);
  });

  it('a refusal reaches the client with its reason', () => {
    expect(new Pair({}, { refuse: 'key revoked' }).log.slice(1)).toEqual([
      ['server closed', 'rtmp.session.refused'],
      ['status', 'NetStream.Publish.BadName'],
      ['client closed', 'rtmp.client.refused', 'NetStream.Publish.BadName: key revoked'],
    ]);
  });

  it('a rejected connect reaches the client', () => {
    expect(new Pair({ app: 'x'.repeat(300) }).log).toEqual([
      ['server closed', 'rtmp.session.bad-connect'],
      ['client closed', 'rtmp.client.refused', 'NetConnection.Connect.Rejected: app is too long'],
    ]);
  });

  it('both sides tell what they can, where the client has begun', () => {
    const capabilities = { capsEx: 3, fourCcList: ['avc1', 'av01'], videoFourCcInfoMap: new Map([['avc1', 2]]) };
    const pair = new Pair({ capabilities });
    expect(pair.log[0]).toEqual(['connect', 'live', 0, 3]);
    expect(pair.client.serverCapabilities).toMatchObject({
      capsEx: 13,
      fourCcList: ['avc1'],
      videoFourCcInfoMap: new Map([['avc1', 4]]),
    });
    expect(new Pair().client.serverCapabilities).toMatchObject({ capsEx: 0, fourCcList: [] });
  });

  it('the request to reconnect reaches the client', () => {
    const pair = new Pair({ capabilities: { capsEx: 1 } });
    pair.server.sendReconnectRequest('rtmp://other/live', 'draining');
    pair.settle();
    expect(pair.log).toEqual([
      ['connect', 'live', 0, 1],
      ...start.slice(1),
      ['reconnect', 'rtmp://other/live', 'draining'],
    ]);
  });

  it('the server acknowledges, and the client takes it', () => {
    const pair = new Pair();
    for (let i = 0; i < 60; i++) pair.client.sendVideo(i, Buffer.alloc(100_000, 1));
    pair.settle();
    expect(pair.server.bytesReceived).toBeGreaterThan(6_000_000);
    expect(pair.log.filter((entry) => (entry as unknown[])[0] === 'video')).toHaveLength(60);
  });

  it('a client is over when the server breaks the format', () => {
    const pair = new Pair();
    pair.client.push(hex('c7'));
    expect(pair.log.at(-1)).toEqual(['client closed', 'rtmp.chunk.unknown-stream', expect.any(String)]);
    pair.client.push(hex('c7'));
    expect(pair.log.filter((entry) => (entry as unknown[])[0] === 'client closed')).toHaveLength(1);
  });
});
