/** The places of the app, named once for the sidebar, the bottom bar and the headings. */

import Calendar from '@lucide/svelte/icons/calendar';
import CalendarDays from '@lucide/svelte/icons/calendar-days';
import CircleCheck from '@lucide/svelte/icons/circle-check';
import Inbox from '@lucide/svelte/icons/inbox';
import Layers from '@lucide/svelte/icons/layers';
import Search from '@lucide/svelte/icons/search';
import Settings from '@lucide/svelte/icons/settings';
import Sun from '@lucide/svelte/icons/sun';
import Tags from '@lucide/svelte/icons/tags';
import Trash from '@lucide/svelte/icons/trash-2';

export const PLACES = {
  inbox: { path: '/', name: 'Inbox', icon: Inbox },
  today: { path: '/today', name: 'Today', icon: Sun },
  upcoming: { path: '/upcoming', name: 'Upcoming', icon: CalendarDays },
  calendar: { path: '/calendar', name: 'Calendar', icon: Calendar },
  search: { path: '/search', name: 'Search', icon: Search },
  lists: { path: '/lists', name: 'Lists', icon: Layers },
  tags: { path: '/tags', name: 'Tags', icon: Tags },
  completed: { path: '/completed', name: 'Completed', icon: CircleCheck },
  trash: { path: '/trash', name: 'Trash', icon: Trash },
  settings: { path: '/settings', name: 'Settings', icon: Settings },
} as const;
