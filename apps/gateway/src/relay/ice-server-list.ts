// From settings and a credential to what `RTCPeerConnection` takes as `iceServers`.
import type { IceServer } from '@millrace/domain';

/** @param urls of STUN and TURN, separated by commas */
export function iceServerList(urls: string, username: string, credential: string): IceServer[] {
  const all = urls.split(',');
  const stun = all.filter((address) => address.startsWith('stun'));
  const turn = all.filter((address) => address.startsWith('turn'));
  return [
    ...(stun.length > 0 ? [{ urls: stun }] : []),
    ...(turn.length > 0 ? [{ urls: turn, username, credential }] : []),
  ];
}
