import { describe, expect, it } from 'vitest';

import { linked, looked, type Look } from '../src/formatting';

/** Return what a look makes of a text with `[` and `]` around what is chosen, written in the same way. */
function made(look: Look, marked: string): string {
  const from = marked.indexOf('⟦');
  const to = marked.indexOf('⟧') - 1;
  const text = marked.replace(/[⟦⟧]/g, '');
  const put = looked(look, { text, from, to });
  const whole = text.slice(0, put.from) + put.text + text.slice(put.to);
  const [first, last] = [put.from + put.choose[0], put.from + put.choose[1]];
  return `${whole.slice(0, first)}⟦${whole.slice(first, last)}⟧${whole.slice(last)}`;
}

describe('looks by a key', () => {
  it('are put around what is chosen, and taken off again', () => {
    expect(made('bold', 'a ⟦word⟧ b')).toBe('a **⟦word⟧** b');
    expect(made('bold', 'a **⟦word⟧** b')).toBe('a ⟦word⟧ b');
    expect(made('italic', 'a ⟦word⟧')).toBe('a *⟦word⟧*');
    expect(made('italic', 'a *⟦word⟧*')).toBe('a ⟦word⟧');
    expect(made('italic', '**⟦word⟧**'), 'bold is not italic').toBe('***⟦word⟧***');
    expect(made('bold', '⟦⟧')).toBe('**⟦⟧**');
  });

  it('leave the spaces at the ends out, with which they would be none', () => {
    expect(made('bold', 'a⟦ word ⟧b')).toBe('a **⟦word⟧** b');
  });

  it('make a link whose address is to be typed, or whose words', () => {
    expect(made('link', 'see ⟦our page⟧')).toBe('see [our page](⟦https://⟧)');
    expect(made('link', '⟦https://a.example⟧')).toBe('[⟦⟧](https://a.example)');
    expect(made('link', '⟦⟧')).toBe('[⟦⟧](https://)');
  });

  it('go through whole lines', () => {
    expect(made('list', 'a\nb⟦b\nc⟧c\nd')).toBe('a\n- bb\n- cc⟦⟧\nd');
    expect(made('list', '- a\n- ⟦b⟧')).toBe('- a\nb⟦⟧');
    expect(made('quote', '⟦a\nb\n⟧c')).toBe('> a\n> b⟦⟧\nc');
    expect(made('quote', '⟦⟧')).toBe('> ⟦⟧');
  });
});

describe('an address that is pasted onto a word', () => {
  it('makes a link of it', () => {
    expect(linked(' https://a.example ', { text: 'our page', from: 4, to: 8 })).toMatchObject({ text: '[page](https://a.example)', from: 4, to: 8 });
  });

  it('is pasted as it is anywhere else', () => {
    expect(linked('https://a.example', { text: 'our page', from: 8, to: 8 })).toBeNull();
    expect(linked('javascript:alert(1)', { text: 'our page', from: 4, to: 8 })).toBeNull();
    expect(linked('https://a.example', { text: 'https://b.example', from: 0, to: 17 })).toBeNull();
  });
});
