import type { Card, State } from '../src/state';

export function aCard(change: Partial<Card> = {}): Card {
  return {
    id: 'one', medium: 'voice', work: 'call', stage: 'offered', stage_since: '2026-11-23T10:00:00Z', arrived_at: '2026-11-23T09:58:00Z',
    waiting_since: '2026-11-23T09:58:30Z', waited_s: 90, offer: { id: 'offer-1', expires_at: '2026-11-23T10:00:20Z' }, queue: { id: 'sales', title: 'Sales' },
    dialled: '100', address: { raw: '+447700900123', e164: '+447700900123', national: '07700 900123', anonymous: false }, customer: null,
    path: [], answers: {}, held_since: null, wrap_up_until: null, note: '', disposition: null, voicemail: null, callback: null, timeline: [], ...change,
  };
}

export function aCallback(change: Partial<Card> = {}): Card {
  const callback = { number: { national: '07700 900123', e164: '+447700900123' }, tries: 0, written: false, dialling: false, asked_at: '2026-11-23T09:58:00Z' };
  return aCard({ id: 'back', work: 'callback', callback, ...change });
}

export function aState(...cards: Card[]): State {
  return {
    me: {
      id: 'ana', name: 'Ana Torres', role: 'agent', presence: 'ready', reason: null, since: '2026-11-23T09:00:00Z', back_at: null, busy: null,
      phone: { kind: 'browser', endpoint: 'ana-web', reachable: true, sip: { uri: 'sip:ana-web@127.0.0.1', user: 'ana-web', realm: 'trunkline', ha1: 'x', ws_port: 8088, secure: false } },
    },
    interactions: Object.fromEntries(cards.map((card) => [card.id, card])),
    queues: {}, today: { handled: 0, talk_s: 0, wrap_s: 0, missed: 0, longest_talk_s: 0 }, parts: {},
    centre: { name: 'Acme', region: 'GB', dispositions: [], reasons: [] },
  };
}
