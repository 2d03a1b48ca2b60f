// Rooms over WebSocket, and the relay that carries what cannot go directly.
import type { Dashboard } from './panel.ts';
import { relayRow } from './relay-row.ts';
import { roomsRow } from './rooms-row.ts';

export const roomsTurn: Dashboard = {
  uid: 'millrace-rooms',
  file: 'rooms-turn',
  title: 'Millrace / Rooms and TURN',
  description: 'Who is in rooms, whether joining works, and what the relay carries.',
  rows: [roomsRow, relayRow],
};
