import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { openPlayer } from '../../watch/stream-player.ts';
import type { StreamPlayer } from '../../watch/stream-player.ts';
import { texts } from '../texts.ts';
import { Notice } from '../ui/notice.tsx';
import { loadHlsLibrary } from './hls-library.ts';

const RETRY_MS = 2_000;

/** The picture as viewers have it. A player that is lost is made anew for as long as the stream is live. */
export function LivePlayer({ playlistUrl }: { readonly playlistUrl: string }): JSX.Element {
  const video = useRef<HTMLVideoElement>(null);
  const [isSupported, setSupported] = useState(true);

  useEffect(() => {
    let player: StreamPlayer | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isGone = false;
    const again = (): void => {
      player?.close();
      player = undefined;
      if (!isGone) timer = setTimeout(() => void open(), RETRY_MS);
    };
    const open = async (): Promise<void> => {
      try {
        await loadHlsLibrary();
      } catch {
        return again();
      }
      const element = video.current;
      if (isGone || element === null) return;
      const onUndecodable = (): void => setSupported(false);
      player = openPlayer(element, playlistUrl, { onEnded: again, onLost: again, onUndecodable });
      setSupported(player !== undefined);
    };
    void open();
    return () => {
      isGone = true;
      clearTimeout(timer);
      player?.close();
    };
  }, [playlistUrl]);

  return (
    <>
      <video ref={video} controls muted autoPlay playsInline aria-label={texts.stream.player} />
      {!isSupported && <Notice kind="warning" headline={texts.stream.unsupported} />}
    </>
  );
}
