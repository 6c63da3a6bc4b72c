/** Replies of the centre: found as one types, filled in for one conversation. Pure. */

import type { Card, State } from './state';

/** A place for a value, by its name, and what stands there where that is not known. */
export interface Blank {
  name: string;
  otherwise: string | null;
}

export type Text = (string | Blank)[];

export interface Reply {
  id: string;
  title: string;
  media: string[];
  /** Null: in every queue. */
  queues: string[] | null;
  /** By language. */
  texts: Record<string, Text>;
  subjects: Record<string, Text>;
}

/** A reply with its words in one line, as they are searched. */
export interface Findable {
  reply: Reply;
  title: string;
  text: string;
}

/** What is shown of a list at most: whoever wants another one types on. */
export const MOST_SHOWN = 40;
const ANSWERS = 'answers.';
const MARK = /‹[^‹›\n]{1,80}\?›/g;

/** Return what replies are filled in with: what the desk shows of a conversation and its agent. */
export function valuesOf(card: Card, state: Pick<State, 'me' | 'centre'>): Record<string, string> {
  const learned = Object.entries(card.answers).map(([name, value]) => [`${ANSWERS}${name}`, value]);
  return {
    ...Object.fromEntries(learned),
    'customer.name': card.customer?.name || card.caller_name || '',
    'agent.name': state.me.name,
    queue: card.queue?.title ?? '',
    centre: state.centre.name,
  };
}

/** Return a text with its values in it, each as it is; one that is missing is marked. */
export function filled(text: Text, values: Record<string, string>): string {
  return text.map((part) => (typeof part === 'string' ? part : valueOf(values, part.name) || (part.otherwise ?? markOf(part.name)))).join('');
}

const valueOf = (values: Record<string, string>, name: string): string => (Object.hasOwn(values, name) ? (values[name] ?? '') : '');
const markOf = (name: string): string => `‹${name.startsWith(ANSWERS) ? name.slice(ANSWERS.length) : name}?›`;

/** Return where values are missing in a text, from and to, in their order. */
export function marksIn(text: string): { from: number; to: number; name: string }[] {
  return [...text.matchAll(MARK)].map((match) => ({ from: match.index, to: match.index + match[0].length, name: match[0].slice(1, -2) }));
}

/** Return a text in pieces, those that are marks and those between them. */
export function piecesOf(text: string): { text: string; mark: boolean }[] {
  const pieces: { text: string; mark: boolean }[] = [];
  let at = 0;
  for (const mark of marksIn(text)) {
    if (mark.from > at) pieces.push({ text: text.slice(at, mark.from), mark: false });
    pieces.push({ text: text.slice(mark.from, mark.to), mark: true });
    at = mark.to;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), mark: false });
  return pieces;
}

/** Return the text in a language, else in one that is near it, else in the centre's, else the first; and which that is. */
export function inLanguage(texts: Record<string, Text>, language: string, main: string): { language: string; text: Text } | null {
  const there = Object.keys(texts);
  const near = (wanted: string) => there.find((each) => each === wanted) ?? there.find((each) => base(each) === base(wanted));
  const found = near(language) ?? near(main) ?? there[0];
  return found === undefined ? null : { language: found, text: texts[found] ?? [] };
}

export const base = (language: string): string => language.split('-')[0] ?? language;

/** Return replies made ready to be searched, which is done once for all conversations. */
export function findable(replies: Reply[]): Findable[] {
  return replies.map((reply) => ({
    reply,
    title: folded(reply.title),
    text: folded(Object.values(reply.texts).map((text) => text.map((part) => (typeof part === 'string' ? part : part.name)).join('')).join(' ')),
  }));
}

/** Return the replies that are for a conversation and have every word that was typed, the nearest first. */
export function matching(replies: Findable[], typed: string, card: Card): Reply[] {
  const sought = folded(typed).trim();
  const words = sought.split(/\s+/).filter(Boolean);
  const found: { reply: Reply; rank: number }[] = [];
  for (const { reply, title, text } of replies) {
    if (!reply.media.includes(card.medium)) continue;
    if (reply.queues !== null && !(card.queue && reply.queues.includes(card.queue.id))) continue;
    if (!words.every((word) => title.includes(word) || text.includes(word))) continue;
    found.push({ reply, rank: rankOf(title, sought, words) });
  }
  return found.sort((a, b) => a.rank - b.rank).map((each) => each.reply);
}

function rankOf(title: string, sought: string, words: string[]): number {
  if (title.startsWith(sought)) return 0;
  if (words.every((word) => title.startsWith(word) || title.includes(` ${word}`))) return 1;
  return words.every((word) => title.includes(word)) ? 2 : 3;
}

const folded = (text: string): string => text.normalize('NFD').replace(/\p{M}+/gu, '').toLowerCase().replace(/\s+/g, ' ');

/** Return where a `/` opened the list: at the beginning, or behind a space; null where it means itself. */
export function openedAt(text: string, caret: number): number | null {
  const at = caret - 1;
  return text[at] === '/' && (at === 0 || /\s/.test(text[at - 1] ?? '')) ? at : null;
}

const LONGEST_TYPED = 60;

/** Return what was typed behind the `/`; null where the cursor has left it. */
export function typedBehind(text: string, at: number, caret: number): string | null {
  const typed = text.slice(at + 1, caret);
  return text[at] === '/' && caret > at && typed.length <= LONGEST_TYPED && !/\n|^\s/.test(typed) ? typed : null;
}
