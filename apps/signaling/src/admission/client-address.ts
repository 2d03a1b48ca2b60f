// Who connects, as limits count them.
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { peerAddress } from '@millrace/service-kit';

/**
 * The address of the client: of the connection, or, behind proxies, what the outermost trusted one has seen. What stands before
 * that in `X-Forwarded-For` anybody may have written.
 */
export function clientAddress(request: IncomingMessage, trustedProxies: number): string {
  const direct = peerAddress(request.socket.remoteAddress);
  if (trustedProxies === 0) return direct;
  const header = request.headers['x-forwarded-for'];
  const seen = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').map((text) => text.trim());
  const claimed = seen.at(-trustedProxies);
  return claimed !== undefined && isIP(claimed) !== 0 ? peerAddress(claimed) : direct;
}
