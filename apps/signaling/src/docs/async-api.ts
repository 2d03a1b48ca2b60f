// The AsyncAPI document of the signaling protocol, made of the schemas that check messages: it cannot say anything else.
import { z } from 'zod';
import { clientMessages } from '../messages/client-messages.ts';
import { serverMessages } from '../messages/server-messages.ts';
import { ROOMS_PATH } from '../rooms/rooms-path.ts';
import { CLIENT_SAMPLES, SERVER_SAMPLES } from './sample-messages.ts';

type Schemas = Readonly<Record<string, z.ZodType>>;

const CLIENT_SUMMARIES: Readonly<Record<keyof typeof clientMessages, string>> = {
  join: 'Join the room that the token names.',
  resume: 'Resume after a dropped socket, on this server or on another one.',
  probe: 'Request ICE servers without joining the room; the server then closes the socket.',
  offer: 'A session description for one participant.',
  answer: 'A session description for one participant.',
  candidate: 'An ICE candidate for one participant.',
  end_of_candidates: 'No more candidates for one participant follow.',
  update: 'Change what the other participants see: name, metadata, mute state. Omitted fields stay unchanged.',
  chat: 'A text for all participants of the room, or for one of them.',
  ice_servers: 'Request fresh ICE servers.',
  leave: 'Leave the room.',
  ping: 'Request a pong; acknowledge events.',
};

const SERVER_SUMMARIES: Readonly<Record<keyof typeof serverMessages, string>> = {
  joined: 'Joined: own participant, other participants, ICE servers, and what a resume needs.',
  resumed: 'Resumed: the current participants; missed messages follow.',
  ice_servers: 'Fresh ICE servers.',
  probed: 'ICE servers for a probe.',
  token: 'A fresh join token: use it instead of the first one to join again.',
  pong: 'The answer to a ping.',
  accepted: 'The message with this id has been queued for its recipient.',
  left: 'No longer in the room, permanently; the socket closes.',
  go_away: 'This server is stopping: connect again and resume.',
  error: 'A message was refused, or the socket closes.',
  participant_joined: 'A participant joined.',
  participant_updated: 'A participant has changed.',
  participant_left: 'A participant left, and why.',
  room_updated: 'The room has changed.',
  offer: 'A session description from another participant.',
  answer: 'A session description from another participant.',
  candidate: 'An ICE candidate from another participant.',
  end_of_candidates: 'No more candidates from another participant follow.',
  chat: 'A text from another participant.',
};

const pascal = (type: string): string =>
  type.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());

function messagesOf(
  side: 'Client' | 'Server',
  schemas: Schemas,
  summaries: Readonly<Record<string, string>>,
  samples: Readonly<Record<string, object>>,
): Record<string, object> {
  const entries = Object.entries(schemas).map(([type, schema]) => {
    const { $schema: _, ...payload } = z.toJSONSchema(schema, { io: 'input' });
    const message = { name: type, summary: summaries[type], payload, examples: [{ payload: samples[type] }] };
    return [`${side}${pascal(type)}`, message];
  });
  return Object.fromEntries(entries) as Record<string, object>;
}

const refsTo = (place: string, names: readonly string[]): Record<string, object> =>
  Object.fromEntries(names.map((name) => [name, { $ref: `${place}/${name}` }]));

/** The document, as JSON. */
export function asyncApi(): object {
  const client = messagesOf('Client', clientMessages, CLIENT_SUMMARIES, CLIENT_SAMPLES);
  const server = messagesOf('Server', serverMessages, SERVER_SUMMARIES, SERVER_SAMPLES);
  const inChannel = (names: readonly string[]) => Object.values(refsTo('#/channels/rooms/messages', names));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Millrace signaling',
      version: '1',
      description: 'JSON messages on one WebSocket, explained in docs/signaling.md. Written by "npm run async-api".',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    servers: { local: { host: 'localhost:8081', protocol: 'ws' } },
    channels: {
      rooms: {
        address: ROOMS_PATH,
        messages: refsTo('#/components/messages', [...Object.keys(client), ...Object.keys(server)]),
      },
    },
    operations: {
      hearClient: {
        action: 'receive',
        channel: { $ref: '#/channels/rooms' },
        messages: inChannel(Object.keys(client)),
      },
      tellClient: { action: 'send', channel: { $ref: '#/channels/rooms' }, messages: inChannel(Object.keys(server)) },
    },
    components: { messages: { ...client, ...server } },
  };
}
