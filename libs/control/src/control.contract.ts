// What services may rely on when they talk, whatever carries the messages. Runs over every transport.
import { randomUUID } from 'node:crypto';
import { DEFAULT_STREAM_SETTINGS, newId } from '@millrace/domain';
import type { PublishClaim } from '@millrace/domain';
import type { INestMicroservice } from '@nestjs/common';
import type { ClientProxy, MicroserviceOptions } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ControlPlaneClient } from './control-plane-client.ts';
import { ControlSubject } from './messages.ts';
import type { AuthorizePublish, AuthorizePublishAnswer, CutPublisher } from './messages.ts';
import { startEdge, startGateway } from './testing/services.ts';
import type { Answer, TestService } from './testing/services.ts';
import { UsageControlClient } from './usage/usage-control.ts';
import { MAX_REPORTED_AMOUNTS } from './usage/usage-messages.ts';

export interface ControlTransport {
  client(): ClientProxy;
  server(queue?: string): MicroserviceOptions;
  /** Resolves once what this server listens to is sure to reach it. */
  settled(app: INestMicroservice): Promise<void>;
}

const request: AuthorizePublish = {
  key: 'mr_st_x',
  app: 'live',
  edgeId: 'edge-1',
  protocol: 'rtmp',
  clientAddress: '127.0.0.1',
  encoder: 'OBS',
};

const newClaim = (): PublishClaim => ({
  tenantId: newId('ten'),
  streamId: newId('str'),
  streamKeyId: newId('skey'),
  sessionId: newId('ses'),
  epoch: 1_700_000_000_000,
  edgeId: 'edge-1',
  sessionStartedAtMs: 1,
  epochStartedAtMs: 2,
  settings: DEFAULT_STREAM_SETTINGS,
});

const LONG_MS = 15_000;
const WITHIN = { timeout: LONG_MS };

