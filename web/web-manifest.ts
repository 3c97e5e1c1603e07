/** What the browser shows when the app is installed: its name, colours and icons. */
import type { ManifestOptions } from 'vite-plugin-pwa';

export const webManifest: Partial<ManifestOptions> = {
  id: '/',
  name: 'Holdfast',
  short_name: 'Holdfast',
  description: 'Tasks that hold fast: yours, on every device, with no network.',
  lang: 'en',
  dir: 'ltr',
  start_url: '/',
  scope: '/',
  display: 'standalone',
  background_color: '#fbfaf8',
  theme_color: '#fbfaf8',
  categories: ['productivity', 'utilities'],
  icons: [
    { src: '/icons/icon.svg', sizes: 'any', type: 'image/svg+xml' },
    { src: '/icons/icon-192.png', sizes: '192x192', type: 'image/png' },
    { src: '/icons/icon-512.png', sizes: '512x512', type: 'image/png' },
    { src: '/icons/maskable-192.png', sizes: '192x192', type: 'image/png', purpose: 'maskable' },
    { src: '/icons/maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
  ],
  shortcuts: [
    { name: 'Add a task', short_name: 'Add', url: '/?add' },
    { name: 'Today', url: '/today' },
    { name: 'Search', url: '/search' },
  ],
  // By GET, so that the service worker answers it from the one page that it keeps, also offline.
  share_target: {
    action: '/',
    method: 'GET',
    params: { title: 'title', text: 'text', url: 'url' },
  },
};
