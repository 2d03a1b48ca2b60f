import type { JSX } from 'preact';
import type { ShownSource, TenantStream } from '../api/resources.ts';
import { texts } from '../texts.ts';
import { Icon } from '../ui/icon.tsx';
import { LivePlayer } from './live-player.tsx';
import { playlistPath, publicPlayback } from './playback-choice.ts';

interface StreamStageProps {
  readonly stream: TenantStream;
  /** Of the stream, where the user may know them. */
  readonly sources: readonly Pick<ShownSource, 'enabled' | 'mode'>[];
}

/** The picture, or why there is none. */
export function StreamStage({ stream, sources }: StreamStageProps): JSX.Element {
  const playback = publicPlayback(stream);
  const isPlayable = stream.status === 'active' || stream.status === 'reconnecting';
  if (isPlayable && playback !== undefined)
    return (
      <div class="stage">
        <LivePlayer key={stream.active_session_id} playlistUrl={playlistPath(playback)} />
      </div>
    );
  const [headline, explanation] = isPlayable ? whyNotPlayable(stream) : whyNoPicture(stream, sources);
  return (
    <div class="stage empty-stage">
      <Icon name="streams" />
      <p class="headline">{headline}</p>
      <p>{explanation}</p>
    </div>
  );
}

const whyNotPlayable = ({ playback_ids: ids }: TenantStream): readonly [string, string] =>
  ids.length === 0
    ? [texts.stream.noPlayback, texts.stream.noPlaybackExplanation]
    : [texts.stream.signedOnly, texts.stream.signedOnlyExplanation];

function whyNoPicture({ status }: TenantStream, sources: StreamStageProps['sources']): readonly [string, string] {
  switch (status) {
    case 'connected':
      return [texts.stream.starting, texts.stream.startingExplanation];
    case 'disabled':
      return [texts.stream.disabled, texts.stream.disabledExplanation];
    case 'unknown':
      return [texts.stream.unknown, texts.stream.unknownExplanation];
    default:
      return whyOffline(sources.filter(({ enabled }) => enabled));
  }
}

/** @param sources that are switched on */
function whyOffline(sources: StreamStageProps['sources']): readonly [string, string] {
  if (sources.length === 0) return [texts.stream.offline, texts.stream.offlineExplanation];
  return sources.every(({ mode }) => mode === 'on_demand')
    ? [texts.stream.pulledOnDemand, texts.stream.pulledOnDemandExplanation]
    : [texts.stream.pulled, texts.stream.pulledExplanation];
}