export function describeControlContract(name: string, open: () => ControlTransport): void {
  describe(`control messages ${name}`, () => {
    const cleanups: (() => Promise<unknown>)[] = [];
    afterEach(async () => {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    });

    const keep = async (service: TestService): Promise<TestService> => {
      cleanups.push(() => service.app.close());
      await open().settled(service.app);
      return service;
    };
    const gateway = async (answer: Answer) => keep(await startGateway(open().server('gateway'), answer));
    const edge = async () => keep(await startEdge(open().server()));
    const plane = (traceparent?: string) => {
      const proxy = open().client();
      cleanups.push(async () => proxy.close() as unknown);
      const errors: string[] = [];
      const client = new ControlPlaneClient(proxy, {
        onError: (subject) => errors.push(subject),
        traceparent: () => traceparent,
      });
      return { proxy, client, errors };
    };

    it('carries a request to a gateway and its answer back', async () => {
      const answer: AuthorizePublishAnswer = { granted: true, claim: newClaim(), resumed: false };
      const received: AuthorizePublish[] = [];
      await gateway((message) => {
        received.push(message);
        return answer;
      });
      expect(await plane().client.authorizePublish(request, LONG_MS)).toEqual(answer);
      expect(received).toEqual([request]);
    });

    it('carries a login, and a challenge for it; without a gateway there is none', async () => {
      const client = plane().client;
      expect(await client.challengeLogin({ user: 'skey_1', clientAddress: '192.0.2.1' }, 200)).toBeUndefined();
      const received: AuthorizePublish[] = [];
      await gateway((message) => {
        received.push(message);
        return { granted: false, refusal: 'rotate_key' };
      });
      const challenge = await client.challengeLogin({ user: 'skey_1', clientAddress: '192.0.2.1' }, LONG_MS);
      expect(challenge).toEqual({ salt: 'salt of skey_1', opaque: 'opaque' });
      const login = { user: 'skey_1', opaque: 'opaque', clientChallenge: '0a', response: 'kt+S5==', attempt: '1' };
      const answer = await client.authorizePublish({ ...request, key: '', login }, LONG_MS);
      expect(answer).toEqual({ granted: false, refusal: 'rotate_key' });
      expect(received).toEqual([{ ...request, key: '', login }]);
    });

    it('carries usage to a gateway until it is recorded, as much as fits into a report', async () => {
      const { proxy } = plane();
      const control = new UsageControlClient(proxy);
      const amount = { hour: 496_000, kind: 'egress_bytes', protocol: 'http-flv', amount: 2 ** 52 + 0.5 } as const;
      const amounts = Array.from({ length: MAX_REPORTED_AMOUNTS }, () => ({
        tenantId: newId('ten'),
        streamId: newId('str'),
        ...amount,
      }));
      const report = { source: randomUUID(), amounts };
      expect(await control.reportUsage(report, 200)).toBe(false);
      const service = await gateway(() => undefined);
      expect(await control.reportUsage(report, LONG_MS)).toBe(true);
      expect(service.usage).toEqual([report]);
    });

    it('carries a refusal', async () => {
      const refused: AuthorizePublishAnswer = { granted: false, refusal: 'already_publishing' };
      await gateway(async () => refused);
      expect(await plane().client.authorizePublish(request, LONG_MS)).toEqual(refused);
    });

    it('carries the trace of a request and of an event, beside what they say', async () => {
      const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
      const received: AuthorizePublish[] = [];
      const asked = await gateway((message) => {
        received.push(message);
        return { granted: false, refusal: 'quota' };
      });
      const told = await edge();
      const cut: CutPublisher = {
        streamId: newId('str'),
        streamKeyId: undefined,
        reason: 'ended',
        beforeEpoch: undefined,
      };
      for (const { client } of [plane(traceparent), plane()]) {
        expect(await client.authorizePublish(request, LONG_MS)).toEqual({ granted: false, refusal: 'quota' });
        client.cutPublisher(cut);
        await vi.waitFor(() => expect(told.cuts).toHaveLength(asked.requests), WITHIN);
      }
      expect(asked.traceparents).toEqual([traceparent, undefined]);
      expect(told.traceparents).toEqual([traceparent, undefined]);
      expect(received).toEqual([request, request]);
      expect(told.cuts).toEqual([cut, cut]);
    });

    it('asks one gateway of many', async () => {
      const refused: AuthorizePublishAnswer = { granted: false, refusal: 'bad_key' };
      const gateways = [await gateway(() => refused), await gateway(() => refused)];
      const { client } = plane();
      for (let i = 0; i < 20; i++) await client.authorizePublish(request, LONG_MS);
      expect(gateways[0]!.requests + gateways[1]!.requests).toBe(20);
    });

    it('tells an event to every edge, and to one gateway', async () => {
      const edges = [await edge(), await edge()];
      const gateways = [await gateway(() => undefined), await gateway(() => undefined)];
      const { client } = plane();
      const claim = newClaim();
      const cut: CutPublisher = {
        streamId: claim.streamId,
        streamKeyId: undefined,
        reason: 'key_revoked',
        beforeEpoch: undefined,
      };
      client.cutPublisher(cut);
      const { tenantId, streamId, sessionId } = claim;
      const warning = { code: 'no_idr', message: 'no IDR pictures', firstAtMs: 5 };
      const ended = {
        claim,
        reason: 'ended',
        detail: 'as asked',
        bytes: 1,
        videoFrames: 2,
        audioFrames: 3,
        warnings: [warning],
      };
      client.publishEnded(ended);
      client.sessionWarned({ tenantId, streamId, sessionId, warning });
      await vi.waitFor(() => {
        for (const { cuts } of edges) expect(cuts).toEqual([cut]);
        expect(gateways.flatMap((gateway) => gateway.ended)).toEqual([ended]);
        const warned = gateways.flatMap((gateway) => gateway.warned);
        expect(warned).toEqual([{ tenantId, streamId, sessionId, warning }]);
      }, WITHIN);
    });

    it('tells of timed metadata to every edge, and of what became of it to every gateway', async () => {
      const edges = [await edge(), await edge()];
      const gateways = [await gateway(() => undefined), await gateway(() => undefined)];
      const { client } = plane();
      const put = { id: 'a-1', streamId: newId('str'), epoch: 5, payload: Buffer.from('02', 'hex').toString('base64') };
      client.putTimedMetadata(put);
      client.timedMetadataPut({ id: 'a-1', outcome: 'written' });
      await vi.waitFor(() => {
        for (const { metadata } of edges) expect(metadata).toEqual([put]);
        for (const { metadata } of gateways) expect(metadata).toEqual([{ id: 'a-1', outcome: 'written' }]);
      }, WITHIN);
    });

    it('gives handlers a copy of what was sent', async () => {
      const service = await edge();
      const cut = { streamId: newId('str'), streamKeyId: newId('skey'), reason: 'taken_over', beforeEpoch: 5 } as const;
      plane().client.cutPublisher(cut);
      await vi.waitFor(() => expect(service.cuts).toEqual([cut]), WITHIN);
      expect(service.cuts[0]).not.toBe(cut);
    });

    it('answers unavailable when no service listens, within the deadline', async () => {
      const { client, errors } = plane();
      expect(await client.authorizePublish(request, 300)).toEqual({ granted: false, refusal: 'unavailable' });
      expect(errors.length).toBeGreaterThan(0);
      expect(new Set(errors)).toEqual(new Set([ControlSubject.authorizePublish]));
    });

    it('answers unavailable when the gateway does not answer', async () => {
      await gateway(() => new Promise(() => undefined));
      const { client } = plane();
      expect(await client.authorizePublish(request, 200)).toEqual({ granted: false, refusal: 'unavailable' });
    });

    it('tries again when a gateway fails, until one answers', async () => {
      let calls = 0;
      await gateway(() => {
        if (++calls < 3) throw new Error('database is away');
        return { granted: false, refusal: 'quota' };
      });
      const { client, errors } = plane();
      expect(await client.authorizePublish(request, LONG_MS)).toEqual({ granted: false, refusal: 'quota' });
      expect([calls, errors.length]).toEqual([3, 2]);
    });

    it('tries again when a gateway cannot decide now, until one can', async () => {
      let calls = 0;
      await gateway(() => ({ granted: false, refusal: ++calls < 3 ? 'unavailable' : 'quota' }));
      const { client, errors } = plane();
      expect(await client.authorizePublish(request, LONG_MS)).toEqual({ granted: false, refusal: 'quota' });
      expect([calls, errors.length]).toEqual([3, 0]);
    });

    it('takes an answer that this process could not read in time', async () => {
      await gateway(() => ({ granted: false, refusal: 'quota' }));
      const { client, errors } = plane();
      await client.authorizePublish(request, LONG_MS);
      const asked = client.authorizePublish(request, 1_000);
      await new Promise((resolve) => setImmediate(resolve));
      // As where all processors are busy with other work.
      for (const end = performance.now() + 1_100; performance.now() < end;);
      expect(await asked).toEqual({ granted: false, refusal: 'quota' });
      expect(errors).toEqual([]);
    });

    it('says what gateways say that can not decide within the deadline', async () => {
      let calls = 0;
      await gateway(() => {
        calls++;
        return { granted: false, refusal: 'unavailable' };
      });
      expect(await plane().client.authorizePublish(request, 1_000)).toEqual({ granted: false, refusal: 'unavailable' });
      expect(calls).toBeGreaterThan(1);
    });

    it('finds a gateway that comes later', async () => {
      const { client, errors } = plane();
      const answer = client.authorizePublish(request, LONG_MS);
      await vi.waitFor(() => expect(errors.length).toBeGreaterThan(0), WITHIN);
      await gateway(() => ({ granted: false, refusal: 'bad_key' }));
      expect(await answer).toEqual({ granted: false, refusal: 'bad_key' });
    });

    it('does not report another publisher when it may be this very claim', async () => {
      let calls = 0;
      await gateway(() =>
        ++calls === 1 ? new Promise(() => undefined) : { granted: false, refusal: 'already_publishing' },
      );
      const { client } = plane();
      expect(await client.authorizePublish(request, LONG_MS)).toEqual({ granted: false, refusal: 'unavailable' });
      expect(calls).toBe(2);
    });

    it('does not say so either when the gateway could not tell whether it had made the claim', async () => {
      let calls = 0;
      await gateway(() => ({ granted: false, refusal: ++calls === 1 ? 'unavailable' : 'already_publishing' }));
      expect(await plane().client.authorizePublish(request, LONG_MS)).toEqual({
        granted: false,
        refusal: 'unavailable',
      });
      expect(calls).toBe(2);
    });

    it('takes no malformed answer', async () => {
      await gateway(() => ({ granted: true, claim: { ...newClaim(), streamId: 'str_>' } }));
      expect(await plane().client.authorizePublish(request, 200)).toEqual({ granted: false, refusal: 'unavailable' });
    });

    it('answers a malformed request with an error, and drops a malformed event', async () => {
      const service = await gateway(() => ({ granted: false, refusal: 'bad_key' }));
      const { proxy, client } = plane();
      const send = firstValueFrom(proxy.send(ControlSubject.authorizePublish, { ...request, key: 'x'.repeat(300) }));
      await expect(send).rejects.toBeDefined();
      await firstValueFrom(proxy.emit(ControlSubject.publishEnded, { claim: 1 }), { defaultValue: undefined });
      client.publishEnded({ claim: newClaim(), reason: 'ended', bytes: 1, videoFrames: 2, audioFrames: 3 });
      await vi.waitFor(() => expect(service.ended).toHaveLength(1), WITHIN);
      expect(service.requests).toBe(0);
    });

    it('hears nothing after it was closed', async () => {
      const service = await startGateway(open().server('gateway'), () => ({ granted: false, refusal: 'bad_key' }));
      const { client } = plane();
      expect(await client.authorizePublish(request, LONG_MS)).toEqual({ granted: false, refusal: 'bad_key' });
      await service.app.close();
      expect(await client.authorizePublish(request, 200)).toEqual({ granted: false, refusal: 'unavailable' });
      expect(service.requests).toBe(1);
    });
  });
}
