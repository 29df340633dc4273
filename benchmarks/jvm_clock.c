/* Moves the clock of a JVM, and with it the times of files; the monotonic clock is left alone.

   Preloaded into every process of a workspace, before libfaketime, it acts in `java` alone. libfaketime moves the
   clocks of the others; a JVM takes seven times as long to start on it.

   The file JVM_CLOCK has a line for each jump: the machine's time of it, and by how many seconds the clock is ahead
   since then. A file's time is moved by as much as the clock was ahead when the file was written: unmoved, a new file
   would look as old as the clock is ahead. The lines are read again once a second. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

#define MOST_JUMPS 4096

static int (*gettime)(clockid_t, struct timespec *);
static int (*real_fstatat)(int, const char *, struct stat64 *, int);
static int (*real_statx)(int, const char *, int, unsigned, struct statx *);

static struct { long at, ahead; } jumps[MOST_JUMPS];
static atomic_int known; /* of them */

static int is_java;

/* A JVM gets the C library's functions: libfaketime's, which leave its clock alone, would hide what is added here. */
__attribute__((constructor)) static void find(void) {
    is_java = getenv("JVM_CLOCK") && !strcmp(program_invocation_short_name, "java");
    void *next = is_java ? dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD) : RTLD_NEXT;
    real_fstatat = dlsym(next, "fstatat64");
    real_statx = dlsym(next, "statx");
    gettime = dlsym(next, "clock_gettime");
}

static void read_jumps(void) {
    FILE *file = fopen(getenv("JVM_CLOCK"), "r");
    int count = 0;
    if (!file) abort();
    while (fscanf(file, "%ld %ld", &jumps[count].at, &jumps[count].ahead) == 2)
        if (++count == MOST_JUMPS) abort();
    fclose(file);
    known = count;
}

/* By how many seconds the clock was ahead at the machine's time `at`. */
static long ahead(long at) {
    static atomic_long read_at = -1;
    struct timespec now;
    gettime(CLOCK_MONOTONIC_COARSE, &now);
    if (atomic_exchange(&read_at, now.tv_sec) != now.tv_sec) read_jumps();
    int last = known - 1;
    while (last >= 0 && jumps[last].at > at) last--;
    return last < 0 ? 0 : jumps[last].ahead;
}

/* How much a file's time is moved: nothing if it was set by this clock, and so is later than the machine's. */
static long moved(long at) {
    struct timespec now;
    gettime(CLOCK_REALTIME, &now);
    return at > now.tv_sec + 1 ? 0 : ahead(at);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (!gettime) find();
    int failed = gettime(clock, time), of_day = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    if (!failed && is_java && of_day) time->tv_sec += ahead(time->tv_sec);
    return failed;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *time = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}

int fstatat64(int folder, const char *path, struct stat64 *found, int flags) {
    if (!gettime) find();
    int failed = real_fstatat(folder, path, found, flags);
    if (!failed && is_java) {
        found->st_mtim.tv_sec += moved(found->st_mtim.tv_sec);
        found->st_ctim.tv_sec += moved(found->st_ctim.tv_sec);
        found->st_atim.tv_sec += moved(found->st_atim.tv_sec);
    }
    return failed;
}

int statx(int folder, const char *restrict path, int flags, unsigned wanted, struct statx *restrict found) {
    if (!gettime) find();
    int failed = real_statx(folder, path, flags, wanted, found);
    if (!failed && is_java) {
        found->stx_mtime.tv_sec += moved(found->stx_mtime.tv_sec);
        found->stx_ctime.tv_sec += moved(found->stx_ctime.tv_sec);
        found->stx_atime.tv_sec += moved(found->stx_atime.tv_sec);
        found->stx_btime.tv_sec += moved(found->stx_btime.tv_sec);
    }
    return failed;
}

/* The names by which programs that were built with an older C library call these. */
int __xstat64(int version, const char *path, struct stat64 *found) { return fstatat64(AT_FDCWD, path, found, 0); }

int __lxstat64(int version, const char *path, struct stat64 *found) {
    return fstatat64(AT_FDCWD, path, found, AT_SYMLINK_NOFOLLOW);
}

int __fxstat64(int version, int file, struct stat64 *found) { return fstatat64(file, "", found, AT_EMPTY_PATH); }
