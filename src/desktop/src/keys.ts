/** Carries out what a key press asks for. */

import { desk } from './desk.svelte';
import { drafts } from './drafts.svelte';
import { meaning, placeOf, type Action } from './keyboard';
import { page } from './page.svelte';

/** An Enter that was meant for something else just before the offer came must not answer it. */
const OFFER_TOO_FRESH_MS = 350;

const acts: Record<Action, () => unknown> = {
  answer: () => desk.offeredFor() > OFFER_TOO_FRESH_MS && desk.answer(),
  decline: () => (desk.offered || desk.line?.stage === 'ringing') && desk.decline(),
  mute: () => desk.mute(),
  hold: () => desk.hold(),
  keypad: () => (desk.keypadOpen = desk.talksOnTheLine && !desk.keypadOpen),
  hang_up: () => (desk.line?.stage === 'talking' || (!desk.line && (desk.dialled || desk.lineCard?.stage === 'talking'))) && desk.hangUp(),
  save: () => save(),
  disposition: () => undefined,
  note: () => document.querySelector<HTMLElement>('[data-note]')?.focus(),
  next: () => desk.chooseNext(),
  presence: () => (desk.menu = 'presence'),
  // Not ready needs a reason: then the menu is next.
  ready: () => (desk.me?.presence === 'ready' ? (desk.menu = 'presence') : desk.present('ready')),
  phone: () => (desk.menu = 'phone'),
  help: () => (desk.dialog = 'shortcuts'),
  flows: () => desk.seesFlows && (desk.takesCalls || desk.place.name !== 'flows') && page.turn('flows'),
  centre: () => desk.editsCentre && (desk.takesCalls || desk.place.name !== 'centre') && page.turn('centre'),
  // The composer takes these itself.
  reply: () => undefined,
  gap: () => undefined,
  looks: () => undefined,
  // The drawing takes these itself while it has the focus.
  step: () => undefined,
  zoom: () => undefined,
};

/** The card that can be wrapped up: a call after its talk, a voicemail also while it is heard. */
function writable() {
  const card = desk.card;
  return card && (card.stage === 'wrap_up' || (card.work === 'voicemail' && card.stage === 'talking')) ? card : null;
}

function save(): void {
  const card = writable();
  if (card) void drafts.save(card);
}

export function onKey(event: KeyboardEvent): void {
  if (desk.session !== 'in' || !desk.state || event.defaultPrevented || event.isComposing) return;
  const covered = desk.menu !== null || (desk.dialog !== null && desk.line?.stage !== 'talking');
  const press = { key: event.key, code: event.code, ctrl: event.ctrlKey || event.metaKey, alt: event.altKey, repeat: event.repeat };
  const asked = meaning(press, placeOf(event.target, covered));
  if (asked === null) return;
  if (typeof asked === 'number') {
    const card = writable();
    if (!card || desk.keypadOpen) return;
    drafts.chooseNth(card, asked);
  } else acts[asked]();
  event.preventDefault();
}
