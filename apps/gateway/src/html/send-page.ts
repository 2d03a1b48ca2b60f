// Sends web pages and what they load. Each page may load from here alone, and runs no inline script.
import type { FastifyReply } from 'fastify';

const SECURITY = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

/** `img-src data:` is for Swagger UI, which has its icons in its style sheet. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');

/** @param headers its own policy, and what else it may do */
export function sendPage(
  reply: FastifyReply,
  page: string,
  headers: Readonly<Record<string, string>> = {},
): FastifyReply {
  return reply
    .headers({ ...SECURITY, 'content-security-policy': POLICY, 'cache-control': 'no-cache', ...headers })
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
