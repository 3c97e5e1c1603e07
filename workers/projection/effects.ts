/**
 * What follows from every projected change, in order.
 *
 * Why a list of its own: the projection may run in a thread, into which functions cannot be handed, so both sides read it
 * here.
 */
import { planReminders } from '../reminders/plan.ts';
import type { ProjectionEffect } from './effect.ts';

export const EFFECTS: readonly ProjectionEffect[] = [planReminders];
