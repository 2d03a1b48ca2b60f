// RFC 8839 section 5.1: the form of an ICE candidate. Where it leads is not judged here: peers test it, and the relay has its
// own rules.

/** Foundation, component, transport, priority, address, port, type, then extensions in pairs of any visible characters. */
const CANDIDATE =
  /^(?:a=)?candidate:[\w+/-]{1,32} [1-9]\d{0,2} (?:udp|tcp|ssltcp) \d{1,10} [\w.:%-]{1,255} \d{1,5} typ [a-z]{1,16}(?: [\x21-\x7e]+)*$/i;
const MAX_PORT = 65_535;

/** Says whether a text is a candidate; an empty one says that there are no more (W3C WebRTC section 4.8.1). */
export function isCandidate(text: string): boolean {
  return text === '' || (CANDIDATE.test(text) && Number(text.split(' ')[5]) <= MAX_PORT);
}
