// The console in headless Chromium, as an operator or a tenant's engineer uses it.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { AxeResults } from 'axe-core';
import { expect } from 'vitest';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

export class ConsolePage {
  /** What went wrong in the page: exceptions, and what its policy has blocked. */
  readonly errors: string[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('console', (message) => {
      if (/Content.Security.Policy/i.test(message.text())) this.errors.push(message.text());
    });
  }

  /** In a browser profile of its own, without a session. */
  static async open(browser: Browser, url: string): Promise<ConsolePage> {
    const context = await browser.newContext({ viewport: DESKTOP, colorScheme: 'light' });
    const opened = new ConsolePage(context, await context.newPage());
    await opened.page.goto(url);
    return opened;
  }

  /** Follows a link of the navigation. */
  async goTo(place: string): Promise<void> {
    await this.page.getByRole('navigation').getByRole('link', { name: place, exact: true }).click();
    await this.heading(place);
  }

  heading(text: string | RegExp): Promise<void> {
    return this.page.getByRole('heading', { level: 1, name: text }).waitFor();
  }

  /** An empty list offers the same button as the head of its page. */
  async press(button: string): Promise<void> {
    await this.page.getByRole('button', { name: button, exact: true }).first().click();
  }

  /** In the open dialog. */
  async pressInDialog(button: string): Promise<void> {
    await this.page.getByRole('dialog').getByRole('button', { name: button, exact: true }).click();
  }

  async fill(label: string, value: string): Promise<void> {
    await this.page
      .locator('input:not([type=radio])')
      .and(this.page.getByLabel(label, { exact: true }))
      .fill(value);
  }

  untilText(text: string | RegExp): Promise<void> {
    return this.page.getByText(text).first().waitFor();
  }

  /** Waits until nothing on the page says that it is on its way. */
  async settled(): Promise<void> {
    await this.page.waitForFunction(() => document.querySelector('.loading') === null);
  }

  /** The text or label of what has the focus. */
  focused(): Promise<string> {
    return this.page.evaluate(() => {
      const element = document.activeElement as HTMLElement | null;
      return element?.ariaLabel ?? element?.innerText ?? '';
    });
  }

  /** How many colours the video's picture has. */
  videoColors(): Promise<number> {
    return this.page.evaluate(() => {
      const video = document.querySelector('video');
      const context = Object.assign(document.createElement('canvas'), { width: 160, height: 90 }).getContext('2d');
      if (video === null || context === null) return 0;
      context.drawImage(video, 0, 0, 160, 90);
      const { data } = context.getImageData(0, 0, 160, 90);
      return new Set(new Uint32Array(data.buffer)).size;
    });
  }

  /** How far the page is wider than its window, in pixels. */
  overflow(): Promise<number> {
    return this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  }

  /** What axe-core finds wrong, as rule and element. */
  async accessibilityFaults(): Promise<readonly string[]> {
    // Evaluated by the debugger, so that the policy of the page does not apply.
    await this.page.evaluate(AXE);
    const { violations } = await this.page.evaluate(() =>
      (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
    );
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  }

  /** Looks at the page as it is in a size and a colour scheme, and checks what has to hold in each. */
  async look(file: string, size: { width: number; height: number }, colorScheme: 'light' | 'dark'): Promise<void> {
    await this.page.setViewportSize(size);
    await this.page.emulateMedia({ colorScheme });
    await this.page.screenshot({ path: file, fullPage: true });
    expect(await this.overflow(), `${file}: wider than the window`).toBeLessThanOrEqual(0);
    expect(await this.accessibilityFaults(), file).toEqual([]);
  }

  close(): Promise<void> {
    return this.context.close();
  }
}
