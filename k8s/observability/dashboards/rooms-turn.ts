// Rooms over WebSocket, and the TURN relay for media that cannot go peer to peer.
import type { Dashboard } from './panel.ts';
import { relayRow } from './relay-row.ts';
import { roomsRow } from './rooms-row.ts';

export const roomsTurn: Dashboard = {
  uid: 'millrace-rooms',
  file: 'rooms-turn',
  title: 'Millrace / Rooms and TURN',
  description: 'Room participants and joins, and TURN relay traffic.',
  rows: [roomsRow, relayRow],
};
