// Opens the connections of an edge to simulcast targets, each with its protocol's own push; and keeps what they share of one stream.
import type { OutboundAddress } from '@millrace/service-kit';
import { FormRegistry } from '../edge/form-registry.ts';
import type { DescribedForm } from '../edge/form-registry.ts';
import type { SeenTracks } from '../live/wire-form.ts';
import { TsForm } from '../mpegts/ts-form.ts';
import { RtpForm } from '../rtp/rtp-form.ts';
import { PushFault } from './push-fault.ts';
import { pushForms, RtmpPush } from './rtmp-push.ts';
import { RtspPush } from './rtsp-push.ts';
import { SrtPush } from './srt-push.ts';
import type { StreamPush } from './stream-push.ts';
import type { TargetPlace } from './target-address.ts';

export interface PushRequest {
  readonly place: TargetPlace;
  readonly streamId: string;
  readonly tracks: SeenTracks;
  /** Checked: one of these is connected to. */
  readonly addresses: readonly OutboundAddress[];
  /** The server accepts more again. */
  readonly onDrained: () => void;
  /** The tracks are not those any more that the server was told of. */
  readonly onOutdated: () => void;
}

/** A connection, and what is to be called when it is gone. */
export interface OpenedPush {
  readonly push: StreamPush;
  readonly release: () => void;
}

export interface PushOpenerSettings {
  readonly simulcastSrtSendPackets: number;
  readonly simulcastSrtBitsPerSecond: number;
}

/** @returns what opens a connection. @throws PushFault when the protocol of the target has no form for a track */
export function pushOpener(settings: PushOpenerSettings): (request: PushRequest) => OpenedPush {
  const rtmpFormOf = pushForms();
  const tsForms = new FormRegistry((seen) => new TsForm(seen));
  const rtpForms = new FormRegistry((seen) => new RtpForm(seen));
  return (request) => {
    const { place, addresses, onDrained } = request;
    switch (place.protocol) {
      case 'rtmp':
        return {
          push: new RtmpPush({ ...place, addresses, formOf: rtmpFormOf, onDrained }),
          release: () => undefined,
        };
      case 'srt': {
        const { form, release } = take(tsForms, request, 'MPEG-TS');
        const { url, streamId, passphrase } = place;
        const limits = {
          sendPackets: settings.simulcastSrtSendPackets,
          bitsPerSecond: settings.simulcastSrtBitsPerSecond,
        };
        return { push: new SrtPush({ url, streamId, passphrase, addresses, form, ...limits, onDrained }), release };
      }
      case 'rtsp': {
        const { form, release } = take(rtpForms, request, 'RTP');
        const { url, host, port, isEncrypted: isSecure, credentials, streamKey } = place;
        const secrets = [streamKey, credentials?.password];
        return {
          push: new RtspPush({ url, host, port, isSecure, credentials, secrets, addresses, form, onDrained }),
          release,
        };
      }
    }
  };
}

/** A target is sent all of a stream, or told why not. */
function take<Form extends DescribedForm & { readonly leftOut: readonly string[] }>(
  forms: FormRegistry<Form>,
  { streamId, tracks, onOutdated }: PushRequest,
  container: string,
): { readonly form: Form; readonly release: () => void } {
  const taken = forms.take(streamId, tracks, onOutdated);
  const { leftOut } = taken.form;
  if (leftOut.length === 0) return taken;
  taken.release();
  throw new PushFault(
    'unsupported_codec',
    `${container}, which this target is sent, has no form for ${leftOut.join(' and ')}: send H.264 and AAC`,
  );
}
