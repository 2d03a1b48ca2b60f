import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { NewStreamKey, TenantStream } from '../api/resources.ts';
import { texts } from '../texts.ts';
import { CopyField } from '../ui/copy-field.tsx';
import { Tabs } from '../ui/tabs.tsx';

type Encoder = 'obs' | 'ffmpeg' | 'rtsp' | 'srt' | 'other';

interface SetupStepsProps {
  readonly streamKey: NewStreamKey;
  readonly ingest: TenantStream['ingest'];
  /** As it was just given: the server does not show it again. */
  readonly srtPassphrase?: string | undefined;
}

/** Which value goes into which field of which encoder. */
export function SetupSteps({ streamKey, ingest, srtPassphrase }: SetupStepsProps): JSX.Element {
  const [encoder, setEncoder] = useState<Encoder>('obs');
  const { login_server: loginServer } = streamKey;
  return (
    <div class="stack">
      <Tabs
        label={texts.setup.encoders}
        value={encoder}
        options={[
          ['obs', texts.setup.obs],
          ['ffmpeg', texts.setup.ffmpeg],
          ...(ingest.rtsp_url === null ? [] : ([['rtsp', texts.setup.rtsp]] as const)),
          ...(ingest.srt_url === null ? [] : ([['srt', texts.setup.srt]] as const)),
          ...(loginServer === null ? [] : ([['other', texts.setup.other]] as const)),
        ]}
        onChange={setEncoder}
      />
      {encoder === 'obs' && (
        <>
          <p>{texts.setup.obsSteps}</p>
          <CopyField label={texts.setup.server} value={streamKey.server} />
          <CopyField label={texts.setup.streamKey} value={streamKey.key} hint={texts.setup.secret} />
          <p class="small muted">{texts.setup.obsOutput}</p>
        </>
      )}
      {encoder === 'ffmpeg' && (
        <>
          <p>{texts.setup.ffmpegSteps}</p>
          <CopyField
            label={texts.setup.command}
            value={ffmpegCommand(ingest.url_template.replace('{stream_key}', streamKey.key))}
            hint={texts.setup.secret}
          />
        </>
      )}
      {encoder === 'rtsp' && ingest.rtsp_url !== null && (
        <>
          <p>{texts.setup.rtspSteps}</p>
          <CopyField
            label={texts.setup.rtspAddress}
            value={`${ingest.rtsp_url}/${streamKey.key}`}
            hint={texts.setup.secret}
          />
        </>
      )}
      {encoder === 'srt' && ingest.srt_url !== null && (
        <SrtSteps streamKey={streamKey} url={ingest.srt_url} passphrase={srtPassphrase} />
      )}
      {encoder === 'other' && loginServer !== null && (
        <>
          <p>{texts.setup.otherSteps}</p>
          <CopyField label={texts.setup.server} value={loginServer} />
          <CopyField label={texts.setup.user} value={streamKey.user} />
          <CopyField label={texts.setup.password} value={streamKey.password} hint={texts.setup.secret} />
        </>
      )}
    </div>
  );
}

interface SrtStepsProps {
  readonly streamKey: NewStreamKey;
  readonly url: string;
  readonly passphrase: string | undefined;
}

/** The stream id travels in clear: with a passphrase it has the id of the key, which is no secret. */
const SrtSteps = ({ streamKey, url, passphrase }: SrtStepsProps): JSX.Element =>
  streamKey.has_srt_passphrase ? (
    <>
      <p>{texts.setup.srtEncryptedSteps}</p>
      <CopyField label={texts.setup.srtAddress} value={`${url}${streamKey.id}`} />
      {passphrase === undefined ? (
        <p class="small muted">{texts.setup.srtPassphraseUnknown}</p>
      ) : (
        <CopyField label={texts.setup.srtPassphrase} value={passphrase} hint={texts.setup.secret} />
      )}
    </>
  ) : (
    <>
      <p>{texts.setup.srtSteps}</p>
      <CopyField label={texts.setup.srtAddress} value={`${url}${streamKey.key}`} hint={texts.setup.secret} />
    </>
  );

const ffmpegCommand = (url: string): string =>
  `ffmpeg -re -i video.mp4 -c:v libx264 -pix_fmt yuv420p -g 60 -c:a aac -f flv ${url}`;
