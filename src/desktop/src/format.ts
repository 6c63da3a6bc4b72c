/** How numbers, times and foreign words are shown. */

import { secondsSince } from './clock';
import type { Address, Card, NotReached } from './state';
import { words } from './words';
import { chatWords } from './words_chat';

/** Return a length of time as m:ss, from an hour on as h:mm:ss. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Return a countdown: it shows 1 until the last second is over. */
export const countdown = (seconds: number): string => duration(Math.ceil(seconds));

/** Return the hour of a moment on the clock of the wall. */
export const hour = (at: string): string => new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });

/** Return the moment as an agent says it: today by the hour, this year by the day. */
export function moment(at: string, now: number): string {
  const then = new Date(at);
  if (Number.isNaN(then.getTime())) return '';
  const today = new Date(now);
  const days = Math.round((midnight(today) - midnight(then)) / 86_400_000);
  if (days === 0) return words.todayAt(hour(at));
  if (days === 1) return words.yesterdayAt(hour(at));
  const year = then.getFullYear() === today.getFullYear() ? {} : { year: 'numeric' as const };
  return `${then.toLocaleDateString(undefined, { day: 'numeric', month: 'short', ...year })}, ${hour(at)}`;
}

function midnight(day: Date): number {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
}

// Control characters would draw nothing or, as bidirectional overrides, draw something else.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/g;

/** Return foreign text fit for one line: no controls, no more than `most` characters. */
export function plain(text: string, most = 120): string {
  const letters = [...text.replace(UNSEEN, ' ').replace(/\s+/g, ' ').trim()];
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : letters.join('');
}

const VISITOR = 'visitor-';

/** Whether an address is that of somebody in a web chat of whom nothing is known. */
export const isVisitor = (raw: string): boolean => raw.startsWith(VISITOR);

/** Return an address as it is shown: national where it is a number, else the words on the wire. */
export function address(of: Address): string {
  if (of.anonymous) return words.anonymous;
  if (isVisitor(of.raw)) return chatWords.visitor(of.raw.slice(VISITOR.length, VISITOR.length + 4));
  return plain(of.national || of.e164 || of.raw, 64) || words.unknownNumber;
}

/** Return who a card is about: the customer's name, else the name on the wire, else the address. */
export function who(card: Pick<Card, 'address' | 'customer' | 'caller_name'>): string {
  const called = plain(card.caller_name ?? '');
  // Many networks write the number, or a word for "none", where the name should be.
  const wire = /\p{L}/u.test(called) && !card.address.anonymous ? called : '';
  return plain(card.customer?.name ?? '') || wire || address(card.address);
}

const HOUR_S = 3600;

/** Return how long ago somebody asked; after an hour, when it was. */
export function asked(at: string, now: number): string {
  const since = secondsSince(at, now);
  return since < HOUR_S ? words.askedAgo(duration(since)) : moment(at, now);
}

/** Return what came of a callback that nobody took: the next try while it is to come, or that there is none. */
export function notReached(told: NotReached, now: number): string {
  const name = plain(who(told), 60);
  if (told.again_at === null) return words.gaveUp(name, told.tries);
  return Date.parse(told.again_at) > now ? words.notReached(name, hour(told.again_at)) : '';
}

/** Return the first letters of a name, for its round sign. */
export function initials(name: string): string {
  const letters = plain(name, 60).split(' ').map((part) => /[\p{L}\p{N}]/u.exec(part)?.[0] ?? '').filter(Boolean);
  return ((letters[0] ?? '#') + (letters.length > 1 ? letters.at(-1) : '')).toUpperCase();
}
