/** How long reminders wait, count and are tried. One place, because planning, firing and sending must agree. */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * Late by more than this, a reminder is told in the app and not pushed: "leave now" is of use a quarter of an hour later
 * and no more after that, while a restart or an upgrade takes less.
 */
export const GRACE_MS = 15 * MINUTE_MS;

/**
 * How long the firing of a space waits for its projection: longer than that rests on a busy server, and not for ever, since
 * a space that cannot be projected must not fall silent.
 */
export const PROJECTION_WAIT_MS = 5 * SECOND_MS;

/** Between looks at what became due without a hint: another process may have planned it. */
export const LOOK_MS = 500;

/** From the claim to what becomes of it. A process that dies holds its claims for that long. */
export const FIRE_LEASE_MS = 10 * SECOND_MS;
/** Longer than one attempt may take. */
export const DELIVERY_LEASE_MS = 30 * SECOND_MS;
export const ATTEMPT_MS = 10 * SECOND_MS;

/** What a push service keeps for a device that is away: a working morning, after that the app tells it anyway. */
export const PUSH_TTL_MS = 4 * HOUR_MS;
/** The same for a push that closes another: it is of use only while someone may be looking at that. */
export const CLOSE_TTL_MS = 10 * MINUTE_MS;
/** A notification older than this is not closed by a push: it would cost the device's budget for silent ones. */
export const CLOSE_WINDOW_MS = 12 * HOUR_MS;

export const MAX_ATTEMPTS = 8;
/** Before attempt n + 1 about this times 2^n. */
export const PUSH_RETRY_MS = 5 * SECOND_MS;
export const MAIL_RETRY_MS = 30 * SECOND_MS;
export const MAX_RETRY_MS = HOUR_MS;
