// What each page may do, as response headers.
import { createHash } from 'node:crypto';

export type PageHeaders = Readonly<Record<string, string>>;

/** Nothing from elsewhere. Other sites may show the watch page in a frame. */
export const WATCH_PAGE_HEADERS: PageHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; connect-src 'self'; " +
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *",
};

/** Nothing from elsewhere, no script but the console's own, and no other site may show it in a frame. */
export const CONSOLE_PAGE_HEADERS: PageHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; connect-src 'self'; " +
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
};

const IMPORT_MAP = /<script type="importmap">([^]*?)<\/script>/g;

/**
 * For the pages with rooms in them: they may also reach the signaling service and use camera and microphone, and no other site
 * may show them in a frame.
 *
 * @param page the text of the page: the import maps in it are the only text that counts as script
 */
export function roomPageHeaders(page: string, signalingUrl: string): PageHeaders {
  const hashes = [...page.matchAll(IMPORT_MAP)].map(
    ([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`,
  );
  return {
    'content-security-policy': [
      "default-src 'none'",
      ["script-src 'self'", ...hashes].join(' '),
      "style-src 'self'",
      "img-src 'self'",
      "media-src 'self' blob:",
      `connect-src 'self' ${new URL(signalingUrl).origin}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'self'",
    ].join('; '),
    'permissions-policy':
      'camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self), autoplay=(self), geolocation=()',
  };
}
