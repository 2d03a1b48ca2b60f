// Perfect negotiation between two real peer connections of Chromium, over a wire in the hands of the test.
import type * as RoomsClient from '@millrace/rooms-client';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { launchCallBrowser } from './support/call-browser.ts';
import { serveRoomsClient } from './support/module-server.ts';
import type { ModuleServer } from './support/module-server.ts';

interface Side {
  readonly connection: RTCPeerConnection;
  readonly negotiator: RoomsClient.Negotiator;
  readonly sent: string[];
  readonly errors: string[];
}

interface Harness {
  readonly client: typeof RoomsClient;
  /** A module that the package does not export. */
  load(path: string): Promise<unknown>;
  /**
   * Two sides, `a` impolite and `b` polite; `lose` says which message never arrives, counting those of its kind from 1; `delay`
   * says how many milliseconds a message is on its way.
   */
  pair(
    lose?: (from: 'a' | 'b', type: string, count: number) => boolean,
    delay?: (type: string) => number,
  ): { readonly a: Side; readonly b: Side };
  connected(...sides: Side[]): Promise<void>;
}

/** The modules behind the media sections, which the package does not export. */
interface SectionModules {
  readonly PublishedMedia: new () => { set(source: string, track: MediaStreamTrack | undefined): void };
  readonly MediaSections: new (
    connection: RTCPeerConnection,
    published: InstanceType<SectionModules['PublishedMedia']>,
    maySend: boolean,
    arrived: (source: string) => void,
  ) => { create(): void; adopt(): Promise<void>; publish(source: string): Promise<void> };
}

let server: ModuleServer;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  server = await serveRoomsClient();
  browser = await launchCallBrowser();
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

