/**
 * Relays committed edits to the members of a room.
 *
 * Promise: every member but the sender gets each edit once, in the order of the log.
 * Why one buffer: what a batch costs is one copy and one write per member, whatever the number of edits;
 * whoever wrote some of them gets the pieces around their own, cut from the same buffer.
 */
import type { PendingEdit, RoomMember } from './hub.ts';

/** Above this copying costs more than writing piece by piece. */
const JOIN_BYTES = 64 * 1024;

export function relay(edits: readonly PendingEdit[], members: ReadonlySet<RoomMember>): void {
  if (members.size === 0) return;
  let bytes = 0;
  for (const edit of edits) bytes += edit.frame.length;
  if (edits.length === 1 || bytes > JOIN_BYTES) {
    for (const edit of edits) {
      for (const member of members) if (member !== edit.session) member.send(edit.frame);
    }
    return;
  }
  const joined = Buffer.concat(
    edits.map((edit) => edit.frame),
    bytes,
  );
  const authors = new Set<RoomMember>();
  for (const edit of edits) authors.add(edit.session);
  for (const member of members) {
    if (authors.has(member)) sendAround(edits, joined, member);
    else member.send(joined);
  }
}

function sendAround(edits: readonly PendingEdit[], joined: Buffer, author: RoomMember): void {
  let from = 0;
  let at = 0;
  for (const edit of edits) {
    if (edit.session === author) {
      if (at > from) author.send(joined.subarray(from, at));
      from = at + edit.frame.length;
    }
    at += edit.frame.length;
  }
  if (at > from) author.send(joined.subarray(from, at));
}
