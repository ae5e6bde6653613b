// Package hub gets models from the Hugging Face hub, or from what answers like
// it, into the hub's own cache: models--org--name with blobs, refs and snapshots,
// shared with every other program that uses it.
//
// A revision is resolved to a commit first and everything comes from that
// commit. Each file is asked for where an earlier pull ended: with Range, and
// with If-Range when the answer that began it carried a strong ETag. Whatever
// came, the finished file is read back and must have the sum that the hub's list
// gave; only then does it get its name. A server is trusted with nothing else.
package hub
