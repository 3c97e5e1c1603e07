/** What can wait until the page has been drawn: runs when the browser has nothing better to do. */

const AT_LATEST_MS = 2_000;
const WITHOUT_IDLE_MS = 300;

/** Returns how to call it off. */
export function whenIdle(run: () => void): () => void {
  if (typeof requestIdleCallback === 'undefined') {
    const timer = setTimeout(run, WITHOUT_IDLE_MS);
    return () => {
      clearTimeout(timer);
    };
  }
  const idle = requestIdleCallback(run, { timeout: AT_LATEST_MS });
  return () => {
    cancelIdleCallback(idle);
  };
}
