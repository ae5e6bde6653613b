// Package room keeps what was said in one room, by one or several voices, for
// any number of readers.
//
// A room is an append-only list of committed events, numbered (epoch, seq), and
// one tentative tail for each voice and language, which is replaced whole. A
// reader is a position in the list. What it is promised:
//
//   - Every event behind its position comes, in order and once. Of tails only the
//     newest comes, after all events.
//   - Where that cannot be kept, because the list in memory is bounded or events
//     were lost or forgotten, it gets a *ResetError, never a silent gap.
//   - A slow reader costs the room nothing: no queue, no goroutine.
//
// A room with a folder writes every event to a log and syncs it before readers
// see the event. Events wait for each other at most 20 ms. A write that fails, and
// one that takes longer than a second, does not stop the room: events are shown
// before they are saved, Update.Durable and Durable say so, and they are written
// to another file as soon as one can be written, as far as they are still in
// memory.
//
// # Numbers
//
// Seq rises by one from event to event, over restarts too. An epoch is one
// opening of the room, or what follows a Forget; its number is random and below
// 2⁵³. A position of an earlier epoch is good as long as all that was shown of
// that epoch, up to the position, was recovered; a reader that had been shown
// more than the log kept is reset.
//
// # The log
//
// The files of a room are numbered from 00000001.log. Integers of fixed size are
// little-endian.
//
//	header   8 bytes "SOTTOLOG", version uint32 (1), seq of the first record uint64,
//	         number of voices so far uint32, CRC-32C of these 24 bytes uint32; the
//	         same in all versions
//	record   length of the payload uint32, CRC-32C of length and payload uint32, payload
//	payload  kind byte, then varints and strings in the order of Event's fields
//
// A file is never written again once a write or sync of it failed: it is cut to
// what had been synced, closed, and a new one begins with the first event in
// doubt. Where two files hold the same seq, the later file counts. Recovery reads
// a file up to its first bad record, puts what follows aside as *.damaged and
// reports it; the files after it still count.
package room
