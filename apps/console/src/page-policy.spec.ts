import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CALL_PAGE } from './console-file.ts';
import { roomPageHeaders, WATCH_PAGE_HEADERS } from './page-policy.ts';

const policyOf = (page: string): string =>
  roomPageHeaders(page, 'wss://rooms.example:8443/v1/rooms')['content-security-policy'] ?? '';

describe('the policy of the pages with rooms', () => {
  it('lets them reach the signaling service, and nothing else of it', () => {
    expect(policyOf('')).toContain("connect-src 'self' wss://rooms.example:8443;");
  });

  it('lets the import map count, by the hash of its very text', () => {
    // printf '{}' | openssl dgst -sha256 -binary | base64
    expect(policyOf('<script type="importmap">{}</script>')).toContain(
      "script-src 'self' 'sha256-RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=';",
    );
    expect(policyOf(readFileSync(CALL_PAGE.file, 'utf8'))).toMatch(/'sha256-/);
  });

  it('gives camera and microphone to the page itself alone', () => {
    expect(roomPageHeaders('', 'ws://a')['permissions-policy']).toContain('camera=(self), microphone=(self)');
  });

  it('is never unsafe', () => {
    for (const headers of [WATCH_PAGE_HEADERS, roomPageHeaders('', 'ws://a')])
      expect(JSON.stringify(headers)).not.toContain('unsafe');
  });
});
