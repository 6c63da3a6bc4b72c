import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { DeskSocket, type Wire } from '../src/socket';
import type { State } from '../src/state';
import { aCard, aState } from './builders';

class FakeWire implements Wire {
  sent: { type: string; [key: string]: unknown }[] = [];
  closed = false;
  onopen: Wire['onopen'] = null;
  onmessage: Wire['onmessage'] = null;
  onclose: Wire['onclose'] = null;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {
    this.closed = true;
  }
  opens(): void {
    this.onopen?.call(this as never, {} as Event);
  }
  says(message: object): void {
    this.onmessage?.call(this as never, { data: JSON.stringify(message) } as MessageEvent);
  }
  breaks(code = 1006): void {
    this.onclose?.call(this as never, { code } as CloseEvent);
  }
}

const now = '2026-11-23T10:00:00Z';
let wires: FakeWire[];
let states: State[];
let connections: string[];
let ended: number;
let socket: DeskSocket;

const wire = () => wires.at(-1)!;
const event = (seq: number, id = `call-${seq}`) => ({ type: 'event', seq, event: { kind: 'interaction', interaction: aCard({ id }) } });
const shown = () => Object.keys(states.at(-1)?.interactions ?? {});

function goOnline(seq = 4): void {
  wire().opens();
  wire().says({ type: 'snapshot', epoch: 'e1', seq, now, state: aState() });
}

beforeEach(() => {
  vi.useFakeTimers();
  [wires, states, connections, ended] = [[], [], [], 0];
  socket = new DeskSocket(
    {
      state: (state) => states.push(state),
      connection: (connection) => connections.push(connection),
      time: () => undefined,
      told: () => undefined,
      sessionEnded: () => ended++,
    },
    () => wires[wires.push(new FakeWire()) - 1]!,
  );
  socket.open();
});
afterEach(() => {
  socket.close();
  vi.useRealTimers();
});

describe('the desktop’s websocket', () => {
  it('says hello, takes the snapshot and then the events in order', () => {
    goOnline();
    wire().says(event(5));
    wire().says(event(6));

    expect(wire().sent[0]).toEqual({ type: 'hello', epoch: null, seq: null });
    expect(shown()).toEqual(['call-5', 'call-6']);
    expect(connections.at(-1)).toBe('online');
  });

  it('passes over an event it has seen already', () => {
    goOnline();
    wire().says(event(5));
    wire().says(event(5, 'again'));

    expect(shown()).toEqual(['call-5']);
    expect(wire().closed).toBe(false);
  });

  it('resumes from the last event it saw when one is missing', () => {
    goOnline();
    wire().says(event(5));
    wire().says(event(7));
    vi.advanceTimersByTime(1000);
    wire().opens();

    expect(wires[0]!.closed).toBe(true);
    expect(shown()).toEqual(['call-5']);
    expect(wire().sent[0]).toEqual({ type: 'hello', epoch: 'e1', seq: 5 });
  });

  it('goes on with the missed events after a cut', () => {
    goOnline();
    wire().breaks();
    expect(connections.at(-1)).toBe('lost');
    vi.advanceTimersByTime(1000);
    wire().opens();
    wire().says({ type: 'resumed', epoch: 'e1', seq: 5, now });
    wire().says(event(5));

    expect(connections.at(-1)).toBe('online');
    expect(shown()).toEqual(['call-5']);
  });

  it('takes 25 seconds of silence for a cut, and answers a ping', () => {
    goOnline();
    vi.advanceTimersByTime(24_000);
    wire().says({ type: 'ping', now });
    expect(wire().sent.at(-1)).toEqual({ type: 'pong' });
    vi.advanceTimersByTime(24_000);
    expect(connections.at(-1)).toBe('online');

    vi.advanceTimersByTime(1_000);

    expect(connections.at(-1)).toBe('lost');
  });

  it('waits longer from try to try, and less after the agent asks for it', () => {
    for (let cut = 0; cut < 6; cut++) {
      wire().breaks();
      vi.advanceTimersByTime(12_000);
    }
    const tried = wires.length;
    wire().breaks();
    vi.advanceTimersByTime(2_000);
    expect(wires.length).toBe(tried);

    socket.retryNow();

    expect(wires.length).toBe(tried + 1);
  });

  it('answers a command with the reply that has its id', async () => {
    goOnline();
    const first = socket.command('accept', { offer: 'a' });
    const second = socket.command('decline', { offer: 'b' });
    wire().says({ type: 'reply', id: wire().sent.at(-1)!['id'], ok: false, error: { code: 'offer_gone', message: 'gone' } });
    wire().says({ type: 'reply', id: wire().sent.at(-2)!['id'], ok: true });

    expect((await first).ok).toBe(true);
    expect(await second).toMatchObject({ ok: false, error: { code: 'offer_gone' } });
  });

  it('never sends a command twice: its outcome is unknown after a cut', async () => {
    goOnline();
    const reply = socket.command('hang_up', { interaction: 'one' });
    wire().breaks();
    vi.advanceTimersByTime(1000);
    wire().opens();

    expect(await reply).toMatchObject({ ok: false, error: { code: 'no_reply' } });
    expect(wire().sent.map((message) => message.type)).toEqual(['hello']);
  });

  it('refuses a command while there is no connection', async () => {
    expect(await socket.command('accept', {})).toMatchObject({ ok: false, error: { code: 'offline' } });
  });

  it('asks for a log-in, and tries no more, when the session has ended', () => {
    goOnline();
    wire().breaks(4001);
    vi.advanceTimersByTime(60_000);

    expect(ended).toBe(1);
    expect(wires.length).toBe(1);
  });
});
