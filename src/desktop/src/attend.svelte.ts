/** What happens around the page because of what is on the desk: ringing, title, favicon, notification, words for screen readers. */

import { untrack } from 'svelte';

import callIcon from './icons/call.svg?url';
import idleIcon from './icons/idle.svg?url';
import offerIcon from './icons/offer.svg?url';
import { desk } from './desk.svelte';
import { drafts } from './drafts.svelte';
import { plain, who } from './format';
import { page } from './page.svelte';
import { isWritten, ringsPhone } from './state';
import { isInView, threads } from './threads.svelte';
import { words } from './words';
import { chatWords } from './words_chat';
import { writings } from './writing.svelte';

const LINE_OUTLIVES_CARD_MS = 3000;
/** From the zip tone's beginning to the answer. */
const ZIP_MS = 400;

/** Called once, while the page's root is set up. */
export function attend(): void {
  const offer = $derived(desk.offered?.offer?.id ?? null);
  const rings = $derived(desk.line?.stage === 'ringing' || (desk.offered && ringsPhone(desk.offered) && desk.usesBrowser && desk.line?.stage !== 'answering' && desk.line?.stage !== 'talking' && !desk.phoneElsewhere));
  const talking = $derived(desk.line?.stage === 'talking' || desk.lineCard?.stage === 'talking');
  const name = $derived(desk.offered ? who(desk.offered) : desk.lineCard ? who(desk.lineCard) : plain(desk.line?.number ?? '', 40) || words.unknownNumber);

  $effect(() => {
    if (rings && !desk.answersByItself) desk.ring.start();
    else desk.ring.stop();
  });
  answerByItself();
  $effect(() => {
    document.title = offer || rings ? words.titleOffer(name) : talking ? words.titleTalking(name) : words.product;
    const icon = document.getElementById('favicon') as HTMLLinkElement | null;
    if (icon) icon.href = offer || rings ? offerIcon : talking ? callIcon : idleIcon;
  });
  // Whatever page is open: what rings comes before it.
  $effect(() => {
    if (offer || rings) untrack(() => desk.place.name !== 'desk' && page.go({ name: 'desk' }));
  });
  $effect(() => {
    if (!offer) return;
    // Once for each offer, however often its card changes.
    return untrack(() => {
      // What lies over the offer goes: Enter is for the offer now.
      desk.menu = desk.dialog = null;
      if (desk.offered && !ringsPhone(desk.offered)) desk.ring.once();
      const what = desk.offered && isWritten(desk.offered) ? chatWords.offerOf(desk.offered.medium) : words.offerOf(desk.offered?.work ?? 'call');
      return notify(what, name, desk.offered?.queue?.title ?? '');
    });
  });
  $effect(() => {
    if (!talking || desk.dialled) desk.keypadOpen = false;
  });
  // A note or a draft that could not be sent goes as soon as it can.
  $effect(() => {
    if (desk.online) untrack(keep);
  });
  $effect(() => {
    const leave = () => {
      keep();
      // The line dies with the page: a clean end is better for the caller than silence.
      if (desk.line) void desk.hangUp();
    };
    const warn = (event: BeforeUnloadEvent) => desk.line?.stage === 'talking' && event.preventDefault();
    addEventListener('pagehide', leave);
    addEventListener('beforeunload', warn);
    return () => {
      removeEventListener('pagehide', leave);
      removeEventListener('beforeunload', warn);
    };
  });
  endDeadLine();
  tellMessages();
}

/** Sound once when somebody writes whom the agent does not see, and say what they wrote to those who do not look. */
function tellMessages(): void {
  const waiting = $derived(desk.cards.filter((card) => card.stage === 'talking' && isWritten(card)).reduce((sum, card) => sum + threads.unread(card), 0));
  let before = 0;
  $effect(() => {
    const unread = waiting;
    if (unread > before && untrack(() => desk.cards.some((card) => threads.unread(card) > 0 && !isInView(card)))) desk.ring.once();
    before = unread;
  });
}

/** Give the service what it does not have yet of what is written. */
function keep(): void {
  drafts.keep();
  writings.flush();
}

/** Tell of an offer outside the page while nobody sees it; returns how to take it back. */
function notify(what: string, name: string, queue: string): (() => void) | undefined {
  if (!document.hidden || typeof Notification === 'undefined' || Notification.permission !== 'granted') return undefined;
  const note = new Notification(what, { body: words.notification(name, queue), tag: 'offer', icon: offerIcon });
  note.onclick = () => window.focus();
  return () => note.close();
}

/** Take a call whose offer says so as soon as the phone here rings with it, after a tone that tells the agent. */
function answerByItself(): void {
  const due = $derived(desk.answersByItself && desk.usesBrowser && desk.line?.stage === 'ringing');
  $effect(() => {
    if (!due) return;
    untrack(() => desk.ring.zip());
    const timer = setTimeout(() => desk.answerByItself(), ZIP_MS);
    return () => clearTimeout(timer);
  });
}

/** Close a line that the service has ended and that brings no more sound: its goodbye was lost in a cut. */
function endDeadLine(): void {
  $effect(() => {
    if (!desk.lineOverdue) return;
    const end = async () => {
      if (!(await desk.isLineAlive()) && desk.lineOverdue) await desk.hangUp();
    };
    const timer = setTimeout(() => void end(), LINE_OUTLIVES_CARD_MS);
    return () => clearTimeout(timer);
  });
}
