import { describe, expect, it } from 'vitest';

import { levelOf } from '../src/audio';
import { secondsSince, secondsUntil, ServerClock } from '../src/clock';
import { address, asked, countdown, duration, hour, initials, moment, notReached, plain, who } from '../src/format';
import type { NotReached } from '../src/state';
import { words } from '../src/words';
import { aCard } from './builders';

describe('the service’s clock', () => {
  it('counts from the service’s time, whatever the browser’s own is', () => {
    let own = 1_000_000;
    const clock = new ServerClock(() => own);
    clock.heard(new Date(5_000_000).toISOString());
    own += 250;

    expect(clock.now()).toBe(5_000_250);
  });

  it('trusts the least delayed message', () => {
    let own = 0;
    const clock = new ServerClock(() => own);
    clock.heard(new Date(10_000).toISOString());
    own = 1_600;
    clock.heard(new Date(11_000).toISOString());

    expect(clock.now()).toBe(11_600);
  });

  it('follows a clock that was set back', () => {
    let own = 0;
    const clock = new ServerClock(() => own);
    clock.heard(new Date(100_000).toISOString());
    own = 10;
    clock.heard(new Date(40_000).toISOString());

    expect(clock.now()).toBe(40_000);
  });

  it('knows no negative time', () => {
    expect(secondsSince('2026-11-23T10:00:10Z', Date.parse('2026-11-23T10:00:00Z'))).toBe(0);
    expect(secondsUntil('2026-11-23T10:00:00Z', Date.parse('2026-11-23T10:00:10Z'))).toBe(0);
    expect(secondsSince(null, 5)).toBe(0);
  });
});

describe('how things are shown', () => {
  it.each([[0, '0:00'], [65.9, '1:05'], [3599, '59:59'], [3600, '1:00:00'], [-4, '0:00']])('shows %d seconds as %s', (seconds, shown) => {
    expect(duration(seconds)).toBe(shown);
  });

  it('counts down to the last second', () => {
    expect(countdown(0.2)).toBe('0:01');
  });

  it('shortens what is too long without cutting a letter in two', () => {
    expect(plain('👩'.repeat(2000), 10)).toBe(`${'👩'.repeat(9)}…`);
  });

  it('shows no control characters and no turned writing', () => {
    expect(plain('Ana\r\nVia: x\u202egnp.exe\u0000')).toBe('Ana Via: x gnp.exe');
  });

  it('names the customer, else the name on the wire, else the number', () => {
    const customer = { id: 'c', name: 'Margaret', tags: [], addresses: [], notes: [] };

    expect(who(aCard({ customer, caller_name: 'WIRE' }))).toBe('Margaret');
    expect(who(aCard({ customer: { ...customer, name: null }, caller_name: 'M Whitfield' }))).toBe('M Whitfield');
    expect(who(aCard({ caller_name: '+447700900123' }))).toBe('07700 900123');
    expect(address({ raw: '', e164: null, national: '', anonymous: true })).toBe('Number withheld');
  });

  it('makes a round sign of any name', () => {
    expect([initials('Ana Torres'), initials('李'), initials(''), initials('👩 "bo" de cruz')]).toEqual(['AT', '李', '#', 'BC']);
  });

  it('shows silence as nothing and a full voice as everything', () => {
    expect([levelOf(0), levelOf(1), levelOf(0.0001)]).toEqual([0, 1, 0]);
    expect(levelOf(0.05)).toBeCloseTo(0.566, 2);
  });
});

describe('what is said of callbacks', () => {
  const now = Date.parse('2026-11-23T10:00:00Z');
  const told = (change: Partial<NotReached> = {}): NotReached => ({ id: 'back', address: aCard().address, caller_name: '', customer: null, tries: 1, again_at: '2026-11-23T10:15:00Z', ...change });

  it('tells how long ago somebody asked, and from an hour on when that was', () => {
    expect(asked('2026-11-23T09:51:55Z', now)).toBe('8:05 ago');
    expect(asked('2026-11-23T08:59:00Z', now)).toBe(moment('2026-11-23T08:59:00Z', now));
  });

  it('tells the next try while it is to come', () => {
    expect(notReached(told(), now)).toBe(`07700 900123: not reached, we try again at ${hour('2026-11-23T10:15:00Z')}.`);
    expect(notReached(told(), now + 15 * 60_000)).toBe('');
  });

  it('tells that it was given up, and by which name', () => {
    const customer = { id: 'c', name: 'Margaret', tags: [], addresses: [], notes: [] };

    expect(notReached(told({ customer, tries: 3, again_at: null }), now)).toBe('Margaret: not reached, given up after three tries.');
    expect(notReached(told({ tries: 12, again_at: null }), now)).toBe('07700 900123: not reached, given up after 12 tries.');
  });

  it('has a word for every outcome and every kind of work', () => {
    expect(['transferred', 'callback_planned', 'not_reached'].map(words.outcomeOf)).toEqual(['Put through', 'Callback planned', 'Not reached']);
    expect(words.offerOf('callback')).toBe('Callback');
    const routed = { by: 'strategy', strategy: 'longest_idle', able: 2, at_most: 4, asked: [{ title: 'French', level: 3 }], preferred: [], relaxed: false } as const;
    expect(words.routed({ ...routed, asked: [...routed.asked], preferred: [] })).toBe('Longest idle of 2 able agents; asked for French 3');
    expect(words.routed({ ...routed, by: 'skill', able: 4, asked: [], preferred: ['Sales'] })).toBe('Strongest in Sales of 4 or more able agents');
    expect(words.routed({ ...routed, by: 'kept', asked: [], preferred: [], relaxed: true })).toBe('Kept for you; no skill is asked any more');
    expect([1, 2, 3].map(words.times)).toEqual(['Once', 'Twice', '3 times']);
  });
});
