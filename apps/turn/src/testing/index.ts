export { tcpLink, udpLink } from './client-link.ts';
export { slowTcpLink } from './slow-link.ts';
export type { ClientLink } from './client-link.ts';
export { startTurn } from './start-turn.ts';
export type { RunningTurn } from './start-turn.ts';
export { GENEROUS_LIMITS, TestRelayControl } from './test-relay-control.ts';
export type { TestUser } from './test-relay-control.ts';
export { DENIED_PEERS, PUBLIC_PEERS } from './peer-matrix.ts';
export { errorOf, peerAt, TurnClient } from './turn-client.ts';
