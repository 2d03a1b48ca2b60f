/** Headers of a request that are one value each: with two of them, two programs on its way may each believe another one. */
const SINGLE = new Set(['host', 'authorization']);
const LENGTHS = new Set([...SINGLE].map((name) => name.length));

/**
 * The first of those headers that comes more than once. RFC 9112 section 3.2: "A server MUST respond with a 400 (Bad Request) status
 * code to any HTTP/1.1 request message that … contains more than one Host header field line".
 *
 * @param rawHeaders as `IncomingMessage` has them, names and values alternating
 */
export function repeatedHeader(rawHeaders: readonly string[]): string | undefined {
  let seen: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const header = rawHeaders[i] ?? '';
    if (!LENGTHS.has(header.length)) continue;
    const name = header.toLowerCase();
    if (!SINGLE.has(name)) continue;
    if (seen === name || (seen !== undefined && countOf(rawHeaders, name) > 1)) return name;
    seen = name;
  }
  return undefined;
}

const countOf = (rawHeaders: readonly string[], name: string): number =>
  rawHeaders.filter((header, i) => i % 2 === 0 && header.toLowerCase() === name).length;
