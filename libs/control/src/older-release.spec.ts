// Control messages as the release of 2026-11-25 sent them, byte for byte: see testing/README.md.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { z } from 'zod';
import {
  authorizePublishAnswerSchema,
  authorizePublishSchema,
  cutPublisherSchema,
  publishEndedSchema,
  sessionActiveSchema,
  sessionEndedSchema,
  streamLiveSchema,
} from './message-schemas.ts';
import { ControlSubject } from './messages.ts';
import { RelaySubject } from './rooms/relay-messages.ts';
import {
  authorizeRelayAnswerSchema,
  authorizeRelaySchema,
  relayUsageSchema,
  revokeRelaySchema,
} from './rooms/relay-schemas.ts';
import { RoomSubject } from './rooms/room-messages.ts';
import {
  authorizeJoinAnswerSchema,
  authorizeJoinSchema,
  issueIceServersAnswerSchema,
  issueIceServersSchema,
  participantJoinedSchema,
  participantLeftSchema,
  participantRemoveSchema,
  roomEndSchema,
  roomFactsSchema,
  roomFinishedSchema,
  roomStartedSchema,
} from './rooms/room-schemas.ts';
import { TestNatsServer } from './testing/nats-server.ts';
import { startGateway } from './testing/services.ts';
import { natsControlGateway } from './transport/nats-control.ts';

interface Recorded {
  readonly requests: readonly { readonly subject: string; readonly request: string; readonly answer: string }[];
  readonly events: readonly { readonly subject: string; readonly text: string }[];
}
const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'testing/older-release.json'), 'utf8')) as Recorded;

const requests: Readonly<Record<string, readonly [z.ZodType, z.ZodType]>> = {
  [ControlSubject.authorizePublish]: [authorizePublishSchema, authorizePublishAnswerSchema],
  [RoomSubject.authorizeJoin]: [authorizeJoinSchema, authorizeJoinAnswerSchema],
  [RoomSubject.issueIceServers]: [issueIceServersSchema, issueIceServersAnswerSchema],
  [RelaySubject.authorizeRelay]: [authorizeRelaySchema, authorizeRelayAnswerSchema],
};
const events: Readonly<Record<string, z.ZodType>> = {
  [ControlSubject.publishEnded]: publishEndedSchema,
  [ControlSubject.sessionActive]: sessionActiveSchema,
  [ControlSubject.sessionEnded]: sessionEndedSchema,
  [ControlSubject.cutPublisher]: cutPublisherSchema,
  [ControlSubject.streamLive]: streamLiveSchema,
  [RoomSubject.roomStarted]: roomStartedSchema,
  [RoomSubject.roomFinished]: roomFinishedSchema,
  [RoomSubject.participantJoined]: participantJoinedSchema,
  [RoomSubject.participantLeft]: participantLeftSchema,
  [RoomSubject.roomChanged]: roomFactsSchema,
  [RoomSubject.roomEnd]: roomEndSchema,
  [RoomSubject.participantRemove]: participantRemoveSchema,
  [RelaySubject.relayUsage]: relayUsageSchema,
  [RelaySubject.revokeRelay]: revokeRelaySchema,
};

const dataOf = (text: string): object => (JSON.parse(text) as { data: object }).data;
const responseOf = (text: string): object => (JSON.parse(text) as { response: object }).response;

describe('a message of an older release', () => {
  it.each(recorded.events)('is understood: the event $subject', ({ subject, text }) => {
    expect(events[subject]!.parse(dataOf(text))).toMatchObject(dataOf(text));
  });

  it.each(recorded.requests)('is understood: $subject, and its answer', ({ subject, request, answer }) => {
    const [requestSchema, answerSchema] = requests[subject]!;
    expect(requestSchema.parse(dataOf(request))).toMatchObject(dataOf(request));
    expect(answerSchema.parse(responseOf(answer))).toMatchObject(responseOf(answer));
  });

  it('was recorded of each kind', () => {
    expect([...new Set(recorded.events.map(({ subject }) => subject))].sort()).toEqual(Object.keys(events).sort());
    expect([...new Set(recorded.requests.map(({ subject }) => subject))].sort()).toEqual(Object.keys(requests).sort());
  });
});

describe('a request in clear text, as edges of an older release send it', () => {
  const server = new TestNatsServer();
  let edge: NatsConnection;
  beforeAll(async () => {
    await server.start();
    edge = await connect({ servers: server.url });
  });
  afterAll(async () => {
    await edge.close();
    await server.stop();
  });
  const [granted, refused] = recorded.requests.filter(({ subject }) => subject === ControlSubject.authorizePublish);

  async function gateway(acceptClear: boolean): Promise<void> {
    const options = natsControlGateway({ url: server.url, queue: 'gateway', sealSecret: 'x'.repeat(32), acceptClear });
    const answers = new Map([granted!, refused!].map(({ request, answer }) => [keyOf(request), responseOf(answer)]));
    const { app } = await startGateway(options, ({ key }) => answers.get(key));
    onTestFinished(() => app.close());
  }
  const keyOf = (request: string): string => (dataOf(request) as { key: string }).key;

  it('is answered as that release answered it, while the operator allows it', async () => {
    await gateway(true);
    for (const { subject, request, answer } of [granted!, refused!])
      expect((await edge.request(subject, request, { timeout: 5_000 })).json()).toEqual(JSON.parse(answer));
  });

  it('finds no gateway otherwise', async () => {
    await gateway(false);
    await expect(edge.request(granted!.subject, granted!.request, { timeout: 5_000 })).rejects.toThrow(
      /no responders/i,
    );
  });
});
