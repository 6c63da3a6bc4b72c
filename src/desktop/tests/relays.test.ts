import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { followRelays } from '../src/relays';

const RELAY = { urls: ['turn:relay.example'], username: 'until:ana', credential: 'x' };
const HOUR_MS = 3600 * 1000;

describe('the relays of a desk', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('are asked for anew before their password expires', async () => {
    const fetched = vi.fn(async () => new Response(JSON.stringify({ relays: [RELAY] })));
    vi.stubGlobal('fetch', fetched);
    const given = vi.fn();
    const end = followRelays(given);
    await vi.advanceTimersByTimeAsync(13 * HOUR_MS);
    expect(fetched).toHaveBeenCalledTimes(3);
    expect(given).toHaveBeenLastCalledWith([RELAY]);
    end();
    await vi.advanceTimersByTimeAsync(24 * HOUR_MS);
    expect(fetched).toHaveBeenCalledTimes(3);
  });

  it('are kept while the service is away, and asked for again soon', async () => {
    let away = true;
    vi.stubGlobal('fetch', async () => {
      if (away) throw new TypeError('not reached');
      return new Response(JSON.stringify({ relays: [RELAY] }));
    });
    const given = vi.fn();
    const end = followRelays(given);
    await vi.advanceTimersByTimeAsync(31_000);
    expect(given).not.toHaveBeenCalled();
    away = false;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(given).toHaveBeenCalledExactlyOnceWith([RELAY]);
    end();
  });
});
