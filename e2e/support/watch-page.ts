// The watch page in headless Chromium, as a viewer has it before the eyes.
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

export interface WatchState {
  readonly currentTime: number;
  readonly framesDecoded: number;
  /** How often playback stood still for want of data. */
  readonly stalls: number;
  readonly text: string;
}

export class WatchPage {
  readonly errors: string[] = [];
  /** Why the page gave up a player and made another one. */
  readonly losses: string[] = [];

  private constructor(
    readonly browser: Browser,
    readonly page: Page,
  ) {
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('console', (message) => {
      if (message.text().startsWith('playback was lost')) this.losses.push(message.text());
    });
  }

  static async open(
    url: string,
    { width = 1280, height = 800, flags = [] }: { width?: number; height?: number; flags?: readonly string[] } = {},
  ): Promise<WatchPage> {
    const browser = await chromium.launch({
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      args: [...FLAGS, ...flags],
    });
    const page = await browser.newPage({ viewport: { width, height } });
    const watch = new WatchPage(browser, page);
    await page.addInitScript(() => {
      const counter = globalThis as unknown as { stalls: number };
      counter.stalls = 0;
      document.addEventListener('waiting', () => counter.stalls++, true);
    });
    await page.goto(url);
    return watch;
  }

  state(): Promise<WatchState> {
    return this.page.evaluate(() => {
      const video = document.querySelector('video');
      return {
        currentTime: video?.currentTime ?? 0,
        framesDecoded: video?.getVideoPlaybackQuality().totalVideoFrames ?? 0,
        stalls: (globalThis as unknown as { stalls: number }).stalls,
        text: document.body.innerText,
      };
    });
  }

  async until(what: string, holds: (state: WatchState) => boolean, timeoutMs = 60_000): Promise<void> {
    for (const end = Date.now() + timeoutMs; ; await this.page.waitForTimeout(100)) {
      const state = await this.state();
      if (holds(state)) return;
      if (Date.now() > end)
        throw new Error(
          `not within ${timeoutMs} ms: ${what}; the page: ${JSON.stringify(state)}; errors: ${this.errors.join('; ')}`,
        );
    }
  }

  /** Plays up to this time. @returns how long the picture stood still at most since it first moved, in milliseconds */
  async longestFreezeMs(untilSeconds: number, timeoutMs = 90_000): Promise<number> {
    const freeze = await this.page.waitForFunction(
      (until) => {
        const seen = globalThis as unknown as { lastTime?: number; movedAtMs: number; longestMs: number };
        const time = document.querySelector('video')?.currentTime ?? 0;
        const nowMs = performance.now();
        if (time !== (seen.lastTime ?? 0)) {
          if (seen.lastTime !== undefined) seen.longestMs = Math.max(seen.longestMs, nowMs - seen.movedAtMs);
          else seen.longestMs = 0;
          seen.lastTime = time;
          seen.movedAtMs = nowMs;
        }
        // Never 0, which would mean: not yet.
        return time >= until ? seen.longestMs + 1 : undefined;
      },
      untilSeconds,
      { polling: 50, timeout: timeoutMs },
    );
    return (await freeze.jsonValue())!;
  }

  /** Takes a screenshot and says how bright the video's picture is (0 to 255) and how many colours it has. */
  async picture(file: string): Promise<{ brightness: number; colors: number }> {
    await this.page.screenshot({ path: file });
    return this.page.evaluate(() => {
      const video = document.querySelector('video')!;
      const canvas = document.createElement('canvas');
      canvas.width = 320;
      canvas.height = 180;
      const context = canvas.getContext('2d')!;
      context.drawImage(video, 0, 0, 320, 180);
      const { data } = context.getImageData(0, 0, 320, 180);
      const colors = new Set<number>();
      let sum = 0;
      for (let i = 0; i < data.length; i += 4) {
        sum += data[i]! + data[i + 1]! + data[i + 2]!;
        colors.add((data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!);
      }
      return { brightness: sum / (data.length / 4) / 3, colors: colors.size };
    });
  }

  /** Presses a key, as on a keyboard that has the page in focus. */
  press(key: string): Promise<void> {
    return this.page.keyboard.press(key);
  }

  /** What pauses it from outside of the page: a media key, a headset, an incoming call. */
  async pauseFromOutside(): Promise<void> {
    await this.page.evaluate(() => document.querySelector('video')!.pause());
  }

  /** Plays on from where it is now. */
  async untilItMoves(): Promise<void> {
    const { currentTime } = await this.state();
    await this.until('the picture moves', (state) => state.currentTime > currentTime + 0.5);
  }

  /** The names of the buttons that show, and of those that cannot be pressed: outside the window, or under something. */
  buttons(): Promise<{ readonly names: string[]; readonly unreachable: string[] }> {
    return this.page.evaluate(() => {
      const shown = [...document.querySelectorAll('button')].filter((button) => button.checkVisibility());
      const nameOf = (button: HTMLButtonElement): string => button.ariaLabel ?? button.innerText;
      const unreachable = shown.filter((button) => {
        const { left, top, right, bottom } = button.getBoundingClientRect();
        if (left < 0 || top < 0 || right > innerWidth || bottom > innerHeight) return true;
        return !button.contains(document.elementFromPoint((left + right) / 2, (top + bottom) / 2));
      });
      return { names: shown.map(nameOf), unreachable: unreachable.map(nameOf) };
    });
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}

export const watchPage = (url: string): Promise<WatchPage> => WatchPage.open(url);
