// The call page as a person uses it: by what is written on its buttons. What flows is asked from the browser, not from the page.
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { eventually } from './eventually.ts';

export interface MediaFlow {
  readonly framesDecoded: number;
  readonly audioBytes: number;
  /** Audio energy, and how much sound it was counted over: silence has none. */
  readonly audioEnergy: number;
  readonly audioSeconds: number;
}

export interface SelectedPath {
  readonly localType: string;
  readonly remoteType: string;
  readonly localPort: number;
  readonly relayProtocol: string | undefined;
  readonly url: string | undefined;
}

/** What the test notes in the page. */
interface Seen {
  peerConnections: RTCPeerConnection[];
  sockets: WebSocket[];
  /** The types of all messages to the signaling service. */
  sent: string[];
}

export const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 800 };

export class CallPage {
  readonly errors: string[] = [];
  readonly #context: BrowserContext;

  private constructor(
    readonly page: Page,
    context: BrowserContext,
  ) {
    this.#context = context;
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text());
    });
  }

  static async open(
    browser: Browser,
    url: string,
    size: { width: number; height: number } = DESKTOP,
  ): Promise<CallPage> {
    const context = await browser.newContext({ viewport: size, isMobile: size === PHONE });
    const page = await context.newPage();
    // So that the test can ask each connection and drop each socket of the page.
    await page.addInitScript(() => {
      const seen = globalThis as unknown as Seen;
      seen.peerConnections = [];
      seen.sockets = [];
      seen.sent = [];
      const [OriginalConnection, OriginalSocket] = [RTCPeerConnection, WebSocket];
      globalThis.RTCPeerConnection = class extends OriginalConnection {
        constructor(configuration?: RTCConfiguration) {
          super(configuration);
          seen.peerConnections.push(this);
        }
      };
      globalThis.WebSocket = class extends OriginalSocket {
        constructor(address: string | URL, protocols?: string | string[]) {
          super(address, protocols);
          seen.sockets.push(this);
        }
        override send(data: string): void {
          seen.sent.push((JSON.parse(data) as { type: string }).type);
          super.send(data);
        }
      };
    });
    const call = new CallPage(page, context);
    await page.goto(url);
    return call;
  }

  async join(name: string): Promise<void> {
    await this.page.getByLabel('Your name').fill(name);
    // The picture in the preview is there first: a user who joins has seen it.
    await this.until('the preview has a picture', () =>
      this.page.evaluate(() => (document.querySelector<HTMLVideoElement>('#preview')?.videoWidth ?? 0) > 0),
    );
    await this.press('Join');
  }

  press(button: string): Promise<void> {
    return this.page.getByRole('button', { name: button, exact: true }).click();
  }

  text(): Promise<string> {
    return this.page.evaluate(() => document.body.innerText);
  }

  async until<T>(what: string, ask: () => Promise<T> | T, timeoutMs = 45_000) {
    try {
      return await eventually(what, ask, timeoutMs);
    } catch (error) {
      const details = `the page: ${JSON.stringify(await this.text())}; its errors: ${this.errors.join('; ')}`;
      throw new Error(`${(error as Error).message}; ${details}`, { cause: error });
    }
  }

  untilText(pattern: RegExp, timeoutMs?: number) {
    return this.until(`it says ${pattern}`, async () => pattern.test(await this.text()), timeoutMs);
  }

  /** What has arrived so far over all connections of the page. */
  flow(): Promise<MediaFlow> {
    return this.page.evaluate(async () => {
      const { peerConnections } = globalThis as unknown as Seen;
      const sum = { framesDecoded: 0, audioBytes: 0, audioEnergy: 0, audioSeconds: 0 };
      for (const connection of peerConnections) {
        if (connection.connectionState === 'closed') continue;
        (await connection.getStats()).forEach((stats: Record<string, unknown>) => {
          if (stats['type'] !== 'inbound-rtp') return;
          sum.framesDecoded += Number(stats['framesDecoded'] ?? 0);
          if (stats['kind'] !== 'audio') return;
          sum.audioBytes += Number(stats['bytesReceived'] ?? 0);
          sum.audioEnergy += Number(stats['totalAudioEnergy'] ?? 0);
          sum.audioSeconds += Number(stats['totalSamplesDuration'] ?? 0);
        });
      }
      return sum;
    });
  }

  /** Waits until so many more frames and bytes of audio have come. */
  async untilFlowGrows(frames = 15, audioBytes = 2_000): Promise<void> {
    const before = await this.flow();
    await this.until('video and audio arrive', async () => {
      const now = await this.flow();
      return now.framesDecoded >= before.framesDecoded + frames && now.audioBytes >= before.audioBytes + audioBytes;
    });
  }

  /** Waits until two seconds of sound have come that were silence: the fake microphone beeps each second. */
  async untilSilent(): Promise<void> {
    let since = await this.flow();
    await this.until('nothing is heard', async () => {
      const now = await this.flow();
      if (now.audioEnergy - since.audioEnergy > 1e-7) since = now;
      return now.audioSeconds - since.audioSeconds > 2;
    });
  }

  /** The pair of candidates that carries the media, by the browser's own statistics. */
  path(): Promise<SelectedPath> {
    return this.until('a pair of candidates is selected', () =>
      this.page.evaluate(async () => {
        const { peerConnections } = globalThis as unknown as Seen;
        const open = peerConnections.filter(({ connectionState }) => connectionState === 'connected').at(-1);
        if (open === undefined) return undefined;
        const report = new Map<string, Record<string, unknown>>();
        (await open.getStats()).forEach((stats: Record<string, unknown>, id) => report.set(id, stats));
        const transport = [...report.values()].find(({ type }) => type === 'transport');
        const pair = report.get(transport?.['selectedCandidatePairId'] as string);
        const local = report.get(pair?.['localCandidateId'] as string);
        const remote = report.get(pair?.['remoteCandidateId'] as string);
        if (local === undefined || remote === undefined) return undefined;
        return {
          localType: local['candidateType'] as string,
          remoteType: remote['candidateType'] as string,
          localPort: local['port'] as number,
          relayProtocol: local['relayProtocol'] as string | undefined,
          url: local['url'] as string | undefined,
        };
      }),
    );
  }

  /** Breaks the WebSocket as a lost network does: without a word to the page before it happens. @returns how many there were */
  dropSocket(): Promise<number> {
    return this.page.evaluate(() => {
      const { sockets } = globalThis as unknown as Seen;
      sockets.at(-1)?.close(4000, 'dropped by the test');
      return sockets.length;
    });
  }

  socketCount(): Promise<number> {
    return this.page.evaluate(() => (globalThis as unknown as Seen).sockets.length);
  }

  connectionCount(): Promise<number> {
    return this.page.evaluate(() => (globalThis as unknown as Seen).peerConnections.length);
  }

  /** The most bits per second of each sender of the newest connection. */
  bitrateLimits(): Promise<(number | undefined)[]> {
    return this.page.evaluate(() => {
      const connection = (globalThis as unknown as Seen).peerConnections.at(-1);
      return (connection?.getSenders() ?? []).map((sender) => sender.getParameters().encodings[0]?.maxBitrate);
    });
  }

  /** How many messages of a type the page has sent. */
  sentCount(type: string): Promise<number> {
    return this.page.evaluate(
      (wanted) => (globalThis as unknown as Seen).sent.filter((each) => each === wanted).length,
      type,
    );
  }

  /** Of the video of a tile: how bright it is (0 to 255) and how many colours it has. */
  picture(participant: 'self' | 'other'): Promise<{ brightness: number; colors: number; width: number }> {
    return this.page.evaluate((who) => {
      const selector = who === 'self' ? '.tile[data-own] video' : '.tile:not([data-own]) video';
      const video = document.querySelector<HTMLVideoElement>(selector)!;
      const canvas = document.createElement('canvas');
      canvas.width = 160;
      canvas.height = 90;
      const context = canvas.getContext('2d')!;
      context.drawImage(video, 0, 0, canvas.width, canvas.height);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      const colors = new Set<number>();
      let sum = 0;
      for (let i = 0; i < data.length; i += 4) {
        sum += data[i]! + data[i + 1]! + data[i + 2]!;
        colors.add((data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!);
      }
      return { brightness: sum / (data.length / 4) / 3, colors: colors.size, width: video.videoWidth };
    }, participant);
  }

  async close(): Promise<void> {
    await this.#context.close();
  }
}
