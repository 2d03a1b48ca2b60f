// Which sites may play a stream: origins (RFC 6454), where the host may begin with `*.`.
import { z } from 'zod';

const MAX_LENGTH = 260;
const PATTERN = /^https?:\/\/(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?$/;
const WILDCARD = '://*.';

export const originPattern = z
  .string()
  .max(MAX_LENGTH)
  .regex(PATTERN, 'must be an origin such as https://example.com or https://*.example.com');

/** `https://*.example.com` matches every site below `example.com`, but not that one itself. */
export function matchesOrigin(patterns: readonly string[], origin: string): boolean {
  return patterns.some((pattern) => {
    const at = pattern.indexOf(WILDCARD);
    if (at < 0) return pattern === origin;
    const scheme = pattern.slice(0, at + '://'.length);
    const suffix = pattern.slice(at + WILDCARD.length - 1);
    return origin.startsWith(scheme) && origin.endsWith(suffix) && origin.length > scheme.length + suffix.length;
  });
}
