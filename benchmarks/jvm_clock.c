/* Moves the clock of a JVM by the seconds that the file JVM_CLOCK names holds; the monotonic clock is left alone.

   Preloaded into every process of a workspace, before libfaketime, it acts in `java` alone. libfaketime moves the clocks of
   the others; a JVM takes seven times as long to start on it. The file is read again once a second. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

static int (*gettime)(clockid_t, struct timespec *);

static int is_java(void) { return getenv("JVM_CLOCK") && !strcmp(program_invocation_short_name, "java"); }

/* A JVM gets the C library's function: libfaketime's, which leaves its clock alone, would hide what is added here. */
__attribute__((constructor)) static void find(void) {
    void *next = is_java() ? dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD) : RTLD_NEXT;
    gettime = dlsym(next, "clock_gettime");
}

static long ahead(void) {
    static atomic_long seconds, read_at = -1;
    struct timespec now;
    if (!is_java()) return 0;
    gettime(CLOCK_MONOTONIC_COARSE, &now);
    if (atomic_exchange(&read_at, now.tv_sec) != now.tv_sec) {
        FILE *file = fopen(getenv("JVM_CLOCK"), "r");
        long found;
        if (!file || fscanf(file, "%ld", &found) != 1) abort();
        fclose(file);
        seconds = found;
    }
    return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (!gettime) find();
    int failed = gettime(clock, time);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += ahead();
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