beforeEach(async () => {
  page = await browser.newPage();
  await page.goto(server.url);
  await page.waitForFunction(() => 'client' in globalThis);
  await page.evaluate(() => {
    const harness = globalThis as unknown as { -readonly [Key in keyof Harness]: Harness[Key] };
    const { Negotiator, systemClock } = harness.client;
    // What waits for seconds waits for a twentieth of it here.
    const clock = { ...systemClock, after: (ms: number, run: () => void) => systemClock.after(ms / 20, run) };
    harness.pair = (lose = () => false, delay = () => 40) => {
      const side = (name: 'a' | 'b'): Side => {
        const [sent, errors]: [string[], string[]] = [[], []];
        const connection = new RTCPeerConnection();
        const negotiator = new Negotiator({
          connection,
          polite: name === 'b',
          clock,
          beforeAnswer: async () => undefined,
          failed: (error) => errors.push(String(error)),
          send: (message) => {
            sent.push(message.type);
            const count = sent.filter((type) => type === message.type).length;
            if (lose(name, message.type, count)) return;
            // On its way for a while, so that both can speak at once; in order all the same.
            setTimeout(() => void sides[name === 'a' ? 'b' : 'a'].negotiator.receive(message), delay(message.type));
          },
        });
        return { connection, negotiator, sent, errors };
      };
      const sides = { a: side('a'), b: side('b') };
      return sides;
    };
    harness.connected = async (...sides) => {
      const done = (): boolean =>
        sides.every(
          ({ connection }) => connection.connectionState === 'connected' && connection.signalingState === 'stable',
        );
      for (let i = 0; !done(); i++) {
        if (i === 400)
          throw new Error(
            sides
              .map(({ connection, sent, errors }) =>
                JSON.stringify([connection.connectionState, connection.signalingState, sent, errors]),
              )
              .join(),
          );
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    };
  });
});

it('settles when both sides offer at once: what both want happens', async () => {
  const seen = await page.evaluate(async () => {
    const { pair, connected } = globalThis as unknown as Harness;
    const { a, b } = pair();
    a.connection.addTransceiver('audio', { direction: 'sendonly' });
    b.connection.addTransceiver('audio', { direction: 'sendonly' });
    await connected(a, b);
    const directions = ({ connection }: Side) =>
      connection
        .getTransceivers()
        .map(({ currentDirection }) => currentDirection)
        .filter((direction) => direction !== null)
        .sort();
    // The polite side's wish comes with an offer of its own, after it gave way.
    for (let i = 0; i < 200 && directions(a).length < 2; i++) await new Promise((resolve) => setTimeout(resolve, 25));
    await connected(a, b);
    return {
      directions: [directions(a), directions(b)],
      offers: [a, b].map(({ sent }) => sent.filter((type) => type === 'offer').length),
      errors: [...a.errors, ...b.errors],
    };
  });
  expect(seen.errors).toEqual([]);
  expect(seen.directions).toEqual([
    ['recvonly', 'sendonly'],
    ['recvonly', 'sendonly'],
  ]);
  // There was a collision: the polite side has offered twice.
  expect(seen.offers).toEqual([1, 2]);
});

it('comes through ICE restarts of both sides at once', async () => {
  const seen = await page.evaluate(async () => {
    const { pair, connected } = globalThis as unknown as Harness;
    const { a, b } = pair();
    a.connection.createDataChannel('x');
    await connected(a, b);
    const ufrag = ({ connection }: Side) => /a=ice-ufrag:(\S+)/.exec(connection.localDescription?.sdp ?? '')?.[1];
    const before = [a, b].map(ufrag);
    for (let round = 0; round < 5; round++) {
      a.connection.restartIce();
      b.connection.restartIce();
      await new Promise((resolve) => setTimeout(resolve, 30 * round));
    }
    for (let i = 0; i < 200 && [a, b].some((side, n) => ufrag(side) === before[n]); i++)
      await new Promise((resolve) => setTimeout(resolve, 25));
    await connected(a, b);
    return { changed: [a, b].map((side, n) => ufrag(side) !== before[n]), errors: [...a.errors, ...b.errors] };
  });
  expect(seen).toEqual({ changed: [true, true], errors: [] });
});

it.each([
  ['a', 'answer', 'b'],
  ['a', 'offer', 'a'],
] as const)('says its offer again: %s offers, and the first %s of %s is lost', async (_offerer, lost, loser) => {
  const seen = await page.evaluate(
    async ([type, from]) => {
      const { pair, connected } = globalThis as unknown as Harness;
      const { a, b } = pair((side, kind, count) => side === from && kind === type && count === 1);
      a.connection.createDataChannel('x');
      await connected(a, b);
      return { offers: a.sent.filter((kind) => kind === 'offer').length, errors: [...a.errors, ...b.errors] };
    },
    [lost, loser] as const,
  );
  expect(seen).toEqual({ offers: 2, errors: [] });
});

it('bears a message that comes twice', async () => {
  const errors = await page.evaluate(async () => {
    const { pair, connected } = globalThis as unknown as Harness;
    const { a, b } = pair();
    const receive = b.negotiator.receive.bind(b.negotiator);
    b.negotiator.receive = (message) => receive(message).then(() => receive(message));
    a.connection.createDataChannel('x');
    await connected(a, b);
    return [...a.errors, ...b.errors];
  });
  expect(errors).toEqual([]);
});

it('keeps candidates that overtake their description', async () => {
  const errors = await page.evaluate(async () => {
    const { pair, connected } = globalThis as unknown as Harness;
    // Only a's candidates lead anywhere, and all of them are there before its offer.
    const { a, b } = pair(
      (from, type) => from === 'b' && type === 'candidate',
      (type) => (type === 'offer' ? 200 : 10),
    );
    a.connection.createDataChannel('x');
    await connected(a, b);
    return [...a.errors, ...b.errors];
  });
  expect(errors).toEqual([]);
});

it('adopts what a later offer brings in place of a section that an answer refused', async () => {
  const seen = await page.evaluate(async () => {
    const { load } = globalThis as unknown as Harness;
    const { MediaSections } = (await load('/peer/media-sections.js')) as SectionModules;
    const { PublishedMedia } = (await load('/media/published-media.js')) as SectionModules;
    const [a, b] = [new RTCPeerConnection(), new RTCPeerConnection()];
    const exchange = async (
      from: RTCPeerConnection,
      to: RTCPeerConnection,
      beforeAnswer: () => Promise<void> | void,
      onWire = (sdp: string) => sdp,
    ) => {
      await from.setLocalDescription();
      await to.setRemoteDescription(from.localDescription!);
      await beforeAnswer();
      await to.setLocalDescription();
      await from.setRemoteDescription({ type: 'answer', sdp: onWire(to.localDescription!.sdp) });
    };
    // As a client writes it that takes no video: Chromium itself only stops sending.
    const refuse = (sdp: string) => sdp.replace('m=video 9', 'm=video 0').replace('BUNDLE 0 1 2', 'BUNDLE 0 2');
    const arrived: string[] = [];
    const published = new PublishedMedia();
    const sections = new MediaSections(a, published, true, (source) => arrived.push(source));
    sections.create();
    const [, refused] = a.getTransceivers();
    await exchange(a, b, () => b.getTransceivers()[1]!.stop(), refuse);
    const refusal = refused!.currentDirection;

    b.addTransceiver('video', { direction: 'recvonly' });
    await exchange(b, a, () => sections.adopt());
    const replaced = a
      .getTransceivers()
      .find(({ mid, receiver }) => mid !== null && receiver.track.kind === 'video' && mid !== '2');
    const picture = document.createElement('canvas');
    picture.getContext('2d');
    const [track] = picture.captureStream(1).getVideoTracks();
    published.set('camera', track);
    await sections.publish('camera');
    const outcome = {
      refusal,
      arrived,
      replaced: replaced?.currentDirection,
      isSent: replaced?.sender.track === track,
      isAnother: replaced !== refused,
    };
    a.close();
    b.close();
    return outcome;
  });
  expect(seen).toEqual({
    refusal: 'stopped',
    arrived: ['microphone', 'camera', 'screen', 'camera'],
    replaced: 'sendonly',
    isSent: true,
    isAnother: true,
  });
});
