// Commands to the Redis of a cluster in its inline form, as the user who may do everything.
import { connect } from 'node:net';

/** @returns the reply as it came over the wire; it must fit one packet */
export async function askRedis(port: number, operatorPassword: string, command: string): Promise<string> {
  const loggedIn = '+OK\r\n';
  return new Promise<string>((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port }, () =>
      socket.write(`AUTH operator ${operatorPassword}\r\n${command}\r\n`),
    );
    let replies = '';
    socket.on('data', (data) => {
      replies += data.toString();
      const reply = replies.slice(loggedIn.length);
      if (!reply.endsWith('\r\n')) return;
      socket.end();
      if (replies.startsWith(loggedIn) && !reply.startsWith('-')) resolve(reply);
      else reject(new Error(replies));
    });
    socket.once('error', reject);
  });
}
