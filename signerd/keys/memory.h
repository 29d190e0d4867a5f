// The key child's memory: what OpenSSL gives back is wiped, and nothing reaches the disk.
//
// OpenSSL 3.0 leaves copies of a key behind while it decodes the file, and its secure heap has
// the numbers of a key but neither these copies nor the primes that RSA computes with. So this
// is done for the whole of the process.
#pragma once

#include "libpki/base/result.h"

namespace signerd {

// From now on OpenSSL's blocks are wiped when they are freed. Before it has allocated any.
pki::Status wipe_freed_memory();

// Threads started from now on take little of the memory that is locked.
void small_threads();

// What functions that have returned left on the stack: OpenSSL decodes there too.
void wipe_stack();

// Keeps all pages, those of the future included, out of swap. Where RLIMIT_MEMLOCK does not
// allow this the log says so, and that is all.
void lock_memory();

}  // namespace signerd
