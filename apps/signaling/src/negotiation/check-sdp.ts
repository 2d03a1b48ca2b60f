// RFC 8866, as far as a signaling server has to care: is this a session description of a sane size, and does it send media?
// It is passed on as it came: what a browser makes of it is the browser's affair.

export interface SdpLimits {
  readonly maxSdpBytes: number;
  readonly maxSdpSections: number;
}

export type SdpCheck =
  | { readonly ok: true; /** Whether audio or video would be sent. */ readonly sends: boolean }
  | { readonly ok: false; readonly fault: string };

/** Beyond any use: a description of 32 sections has some 2,000 lines. */
export const MAX_SDP_LINES = 4_000;
export const MAX_SDP_LINE_LENGTH = 4_096;

/** RFC 8866 section 5: `<type>=<value>`, type being one letter. */
const LINE = /^[a-z]=[^\r\n\0]*$/;
/** Section 5.14: media, port and number of ports, protocol, formats. */
const MEDIA = /^m=([a-z]+) (\d{1,5})(?:\/\d{1,5})? [A-Za-z0-9/]+(?: [\w-]+)+$/;
const MAX_PORT = 65_535;
const DIRECTION = /^a=(sendrecv|sendonly|recvonly|inactive)$/;
/** Section 5.8: a bandwidth is a number. */
const BANDWIDTH = /^b=[A-Za-z0-9-]+:\d{1,12}$/;

/** Attributes whose bad values have made receivers fall over, or that no peer could use. */
const ATTRIBUTES: readonly (readonly [string, RegExp])[] = [
  // RFC 8866 section 6.6; the payload type of RTP has 7 bits, a clock rate of 0 divides by zero.
  ['a=rtpmap:', /^(?:\d{1,2}|1[01]\d|12[0-7]) [\w.+-]+\/[1-9]\d{0,6}(?:\/\d{1,3})?$/],
  // RFC 8866 section 6.4: milliseconds.
  ['a=ptime:', /^\d{1,4}(?:\.\d+)?$/],
  ['a=maxptime:', /^\d{1,4}(?:\.\d+)?$/],
  // RFC 8839 section 5.4 allows letters, digits, `+` and `/`; agents that make base64url use `-` and `_`, and peers take them.
  ['a=ice-ufrag:', /^[\x21-\x7e]{4,256}$/],
  ['a=ice-pwd:', /^[\x21-\x7e]{22,256}$/],
  // RFC 4145 section 4.
  ['a=setup:', /^(?:active|passive|actpass|holdconn)$/],
  // RFC 8122 section 5.
  ['a=fingerprint:', /^[A-Za-z0-9-]+ [0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){15,63}$/],
];

const refuse = (fault: string): SdpCheck => ({ ok: false, fault });

interface Section {
  readonly isMedia: boolean;
  /** Port 0 without bundle-only is a section that was refused (RFC 9143 section 6). */
  readonly isUsed: boolean;
  direction: string | undefined;
}

/**
 * Lines end with CRLF; LF alone is taken too (RFC 8866 section 5), and so are blanks before it and empty lines at the very end, as
 * templates leave them.
 */
function linesOf(sdp: string): string[] {
  const lines = sdp.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  while (lines.at(-1) === '') lines.pop();
  return lines.map((line) => (/[ \t]$/.test(line) ? line.trimEnd() : line));
}

function lineFault(line: string): string | undefined {
  if (line.length > MAX_SDP_LINE_LENGTH) return 'a line is too long';
  if (!LINE.test(line)) return 'a line is not of the form x=value';
  if (line.startsWith('b=') && !BANDWIDTH.test(line)) return 'a bandwidth is not a number';
  for (const [name, value] of ATTRIBUTES)
    if (line.startsWith(name) && !value.test(line.slice(name.length))) return `${name.slice(2, -1)} is malformed`;
  return undefined;
}

function sectionOf(line: string, bundleOnly: boolean): Section | string {
  const found = MEDIA.exec(line);
  if (found === null) return 'a media section is malformed';
  const port = Number(found[2]);
  if (port > MAX_PORT) return 'a port is out of range';
  const kind = found[1];
  return { isMedia: kind === 'audio' || kind === 'video', isUsed: port > 0 || bundleOnly, direction: undefined };
}

/** Looks at a description of an offer or an answer. */
export function checkSdp(sdp: string, { maxSdpBytes, maxSdpSections }: SdpLimits): SdpCheck {
  if (Buffer.byteLength(sdp) > maxSdpBytes) return refuse('too many bytes');
  const lines = linesOf(sdp);
  if (lines.length > MAX_SDP_LINES) return refuse('too many lines');
  if (lines[0] !== 'v=0') return refuse('it does not begin with v=0');
  const sections: Section[] = [];
  let used = 0;
  let sessionDirection = 'sendrecv';
  for (const [i, line] of lines.entries()) {
    const fault = lineFault(line);
    if (fault !== undefined) return refuse(fault);
    if (line.startsWith('m=')) {
      const section = sectionOf(line, isBundleOnly(lines, i + 1));
      if (typeof section === 'string') return refuse(section);
      sections.push(section);
      // Stopped sections stay in a description for good (RFC 8829 section 5.2.2): only the others are counted.
      if (section.isUsed && ++used > maxSdpSections) return refuse('too many media sections');
    }
    const direction = DIRECTION.exec(line)?.[1];
    const section = sections.at(-1);
    if (direction !== undefined && section !== undefined) section.direction = direction;
    else if (direction !== undefined) sessionDirection = direction;
  }
  if (sections.length === 0) return refuse('it has no media section');
  const sends = sections.some(
    ({ isMedia, isUsed, direction = sessionDirection }) => isMedia && isUsed && isSending(direction),
  );
  return { ok: true, sends };
}

const isSending = (direction: string): boolean => direction.startsWith('send');

function isBundleOnly(lines: readonly string[], from: number): boolean {
  for (let i = from; i < lines.length && !lines[i]!.startsWith('m='); i++)
    if (lines[i] === 'a=bundle-only') return true;
  return false;
}
