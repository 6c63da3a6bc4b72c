/** The one script that a site needs: `<script src="…/chat/widget.js" data-channel="web" async></script>`. */

import { VisitorCall, type LoadPhone } from './call';
import { Conversation, type Bring, type Keeper, type Kept } from './conversation';
import { filesOf } from './files';
import { ChatView } from './view';
import { wordsOf } from './words';

/** For 10 MB by a slow line; then it is tried again. */
const BRINGS_MS = 180_000;
const NOTHING: Kept = { token: null, unsent: [] };

/** What this browser keeps of a channel: in its storage where that is allowed, else for as long as the page is open. */
function keeperOf(channel: string): Keeper {
  const name = `trunkline.chat.${channel}`;
  let here: Kept = NOTHING;
  return {
    read: () => {
      try {
        return { ...NOTHING, ...(JSON.parse(localStorage.getItem(name) ?? '{}') as Partial<Kept>) };
      } catch {
        return here;
      }
    },
    write: (kept) => {
      here = kept;
      try {
        localStorage.setItem(name, JSON.stringify(kept));
      } catch {
        // Private windows, full storage: the page itself remembers.
      }
    },
  };
}

/** The visitor's call by this browser; its telephone comes from the service once it is wanted. */
function callOf(channel: string, conversation: Conversation, base: string): VisitorCall {
  let sound: { zip(): void } | null = null;
  const load: LoadPhone = async () => {
    const { Phone, RingTone } = (await import(/* @vite-ignore */ new URL('/chat/phone.js', base).href)) as typeof import('./phone');
    sound = new RingTone();
    return (onChange) => new Phone(onChange);
  };
  const name = `trunkline.call.${channel}`;
  let here = false;
  const mine = {
    read: () => here,
    write: (is: boolean) => {
      here = is;
      try {
        sessionStorage.setItem(name, is ? '1' : '');
      } catch {
        // Then a reload ends the call.
      }
    },
  };
  try {
    here = sessionStorage.getItem(name) === '1';
  } catch {
    // As above.
  }
  const call = new VisitorCall((frame) => conversation.tellCall(frame), load, mine, new URL(base).hostname, undefined, () => sound?.zip());
  conversation.callTold = (told) => call.hear(told);
  addEventListener('pagehide', () => call.leave());
  return call;
}

function begin(script: HTMLScriptElement): void {
  const channel = script.dataset['channel'] ?? 'web';
  if (!/^[a-z0-9_-]+$/i.test(channel) || document.getElementById('trunkline-chat')) return;
  const address = new URL(`/chat/${channel}/ws`, script.src);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const bring: Bring = (id, name, file, token, identity) =>
    fetch(new URL(`/chat/${channel}/files?id=${id}&name=${encodeURIComponent(name)}`, script.src), {
      method: 'POST',
      body: file,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/octet-stream', ...(identity ? { 'X-Identity': identity } : {}) },
      credentials: 'omit',
      signal: AbortSignal.timeout(BRINGS_MS),
    });
  const conversation = new Conversation(keeperOf(channel), () => new WebSocket(address), newId, filesOf(channel), bring, () => script.dataset['identity'] || undefined);
  const language = script.dataset['language'] ?? (document.documentElement.lang || navigator.language);
  const view = new ChatView(conversation, callOf(channel, conversation, script.src), wordsOf(language), { accent: script.dataset['accent'], base: script.src, language });
  const show = () => document.body.append(view.host);
  if (document.body) show();
  else addEventListener('DOMContentLoaded', show);
  addEventListener('online', () => conversation.retry());
  // Who was here before may have been answered meanwhile; nobody else costs a connection.
  if (conversation.isKnown) conversation.open();
}

if (document.currentScript instanceof HTMLScriptElement) begin(document.currentScript);
