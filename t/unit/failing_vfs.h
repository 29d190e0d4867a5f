// A disk that fails on demand, put under SQLite as its default VFS: writes and syncs of every
// file opened from then on go through it. It remembers how far the write-ahead log was synced,
// which is what a power cut would leave of it.
#pragma once

#include <sqlite3.h>

#include <atomic>

namespace unit {

struct FailingDisk {
    std::atomic<int> write_result = SQLITE_OK;  // anything else is returned in place of writing
    std::atomic<int> sync_result = SQLITE_OK;
    std::atomic<sqlite3_int64> log_synced = 0;  // bytes

    static inline FailingDisk* current = nullptr;
};

namespace failing_vfs {

inline sqlite3_vfs* below = nullptr;
// The disk's own; what differs between kinds of files is how they are locked and closed.
inline sqlite3_io_methods real;

inline int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
    const int result = FailingDisk::current->write_result;
    return result == SQLITE_OK ? real.xWrite(file, data, size, offset) : result;
}

inline int sync(sqlite3_file* file, int flags) {
    const int result = FailingDisk::current->sync_result;
    return result == SQLITE_OK ? real.xSync(file, flags) : result;
}

inline int sync_log(sqlite3_file* file, int flags) {
    const int result = sync(file, flags);
    sqlite3_int64 size = 0;
    if (result == SQLITE_OK && real.xFileSize(file, &size) == SQLITE_OK)
        FailingDisk::current->log_synced = size;
    return result;
}

inline int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    static sqlite3_io_methods of_database;
    static sqlite3_io_methods of_log;
    static sqlite3_io_methods of_others;
    const int result = below->xOpen(below, name, file, flags, out_flags);
    if (result != SQLITE_OK) return result;
    const bool log = (flags & SQLITE_OPEN_WAL) != 0;
    sqlite3_io_methods& methods = log                                  ? of_log
                                  : (flags & SQLITE_OPEN_MAIN_DB) != 0 ? of_database
                                                                       : of_others;
    real = methods = *file->pMethods;
    methods.xWrite = write;
    methods.xSync = log ? sync_log : sync;
    file->pMethods = &methods;
    return SQLITE_OK;
}

}  // namespace failing_vfs

// Once per process, before the first database is opened.
inline void install(FailingDisk& disk) {
    static sqlite3_vfs vfs;
    FailingDisk::current = &disk;
    failing_vfs::below = sqlite3_vfs_find(nullptr);
    vfs = *failing_vfs::below;
    vfs.zName = "failing";
    vfs.xOpen = failing_vfs::open;
    sqlite3_vfs_register(&vfs, 1);
}

}  // namespace unit
