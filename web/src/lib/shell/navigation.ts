/** The places of the app, named once for the sidebar, the bottom bar and the headings. */

import CalendarDays from '@lucide/svelte/icons/calendar-days';
import Inbox from '@lucide/svelte/icons/inbox';
import Layers from '@lucide/svelte/icons/layers';
import Search from '@lucide/svelte/icons/search';
import Settings from '@lucide/svelte/icons/settings';
import Sun from '@lucide/svelte/icons/sun';
import Trash from '@lucide/svelte/icons/trash-2';

export const PLACES = {
  inbox: { path: '/', name: 'Inbox', icon: Inbox },
  today: { path: '/today', name: 'Today', icon: Sun },
  upcoming: { path: '/upcoming', name: 'Upcoming', icon: CalendarDays },
  search: { path: '/search', name: 'Search', icon: Search },
  lists: { path: '/lists', name: 'Lists', icon: Layers },
  trash: { path: '/trash', name: 'Trash', icon: Trash },
  settings: { path: '/settings', name: 'Settings', icon: Settings },
} as const;
