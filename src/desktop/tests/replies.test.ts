import { describe, expect, it } from 'vitest';

import { filled, findable, inLanguage, marksIn, matching, openedAt, piecesOf, typedBehind, valuesOf, type Reply, type Text } from '../src/replies';
import { aCard, aState } from './builders';

const aReply = (id: string, title: string, text: string, change: Partial<Reply> = {}): Reply => ({ id, title, media: ['chat', 'sms', 'email'], queues: null, texts: { 'en-GB': [text] }, subjects: {}, ...change });
const chat = aCard({ medium: 'chat', stage: 'talking', answers: { order_no: '123456' }, caller_name: '{agent.name}' });

describe('a reply for one conversation', () => {
  const values = valuesOf(chat, aState(chat));

  it('has the values that the desk shows', () => {
    expect(values).toEqual({ 'customer.name': '{agent.name}', 'agent.name': 'Ana Torres', queue: 'Sales', centre: 'Acme', 'answers.order_no': '123456' });
    expect(valuesOf(aCard({ customer: { id: 'c', name: 'Eve', tags: [], addresses: [], notes: [] }, caller_name: 'other' }), aState())['customer.name']).toBe('Eve');
  });

  it('never reads what a customer wrote as a place for a value', () => {
    const text: Text = [{ name: 'customer.name', otherwise: null }, ' and ', { name: 'agent.name', otherwise: null }];

    expect(filled(text, values)).toBe('{agent.name} and Ana Torres');
  });

  it('says what stands there instead, or marks what is missing', () => {
    const text: Text = ['Hi ', { name: 'customer.name', otherwise: 'there' }, ', ', { name: 'answers.date', otherwise: null }, { name: 'queue', otherwise: '' }];

    expect(filled(text, {})).toBe('Hi there, ‹date?›');
    expect(filled([{ name: 'constructor', otherwise: null }], {})).toBe('‹constructor?›');
  });

  it('shows where values are missing, in every text', () => {
    expect(marksIn('a ‹order_no?› b ‹customer.name?›').map(({ from, to, name }) => [from, to, name])).toEqual([[2, 13, 'order_no'], [16, 32, 'customer.name']]);
    expect(marksIn('‹quoted› and ‹?› and ‹a\nb?›')).toEqual([]);
    let seed = 7;
    const dice = (sides: number) => (seed = (seed * 48271) % 2147483647) % sides;
    for (let turn = 0; turn < 2000; turn += 1) {
      const text = Array.from({ length: dice(30) }, () => '‹›?ab {}\n'[dice(9)]).join('');
      expect(piecesOf(text).map((piece) => piece.text).join('')).toBe(text);
      const parts: Text = Array.from({ length: dice(6) }, () => (dice(2) ? text : { name: ['queue', 'answers.a', '__proto__'][dice(3)] ?? '', otherwise: dice(2) ? text : null }));
      const made = filled(parts, { queue: text });
      expect(made.length).toBeGreaterThanOrEqual(parts.filter((part) => typeof part === 'string').join('').length);
    }
  });

  it('is in their language, else in one that is near, else in the centre’s', () => {
    const texts = { 'en-GB': ['Hello'], 'es-MX': ['Hola'], es: ['Buenas'] };

    expect(inLanguage(texts, 'es', 'en-GB')?.language).toBe('es');
    expect(inLanguage(texts, 'es-AR', 'en-GB')?.language).toBe('es-MX');
    expect(inLanguage(texts, 'de-DE', 'en-US')?.language).toBe('en-GB');
    expect(inLanguage({ fr: ['Salut'] }, 'de', 'en-GB')?.language).toBe('fr');
    expect(inLanguage({}, 'de', 'en-GB')).toBeNull();
  });
});

describe('finding a reply', () => {
  const all = findable([
    aReply('late', 'Order is late', 'Sorry for the wait'),
    aReply('sent', 'Your order is on its way', 'It left today'),
    aReply('hours', 'Öffnungszeiten', 'We take orders from nine'),
    aReply('mail', 'Order by mail', 'x', { media: ['email'] }),
    aReply('support', 'Orders of support', 'x', { queues: ['support'] }),
  ]);
  const ids = (typed: string, card = chat) => matching(all, typed, card).map((reply) => reply.id);

  it('goes by title and text, the nearest first, whatever the case and the accents', () => {
    expect(ids('ord')).toEqual(['late', 'sent', 'hours']);
    expect(ids('ORDER late')).toEqual(['late']);
    expect(ids('offnungs')).toEqual(['hours']);
    expect(ids('today')).toEqual(['sent']);
    expect(ids('nothing')).toEqual([]);
  });

  it('offers what is for this medium and this queue', () => {
    expect(ids('', aCard({ medium: 'email' }))).toEqual(['late', 'sent', 'hours', 'mail']);
    expect(ids('', aCard({ medium: 'chat', queue: { id: 'support', title: 'Support' } }))).toContain('support');
    expect(ids('', aCard({ medium: 'chat', queue: null }))).not.toContain('support');
  });

  it('takes nobody’s time among two thousand', () => {
    const many = findable(Array.from({ length: 2000 }, (_, at) => aReply(`r${at}`, `Reply number ${at}`, `${'some words of an answer '.repeat(12)}${at}`)));
    matching(many, 'answer', chat);
    const began = performance.now();
    for (const typed of ['', 'r', 're', 'answer 19', 'nothing like it']) matching(many, typed, chat);

    expect((performance.now() - began) / 5, 'milliseconds, while the machine may do other things').toBeLessThan(50);
  });
});

describe('the sign that opens the list', () => {
  it('stands at the beginning or behind a space', () => {
    expect(openedAt('/', 1)).toBe(0);
    expect(openedAt('see /', 5)).toBe(4);
    expect(openedAt('a\n/', 3)).toBe(2);
    expect(openedAt('and/', 4)).toBeNull();
    expect(openedAt('http://', 7)).toBeNull();
  });

  it('is followed by what is sought for as long as the cursor is behind it', () => {
    expect(typedBehind('see /ord', 4, 8)).toBe('ord');
    expect(typedBehind('/', 0, 1)).toBe('');
    expect(typedBehind('/order late', 0, 11)).toBe('order late');
    expect(typedBehind('/ 5', 0, 3), 'a slash that is meant').toBeNull();
    expect(typedBehind('see /ord', 4, 3)).toBeNull();
    expect(typedBehind('/a\nb', 0, 4)).toBeNull();
    expect(typedBehind('see ord', 4, 7)).toBeNull();
  });
});
