/** One tab has the phone: two tabs with the same SIP account would take each other's registration away, for ever. */

const NAME = 'trunkline-phone';

/** Wait for the phone to be ours, or take it; `onChange` says when it is and when another tab took it. Returns how to let go. */
export function holdPhone(take: boolean, onChange: (ours: boolean) => void): () => void {
  const locks = navigator.locks as LockManager | undefined;
  if (!locks) {
    onChange(true);
    return () => undefined;
  }
  let letGo = () => undefined as void;
  const until = new Promise<void>((resolve) => (letGo = resolve));
  const waiting = new AbortController();
  const options = take ? { steal: true } : { signal: waiting.signal };
  let released = false;
  locks
    .request(NAME, options, async () => {
      onChange(true);
      await until;
    })
    // Another tab took it.
    .catch(() => !released && onChange(false));
  return () => {
    released = true;
    waiting.abort();
    letGo();
  };
}
