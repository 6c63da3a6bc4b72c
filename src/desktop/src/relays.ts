/** The relays (TURN) by which this browser is heard where it can send no UDP. Their password expires, so they are asked for anew. */

/** They are good for a day, and so is a call that has begun by them. */
const ANEW_MS = 6 * 3600 * 1000;
const AGAIN_MS = 30 * 1000;

/** Tell of the relays, now and whenever there are others; returns what ends it. */
export function followRelays(given: (relays: RTCIceServer[]) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  const ask = async (): Promise<void> => {
    const answer = await fetch('/api/relays').catch(() => null);
    const told = answer?.ok ? ((await answer.json().catch(() => null)) as { relays: RTCIceServer[] } | null) : null;
    if (ended) return;
    if (told) given(told.relays);
    timer = setTimeout(() => void ask(), told ? ANEW_MS : AGAIN_MS);
  };
  void ask();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
