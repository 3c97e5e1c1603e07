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
import { t } from '../words/language.ts';

export const PLACES = {
  inbox: { path: '/', name: t('Inbox'), icon: Inbox },
  today: { path: '/today', name: t('Today'), icon: Sun },
  upcoming: { path: '/upcoming', name: t('Upcoming'), icon: CalendarDays },
  calendar: { path: '/calendar', name: t('Calendar'), icon: Calendar },
  search: { path: '/search', name: t('Search'), icon: Search },
  lists: { path: '/lists', name: t('Lists'), icon: Layers },
  tags: { path: '/tags', name: t('Tags'), icon: Tags },
  completed: { path: '/completed', name: t('Completed'), icon: CircleCheck },
  trash: { path: '/trash', name: t('Trash'), icon: Trash },
  settings: { path: '/settings', name: t('Settings'), icon: Settings },
} as const;
