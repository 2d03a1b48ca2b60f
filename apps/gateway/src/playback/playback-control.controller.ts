// What edges ask about viewers: the same questions as for viewers of this gateway.
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { authorizePlaybackSchema, checkPlaybackSchema, ControlSubject, PayloadPipe } from '@millrace/control';
import type {
  AuthorizePlayback,
  AuthorizePlaybackAnswer,
  CheckedVisit,
  CheckPlayback,
  CheckPlaybackAnswer,
  PlaybackVisit,
} from '@millrace/control';
import { LiveStoreError } from '@millrace/live-store';
import { peerNetwork } from '@millrace/service-kit';
import { dependencyUnavailable, ProblemError } from '../http/problem-error.ts';
import { isRefused, isTakenDown, PlaybackAdmission } from './playback-admission.ts';
import { PlaybackDirectory } from './playback-directory.ts';
import { isSigned, PlaybackGate } from './playback-gate.ts';
import type { PlaybackVisitor } from './playback-visitor.ts';

/** What viewers of edges know their protocol as. */
const DOORS: Readonly<Record<string, string>> = { rtmp: 'RTMP', rtmps: 'RTMP', rtsp: 'RTSP', rtsps: 'RTSP' };
/** A check is of a viewer that watches already, which is not told the words. */
const ANY_DOOR = 'it';

@Controller()
export class PlaybackControlController {
  constructor(
    private readonly admission: PlaybackAdmission,
    private readonly directory: PlaybackDirectory,
    private readonly gate: PlaybackGate,
  ) {}

  @MessagePattern<string>(ControlSubject.authorizePlayback)
  async authorize(
    @Payload(new PayloadPipe(authorizePlaybackSchema)) request: AuthorizePlayback,
  ): Promise<AuthorizePlaybackAnswer> {
    try {
      return await this.#authorize(request);
    } catch (error) {
      const { code, message } = problemOf(error);
      return { granted: false, refusal: code, detail: message };
    }
  }

  @MessagePattern<string>(ControlSubject.checkPlayback)
  async check(@Payload(new PayloadPipe(checkPlaybackSchema)) { visits }: CheckPlayback): Promise<CheckPlaybackAnswer> {
    return { visits: await Promise.all(visits.map((visit) => this.#check(visit))) };
  }

  async #authorize({ token: shown, login, protocol, ...visit }: AuthorizePlayback): Promise<AuthorizePlaybackAnswer> {
    const { playbackId, clientAddress } = visit;
    const token = login === undefined ? shown : await this.gate.tokenOf(playbackId, login, peerNetwork(clientAddress));
    const visitor = visitorOf(visit, token);
    const entry = await this.admission.admit(playbackId, visitor, DOORS[protocol] ?? protocol);
    const { fact, admitted } = entry;
    const { tenantId, streamId } = fact;
    if (!(await this.admission.isLive(fact))) {
      const detail = 'This stream is not live now.';
      return { granted: false, refusal: 'stream_offline', detail, offlineStreamId: streamId };
    }
    const name = await this.admission.begin(playbackId, entry);
    const ticket = admitted && { ticket: this.gate.tickets.write(admitted.ticket), tokenId: admitted.ticket.tokenId };
    return { granted: true, tenantId, streamId, ...ticket, name, groups: this.#groupsOf(playbackId) };
  }

  async #check({ ticket, ...visit }: CheckedVisit): Promise<CheckPlaybackAnswer['visits'][number]> {
    const { playbackId } = visit;
    const visitor = visitorOf(visit, undefined);
    try {
      const fact = await this.admission.find(playbackId, visitor.network, ANY_DOOR);
      if (isSigned(fact)) {
        const read = ticket === undefined ? undefined : this.gate.tickets.read(ticket, playbackId);
        if (read === undefined) return { refusal: 'playback_token_invalid', groups: [] };
        await this.admission.recheck(fact, { ticket: read, visitor });
      } else this.admission.watches(fact);
    } catch (error) {
      const isOver = isTakenDown(error) || isRefused(error);
      return { groups: this.#groupsOf(playbackId), ...(isOver && { refusal: error.code }) };
    }
    return { groups: this.#groupsOf(playbackId) };
  }

  #groupsOf(playbackId: string): string[] {
    return this.directory.viewerGroups(playbackId).map(({ id }) => id);
  }
}

/** Players by these protocols say no country: a restriction to some countries, or against some, refuses them. */
const visitorOf = (
  { clientAddress: address, player: userAgent, origin }: PlaybackVisit,
  token: string | undefined,
): PlaybackVisitor => ({
  address,
  network: peerNetwork(address),
  userAgent,
  origin,
  country: undefined,
  query: { token, viewer: undefined },
});

function problemOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof LiveStoreError) return dependencyUnavailable('The live store', error);
  throw error;
}
