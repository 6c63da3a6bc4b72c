/** A small Markdown, written by keys and buttons. Pure: a text with what is chosen in it, and what comes of it. */

export interface Chosen {
  text: string;
  from: number;
  to: number;
}

/** What stands in place of `from` to `to`, and what is chosen in it afterwards, counted from `from`. */
export interface Put {
  from: number;
  to: number;
  text: string;
  choose: [number, number];
}

export type Look = 'bold' | 'italic' | 'link' | 'list' | 'quote';

const SIGNS = { bold: '**', italic: '*' } as const;
const BEGUN = 'https://';
const ADDRESS = /^(https?:\/\/|mailto:|tel:)\S+$/;

/** Return what a look makes of what is chosen; where it has that look already, it loses it. */
export function looked(look: Look, chosen: Chosen): Put {
  if (look === 'list' || look === 'quote') return lines(look === 'list' ? '- ' : '> ', chosen);
  return look === 'link' ? link(chosen) : signs(SIGNS[look], chosen);
}

function signs(sign: string, { text, from, to }: Chosen): Put {
  const [first, last] = trimmed(text, from, to);
  const inside = text.slice(first, last);
  const has = text.slice(first - sign.length, first) === sign && text.slice(last, last + sign.length) === sign;
  // One star inside two is bold, not italic.
  const other = sign === '*' && text.slice(first - 2, first) === '**' && text.slice(first - 3, first) !== '***';
  if (has && !other) return { from: first - sign.length, to: last + sign.length, text: inside, choose: [0, inside.length] };
  return { from: first, to: last, text: `${sign}${inside}${sign}`, choose: [sign.length, sign.length + inside.length] };
}

function link({ text, from, to }: Chosen): Put {
  const [first, last] = trimmed(text, from, to);
  const inside = text.slice(first, last);
  if (ADDRESS.test(inside)) return { from: first, to: last, text: `[](${inside})`, choose: [1, 1] };
  const made = `[${inside}](${BEGUN})`;
  // The address is to be typed or pasted over.
  return { from: first, to: last, text: made, choose: inside ? [made.length - 1 - BEGUN.length, made.length - 1] : [1, 1] };
}

function lines(before: string, { text, from, to }: Chosen): Put {
  const first = text.lastIndexOf('\n', from - 1) + 1;
  const end = text.indexOf('\n', Math.max(from, to > from && text[to - 1] === '\n' ? to - 1 : to));
  const last = end < 0 ? text.length : end;
  const each = text.slice(first, last).split('\n');
  const has = each.every((line) => line.startsWith(before));
  const made = each.map((line) => (has ? line.slice(before.length) : `${before}${line}`)).join('\n');
  return { from: first, to: last, text: made, choose: [made.length, made.length] };
}

/** Return what pasting an address onto a word makes of it; null where it is pasted as it is. */
export function linked(pasted: string, { text, from, to }: Chosen): Put | null {
  const [first, last] = trimmed(text, from, to);
  if (first === last || !ADDRESS.test(pasted.trim()) || ADDRESS.test(text.slice(first, last))) return null;
  const made = `[${text.slice(first, last)}](${pasted.trim()})`;
  return { from: first, to: last, text: made, choose: [made.length, made.length] };
}

/** Leave spaces at the ends out: `**word **` is not bold. */
function trimmed(text: string, from: number, to: number): [number, number] {
  let [first, last] = [from, to];
  while (first < last && /\s/.test(text[first] ?? '')) first += 1;
  while (last > first && /\s/.test(text[last - 1] ?? '')) last -= 1;
  return [first, last];
}
