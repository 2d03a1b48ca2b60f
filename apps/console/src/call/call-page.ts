// The call page's own program: devices first, then the room; says what is wrong, and comes back by itself.
import type { Ending } from '@millrace/rooms-client';
import { element } from '../page/element.ts';
import { readJoinAddress } from '../page/join-address.ts';
import { SeatStore, tabStorage } from '../page/seat-store.ts';
import { Capture } from './capture.ts';
import { captureWords } from './capture-words.ts';
import { Call } from './call.ts';
import { CallView } from './call-view.ts';
import { endingWords, NO_SIGNALING, NO_TOKEN } from './call-words.ts';
import { Lobby } from './lobby.ts';

const address = readJoinAddress(new URL(location.href));
const view = new CallView();

const capture = new Capture({
  changed: (source, track) => {
    lobby.changed(source, track);
    call.trackChanged(source, track);
  },
  failed: (source, failure) => {
    if (lobby.isOpen) lobby.failed(source, failure);
    else view.notify(captureWords(source, failure));
  },
});
const lobby = new Lobby(capture, (name) => void join(name));
const seat = new SeatStore(tabStorage(), address.token);
const call = new Call({ address, capture, view, seat, ended: (ending) => leave(ending) });

async function openLobby(): Promise<void> {
  if (address.token === '') return view.showEnd(NO_TOKEN, false);
  view.enter('lobby');
  await lobby.open();
}

async function join(name: string): Promise<void> {
  view.enter('joining');
  view.setBanner('Joining…');
  lobby.close();
  try {
    await call.start(name);
  } catch (error) {
    console.warn('no signaling service:', error);
    end(NO_SIGNALING);
  }
}

function leave(ending: Ending): void {
  // Away for too long: the page joins again as it did the first time, without a button to press.
  if (ending.kind === 'left' && ending.reason === 'lost') return void join(localName());
  end(endingWords(ending));
}

function end(words: { readonly headline: string; readonly explanation: string }): void {
  capture.stopAll();
  view.showEnd(words, true);
}

const localName = (): string => element<HTMLInputElement>('name').value.trim();

element('again').addEventListener('click', () => void openLobby());
// A link that is pasted over this one changes the fragment only.
addEventListener('hashchange', () => location.reload());
addEventListener('online', () => call.wake());
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') call.wake();
});
// So that the others do not wait for the resume window; a page that comes back from the browser's cache begins anew.
addEventListener('pagehide', () => call.leave());
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
(navigator.mediaDevices as MediaDevices | undefined)?.addEventListener('devicechange', () => lobby.devicesChanged());

void openLobby();
