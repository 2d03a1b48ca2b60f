// RFC 2326 section 12.33: which RTP timestamp of each track belongs to the time at which playing begins.

export interface RtpInfo {
  readonly url: string;
  /** Undefined where the server does not say. */
  readonly rtpTime: number | undefined;
}

/** @returns those that can be read, in their order */
export function parseRtpInfo(text: string): RtpInfo[] {
  // Addresses may hold commas and semicolons: a stream begins where another `url=` does.
  return text.split(/,\s*(?=url=)/i).flatMap((stream) => {
    const [, url] = /^\s*url="?([^;"]+)/i.exec(stream) ?? [];
    if (url === undefined) return [];
    const [, digits] = /;\s*rtptime=(\d{1,10})(?!\d)/i.exec(stream) ?? [];
    const rtpTime = Number(digits);
    return [{ url: url.trim(), rtpTime: rtpTime < 2 ** 32 ? rtpTime : undefined }];
  });
}
