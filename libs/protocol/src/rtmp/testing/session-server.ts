import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { MediaHandler } from '../session/media-intake.ts';
import { RtmpServerSession } from '../session/server-session.ts';
import type { ServerSessionHandler } from '../session/server-session-handler.ts';
import { serverSessionOptions } from '../session/server-session-options.ts';

export type HandlerFor = (session: () => RtmpServerSession, socket: Socket) => ServerSessionHandler & MediaHandler;

/** Listens on a free port of the loopback with a session per connection. For tests. */
export async function listenWithSessions(handlerFor: HandlerFor): Promise<{ server: Server; address: string }> {
  const server = createServer((socket) => {
    const handler = handlerFor(() => session, socket);
    const session: RtmpServerSession = new RtmpServerSession(
      handler,
      serverSessionOptions(() => performance.now()),
    );
    session.media = handler;
    socket.on('data', (bytes: Buffer) => session.push(bytes));
    socket.on('close', () => session.end());
    // FFmpeg hangs up without waiting for what is still on its way to it.
    socket.on('error', () => session.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, address: `rtmp://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Sends what the session wants sent, and looks at nothing. */
export function silentHandler(socket: Socket): ServerSessionHandler & MediaHandler {
  return {
    send: (bytes) => void (socket.writable && socket.write(bytes)),
    onConnect: () => undefined,
    onLoginRequest: () => undefined,
    onPublishRequest: () => undefined,
    onPlayRequest: () => undefined,
    onPlayerCommand: () => undefined,
    onAudio: () => undefined,
    onVideo: () => undefined,
    onData: () => undefined,
    onStopped: () => undefined,
    onClosed: () => void socket.end(),
  };
}
