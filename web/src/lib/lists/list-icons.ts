/** How the icons of lists are drawn. Loaded only where a list has one, or one is chosen: they are no part of the start. */

import type { ListIcon } from '@holdfast/core/document.ts';
import BookOpen from '@lucide/svelte/icons/book-open';
import Briefcase from '@lucide/svelte/icons/briefcase';
import Car from '@lucide/svelte/icons/car';
import Clapperboard from '@lucide/svelte/icons/clapperboard';
import CodeXml from '@lucide/svelte/icons/code-xml';
import Dumbbell from '@lucide/svelte/icons/dumbbell';
import Gift from '@lucide/svelte/icons/gift';
import GraduationCap from '@lucide/svelte/icons/graduation-cap';
import HeartPulse from '@lucide/svelte/icons/heart-pulse';
import House from '@lucide/svelte/icons/house';
import Lightbulb from '@lucide/svelte/icons/lightbulb';
import Mail from '@lucide/svelte/icons/mail';
import Music from '@lucide/svelte/icons/music';
import Palette from '@lucide/svelte/icons/palette';
import PawPrint from '@lucide/svelte/icons/paw-print';
import Phone from '@lucide/svelte/icons/phone';
import Plane from '@lucide/svelte/icons/plane';
import ShoppingCart from '@lucide/svelte/icons/shopping-cart';
import Sprout from '@lucide/svelte/icons/sprout';
import Star from '@lucide/svelte/icons/star';
import Users from '@lucide/svelte/icons/users';
import Utensils from '@lucide/svelte/icons/utensils';
import Wallet from '@lucide/svelte/icons/wallet';
import Wrench from '@lucide/svelte/icons/wrench';
import { t } from '../words/language.ts';

type IconComponent = typeof House;

export const LIST_ICON_VIEWS: Readonly<Record<ListIcon, { name: string; icon: IconComponent }>> = {
  home: { name: t('Home'), icon: House },
  work: { name: t('Work'), icon: Briefcase },
  shopping: { name: t('Shopping'), icon: ShoppingCart },
  family: { name: t('Family'), icon: Users },
  travel: { name: t('Travel'), icon: Plane },
  money: { name: t('Money'), icon: Wallet },
  health: { name: t('Health'), icon: HeartPulse },
  study: { name: t('Study'), icon: GraduationCap },
  book: { name: t('Books'), icon: BookOpen },
  music: { name: t('Music'), icon: Music },
  food: { name: t('Food'), icon: Utensils },
  garden: { name: t('Garden'), icon: Sprout },
  sport: { name: t('Sport'), icon: Dumbbell },
  pet: { name: t('Pets'), icon: PawPrint },
  car: { name: t('Car'), icon: Car },
  repair: { name: t('Repairs'), icon: Wrench },
  idea: { name: t('Ideas'), icon: Lightbulb },
  star: { name: t('Star'), icon: Star },
  gift: { name: t('Gifts'), icon: Gift },
  phone: { name: t('Calls'), icon: Phone },
  mail: { name: t('Mail'), icon: Mail },
  code: { name: t('Code'), icon: CodeXml },
  art: { name: t('Art'), icon: Palette },
  film: { name: t('Films'), icon: Clapperboard },
};
