// Chromium with a camera and a microphone that are not there: a moving picture with a clock, and a beep each second.
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
  '--auto-select-desktop-capture-source=Entire screen',
  // Pages that are not in front are slowed down otherwise; here each of them is a participant.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];
/** Ten pictures a second: the tests count them, and two cores have to encode and decode all of them. */
const DEVICES = '--use-fake-device-for-media-stream=fps=10';
/** Where a person would be asked. */
const YES = '--use-fake-ui-for-media-stream';
const NO = '--deny-permission-prompts';

export interface CallBrowserOptions {
  /** false: a machine without camera and microphone. */
  readonly devices?: boolean;
  /** The person says no to every question. */
  readonly blocked?: boolean;
}

export function launchCallBrowser(
  flags: readonly string[] = [],
  { devices = true, blocked = false }: CallBrowserOptions = {},
): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [...FLAGS, ...(devices ? [DEVICES] : []), blocked ? NO : YES, ...flags],
  });
}
