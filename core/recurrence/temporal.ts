/**
 * The one place Temporal comes from: the host's own where it has one (Node 26, Chromium, Firefox), else
 * temporal-polyfill (Safari, Node 24). Everything that needs zones or calendar dates imports it from here.
 *
 * Price: the polyfill's code (about 20 kB compressed) is in every bundle, also where it is not used. Loading it only
 * when it is missing would need a top-level await, which service workers do not allow, and the worker completes
 * recurring tasks.
 */
import { Temporal as chosen } from 'temporal-polyfill';

export const Temporal = chosen;
