/** What comes before the first drawing: the app lives in the browser, and the rows that were seen last are waited for. */
import { untilSeen } from '#lib/app-start.ts';

/** There is no data on the server that a page could be rendered from. */
export const ssr = false;

export async function load(): Promise<void> {
  await untilSeen();
}
