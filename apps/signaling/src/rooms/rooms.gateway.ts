// The gateway that Nest opens: a socket that the adapter has admitted becomes a session.
import type { IncomingMessage } from 'node:http';
import { Inject } from '@nestjs/common';
import { type OnGatewayConnection, WebSocketGateway } from '@nestjs/websockets';
import type { WebSocket } from 'ws';
import { admissionOf } from '../admission/admitted-request.ts';
import { ROOMS_PATH } from './rooms-path.ts';
import { Rooms } from './rooms.ts';

/**
 * Messages are not routed by `@SubscribeMessage`: Nest would run the handlers of one socket side by side, and an offer must not
 * be overtaken by its candidates.
 */
@WebSocketGateway({ path: ROOMS_PATH })
export class RoomsGateway implements OnGatewayConnection {
  readonly #rooms: Rooms;

  constructor(@Inject(Rooms) rooms: Rooms) {
    this.#rooms = rooms;
  }

  handleConnection(ws: WebSocket, request: IncomingMessage): void {
    this.#rooms.accept(ws, request.socket, admissionOf(request));
  }
}
