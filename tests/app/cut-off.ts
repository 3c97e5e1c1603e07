/** What stands out of the window sideways, or is cut off without a sign. Runs in the page, so it stands alone. */
export function cutOff(): string[] {
  const faults: string[] = [];
  const width = document.documentElement.clientWidth;
  const scrolls = document.scrollingElement?.scrollWidth ?? 0;
  if (scrolls > width) faults.push(`the page is ${String(scrolls)} wide`);
  for (const element of document.querySelectorAll<HTMLElement>(
    'button, a, input, textarea, select, h1, h2, p',
  )) {
    const box = element.getBoundingClientRect();
    if (box.width < 2 || box.height < 2 || element.closest('.unseen, [hidden]')) continue;
    const name = (element.getAttribute('aria-label') ?? element.textContent).trim().slice(0, 40);
    let scroller = element.parentElement;
    while (scroller && !/auto|scroll/.test(getComputedStyle(scroller).overflowX))
      scroller = scroller.parentElement;
    // What is beside the window in something that is scrolled sideways, like a board, can be reached.
    if (scroller && scroller.scrollWidth > scroller.clientWidth) continue;
    if (box.left < -1 || box.right > width + 1) faults.push(`${element.tagName} “${name}” stands out`);
    const { overflowX } = getComputedStyle(element);
    if (overflowX === 'visible' && element.scrollWidth > element.clientWidth + 2 && element.clientWidth > 0)
      faults.push(`${element.tagName} “${name}” is cut off`);
  }
  return faults;
}
