import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { openPlayer } from '../../watch/stream-player.ts';
import type { StreamPlayer } from '../../watch/stream-player.ts';
import { Icon } from '../ui/icon.tsx';
import { loadHlsLibrary } from './hls-library.ts';

/** How long a picture is shown before a newer one is taken. */
const ROUND_MS = 30_000;

/** A picture of a live stream, taken when it comes into view and now and then: the player is closed as soon as it has it. */
export function StillPicture({ playlistUrl }: { readonly playlistUrl: string }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [isDrawn, setDrawn] = useState(false);
  const [round, setRound] = useState(0);

  useEffect(() => {
    const place = canvas.current;
    if (place === null) return;
    const video = document.createElement('video');
    video.muted = true;
    let player: StreamPlayer | undefined;
    let isGone = false;
    const close = (): void => {
      isGone = true;
      player?.close();
      player = undefined;
    };
    const take = (): void => {
      place.width = video.videoWidth;
      place.height = video.videoHeight;
      place.getContext('2d')?.drawImage(video, 0, 0);
      setDrawn(true);
      close();
    };
    const open = async (): Promise<void> => {
      await loadHlsLibrary();
      if (!isGone) player = openPlayer(video, playlistUrl, { onEnded: close, onLost: close, onUndecodable: close });
    };
    const view = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      view.disconnect();
      // Without it the card shows its symbol.
      open().catch(close);
    });
    video.addEventListener('loadeddata', take, { once: true });
    view.observe(place);
    const timer = setTimeout(() => setRound(round + 1), ROUND_MS);
    return () => {
      clearTimeout(timer);
      view.disconnect();
      close();
    };
  }, [playlistUrl, round]);

  return (
    <>
      {!isDrawn && <Icon name="streams" />}
      <canvas ref={canvas} class={isDrawn ? 'still drawn' : 'still'} aria-hidden="true" />
    </>
  );
}
