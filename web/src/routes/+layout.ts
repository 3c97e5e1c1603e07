import { untilSeen } from '#lib/app-start.ts';

/** The app lives in the browser: there is no data on the server that a page could be rendered from. */
export const ssr = false;

/** The first drawing has the rows that were seen last. */
export async function load(): Promise<void> {
  await untilSeen();
}
