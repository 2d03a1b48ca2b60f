// Which sites may play a stream: origins (RFC 6454), where the host may begin with `*.`.
import { parseTypedUrl } from '@millrace/protocol/bytes';
import { z } from 'zod';

const MAX_LENGTH = 260;
const PATTERN = /^https?:\/\/(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?$/;
const WILDCARD = '://*.';

export const originPattern = z
  .string()
  .max(MAX_LENGTH)
  .regex(PATTERN, 'must be an origin such as https://example.com or https://*.example.com')
  .superRefine((pattern, context) => {
    if (!PATTERN.test(pattern)) return;
    const text = pattern.replace(WILDCARD, '://');
    const typed = parseTypedUrl(text);
    if (typeof typed === 'string') context.addIssue({ code: 'custom', message: typed });
    // Browsers leave out the port of the scheme, and write addresses in one form.
    else if (typed.url.origin !== text)
      context.addIssue({ code: 'custom', message: `is sent as ${typed.url.origin} by browsers` });
  });

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
