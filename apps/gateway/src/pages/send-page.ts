// Sends web pages and what they load. Each page may load from here alone, and runs no inline script.
import type { FastifyReply } from 'fastify';

const SECURITY = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

/**
 * - `media-src blob:`: hls.js feeds the video element out of memory.
 * - `img-src data:`: Swagger UI has its icons in its style sheet.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "media-src 'self' blob:",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');

export function sendPage(reply: FastifyReply, page: string, status = 200): FastifyReply {
  return reply
    .code(status)
    .headers({ ...SECURITY, 'content-security-policy': POLICY, 'cache-control': 'no-cache' })
    .type('text/html; charset=utf-8')
    .send(page);
}

export function sendAsset(
  reply: FastifyReply,
  type: string,
  body: string | Buffer,
  cacheControl = 'no-cache',
): FastifyReply {
  return reply
    .headers({ ...SECURITY, 'cache-control': cacheControl })
    .type(type)
    .send(body);
}
