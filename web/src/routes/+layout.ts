/** The app lives in the browser: there is no data on the server that a page could be rendered from. */
export const ssr = false;
