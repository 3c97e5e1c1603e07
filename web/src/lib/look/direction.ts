/** Which way the page reads, for what is counted in pixels or by arrow keys; styles say start and end instead. */

/** What an arrow to the right adds: 1, or -1 where reading goes from right to left. */
export function inlineStep(): 1 | -1 {
  return document.documentElement.dir === 'rtl' ? -1 : 1;
}
