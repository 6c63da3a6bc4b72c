import { describe, expect, it, vi } from 'vitest';

import { VisitorCall, type CallTold, type LoadPhone } from '../src/chat/call';
import type { MicrophoneState } from '../src/devices';
import { NO_PHONE, type PhoneView, type Session } from '../src/phone';

const ACCOUNT = { uri: 'sip:visitor-1@127.0.0.1', user: 'visitor-1', realm: 'trunkline', ha1: 'x', ws_port: 8088, secure: false, relays: [{ urls: 'turn:relay.example' }] };
const WAITS: CallTold = { stage: 'waits', account: ACCOUNT };
const RINGS: Session = { name: '', number: '', stage: 'ringing', since: 0, muted: false, held: false };

function aCall({ microphone = 'granted' as MicrophoneState, mine = false, broken = false, touched = true } = {}) {
  const told: string[] = [];
  const phone = { start: vi.fn(), stop: vi.fn(), answer: vi.fn(async () => {}), mute: vi.fn(), hangUp: vi.fn(), decline: vi.fn(), relays: [] as RTCIceServer[] };
  let show: (view: PhoneView) => void = () => {};
  const load: LoadPhone = async () => {
    if (broken) throw new Error('not allowed here');
    return (onChange) => {
      show = onChange;
      return phone;
    };
  };
  const kept = { mine };
  const call = new VisitorCall((frame) => told.push(frame.type), load, { read: () => kept.mine, write: (is) => (kept.mine = is) }, 'switch.example', async () => microphone, undefined, () => touched);
  const moves = (session: Session | null, change: Partial<PhoneView> = {}) => show({ ...NO_PHONE, ...change, session });
  return { call, told, phone, kept, moves };
}

async function thatWaits() {
  const made = aCall();
  await made.call.begin();
  made.call.hear({ stage: 'asked', account: null });
  made.call.hear(WAITS);
  await vi.waitFor(() => expect(made.phone.start).toHaveBeenCalled());
  return made;
}

describe("a visitor's call by the browser", () => {
  it('asks for the microphone, then for a call, and answers by itself', async () => {
    const { call, told, phone, moves } = await thatWaits();
    expect(told).toEqual(['call']);
    expect(phone.start).toHaveBeenCalledExactlyOnceWith(ACCOUNT, 'switch.example');
    expect(phone.relays).toEqual(ACCOUNT.relays);
    expect(call.state).toBe('waiting');
    moves(RINGS);
    expect(call.state).toBe('connecting');
    expect(phone.answer).toHaveBeenCalledOnce();
    moves({ ...RINGS, stage: 'talking' });
    expect(call.state).toBe('talking');
    call.mute(true);
    expect(phone.mute).toHaveBeenCalledWith(true);
    moves(null);
    expect([call.state, call.muted]).toEqual(['idle', false]);
    expect(phone.stop).toHaveBeenCalled();
  });

  it.each(['denied', 'missing', 'insecure'] as const)('asks for nothing without a microphone: %s', async (microphone) => {
    const { call, told } = aCall({ microphone });
    await call.begin();
    expect([call.state, call.problem, told]).toEqual(['idle', microphone, []]);
  });

  it('registers once, however often it is told to wait', async () => {
    const { call, phone } = await thatWaits();
    call.hear(WAITS);
    call.hear(WAITS);
    await Promise.resolve();
    expect(phone.start).toHaveBeenCalledOnce();
  });

  it('gives the place up when they do not want it any more', async () => {
    const { call, told, phone, kept } = await thatWaits();
    call.hangUp();
    expect([call.state, told.at(-1), kept.mine]).toEqual(['idle', 'hang_up', false]);
    expect(phone.stop).toHaveBeenCalled();
  });

  it('goes on after a reload of the tab that has it, and leaves it alone in the others', async () => {
    const here = aCall({ mine: true });
    here.call.hear(WAITS);
    await vi.waitFor(() => expect(here.phone.start).toHaveBeenCalled());
    const other = aCall();
    other.call.hear(WAITS);
    await Promise.resolve();
    expect(other.phone.start).not.toHaveBeenCalled();
    expect(other.call.state).toBe('idle');
  });

  it('waits for a click on a page that nobody has touched: it would not be heard', async () => {
    const { call, phone, moves } = aCall({ mine: true, touched: false });
    call.hear(WAITS);
    await vi.waitFor(() => expect(phone.start).toHaveBeenCalled());
    moves(RINGS);
    expect([call.state, phone.answer.mock.calls.length]).toEqual(['ringing', 0]);
    moves(null);
    expect(call.state).toBe('waiting');
    moves(RINGS);
    call.answer();
    expect(phone.answer).toHaveBeenCalledOnce();
    moves({ ...RINGS, stage: 'talking' });
    expect(call.state).toBe('talking');
  });

  it('asks again when the service had not heard of it', async () => {
    const { call, told } = aCall();
    await call.begin();
    call.hear(null);
    expect(told).toEqual(['call', 'call']);
  });

  it('goes on talking when a service that has just started knows of no call', async () => {
    const { call, phone, moves } = await thatWaits();
    moves(RINGS);
    moves({ ...RINGS, stage: 'talking' });
    call.hear(null);
    expect(call.state).toBe('talking');
    expect(phone.stop).not.toHaveBeenCalled();
    const waiting = await thatWaits();
    waiting.call.hear(null);
    expect(waiting.call.state).toBe('idle');
  });

  it('ends with the reason that the service gives', async () => {
    for (const stage of ['write_first', 'too_many', 'not_here'] as const) {
      const { call } = aCall();
      await call.begin();
      call.hear({ stage, account: null });
      expect([call.state, call.problem]).toEqual(['idle', stage]);
    }
    const { call } = await thatWaits();
    call.hear({ stage: 'not_reached', account: null });
    expect(call.problem).toBe('not_reached');
  });

  it('says so where the site does not let the telephone in', async () => {
    const { call, told } = aCall({ broken: true });
    await call.begin();
    call.hear(WAITS);
    await vi.waitFor(() => expect(call.problem).toBe('broken'));
    expect(told).toEqual(['call', 'hang_up']);
  });

  it('does not leave an agent with a dead line when the microphone is taken away', async () => {
    const { call, phone, moves } = await thatWaits();
    moves(RINGS, { microphoneFailed: true });
    expect(phone.decline).toHaveBeenCalled();
    expect(call.problem).toBe('denied');
  });

  it('keeps the place for a page that goes and comes back, and no talk', async () => {
    const waiting = await thatWaits();
    waiting.call.leave();
    expect([waiting.call.state, waiting.kept.mine]).toEqual(['asked', true]);
    waiting.call.hear(WAITS);
    await vi.waitFor(() => expect(waiting.phone.start).toHaveBeenCalledTimes(2));
    waiting.moves(RINGS);
    waiting.moves({ ...RINGS, stage: 'talking' });
    waiting.call.leave();
    expect(waiting.call.state).toBe('idle');
  });
});
